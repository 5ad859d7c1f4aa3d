"""How does Whoosh write to an index? Documents become articles, and every change is one generation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

from whoosh.fields import UnknownFieldError
from whoosh.index import LockError
from whoosh.writing import CLEAR, MERGE_SMALL, NO_MERGE, OPTIMIZE, IndexingError, IndexWriter

from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_mapping
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.base import LEAST_MEMORY, MEMORY
from newsearch.engine.whoosh.codec import stored_fields
from newsearch.errors import IndexLocked, SourceError
from newsearch.sources.base import ADDED

if TYPE_CHECKING:
    from newsearch.engine.whoosh.compatible import ArrayIndex

_MADE = ("text", "stem")
"""Fields that are made of the others."""

_KEYS = {
    "date": "publishedDateTime",
    "url": "webUrl",
    "topic": "topics",
    "author": "authors",
    "language": "lang",
    "topics": "topics",
}
"""The format's own key for a field of the schema, where it has another name."""

_FORMAT = frozenset(
    "path publishedDateTime originalUrl webUrl ampWebUrl cdnAmpWebUrl locale lang authors "
    "tags categories images related content".split()
)
"""The format's keys that are no fields of the schema."""


class WriterLocked(IndexLocked, LockError):  # type: ignore[misc]
    """Another writer is open: newsearch's error, and Whoosh's."""


class DocumentError(SourceError, IndexingError):  # type: ignore[misc]
    """A document that is no article: newsearch's error, and Whoosh's."""


class ArrayWriter(IndexWriter):  # type: ignore[misc]
    """Whoosh's way to write: documents are articles, in the names of the schema or in the format's own keys.

    What is added is kept under the source `newsearch.sources.base.ADDED`, which `newsearch reindex` leaves alone.
    Nothing is seen before `commit`.

    Args:
        index: the index to change.
        timeout: seconds to wait for another writer.
        limitmb: mebibytes that the documents may take before they are written to a segment; at least 16.

    Raises:
        WriterLocked: another writer is open.
        EngineError: the index cannot be read or written.
    """

    def __init__(self, index: ArrayIndex, timeout: float, limitmb: float = MEMORY / (1 << 20)) -> None:
        self._index = index
        self.is_closed = True
        try:
            self._writer = ArraysWriter(
                index._directory, wait=timeout, memory=max(int(limitmb * (1 << 20)), LEAST_MEMORY)
            )
        except IndexLocked as error:
            raise WriterLocked(str(error), error.pid, error.host, error.since) from error
        self.is_closed = False
        self.schema = index.schema
        self._deleted: set[int] = set()

    def _check_state(self) -> None:
        if self.is_closed:
            raise IndexingError("this writer is closed; take another from the index")

    def reader(self, **kwargs: Any) -> Any:
        return self._index.reader(**kwargs)

    def searcher(self, **kwargs: Any) -> Any:
        return self._index.searcher(**kwargs)

    def add_document(self, **document: Any) -> None:
        """Add an article; it replaces the one of the same id that was added through Whoosh before.

        Without an id, a path or a URL it is given an id of its own.

        Raises:
            UnknownFieldError: the schema has no such field, nor the format such a key.
            DocumentError: the document is no article; the message names the field.
            IndexingError: it asks for a boost, or gives a field that is made of others; or the writer is closed.
        """
        self._check_state()
        self._writer.add(_article(document, self.schema), ADDED)

    def update_document(self, **document: Any) -> None:
        """Add an article; it replaces all of the same id, of whatever source.

        What the schema has no field for, such as images, stays as it was. A date that is given as it is stored keeps
        what Whoosh does not store: fractions of a second, or that it is a day alone.

        Raises:
            UnknownFieldError, DocumentError, IndexingError: see `add_document`.
        """
        self._check_state()
        article = _article(document, self.schema)
        with self.searcher() as searcher:
            reader = searcher.reader()
            for docnum in searcher.document_numbers(id=article.id):
                article = _completed(article, document, self._article_at(reader, docnum))
        self._writer.delete_ids([article.id])
        self._writer.add(article, ADDED)

    def _article_at(self, reader: Any, docnum: int) -> Article:
        for leaf, offset in reader.leaf_readers():
            if offset <= docnum < offset + leaf.doc_count_all():
                found: Article = leaf.segment().segment.article(docnum - offset)
                return found
        raise IndexError(docnum)

    def add_reader(self, reader: Any) -> None:
        """Add all documents of a Whoosh reader, by their stored fields; those that this schema lacks are left out.

        Raises:
            DocumentError, IndexingError: see `add_document`.
        """
        self._check_state()
        for _, stored in reader.iter_docs():
            known = {name: value for name, value in stored.items() if name in self.schema}
            self.add_document(**known)

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        """Delete the committed article of this number, with the hidden copies of it that other sources have."""
        self._check_state()
        if not delete:
            raise IndexingError("an article that was deleted stays deleted; add it again")
        self._deleted.add(docnum)

    def is_deleted(self, docnum: int) -> bool:
        """Whether a committed article is deleted, by this writer or before it."""
        with self._index.reader() as reader:
            return docnum in self._deleted or reader.is_deleted(docnum)

    def commit(
        self, mergetype: Callable[..., Any] | None = None, optimize: bool = False, merge: bool = True
    ) -> None:
        """Publish the changes, all at once. How segments are merged is newsearch's affair, but for these.

        Args:
            optimize: merge all that can be merged, and leave out what is deleted.
            mergetype: CLEAR deletes all that was committed; OPTIMIZE is as `optimize`; MERGE_SMALL and NO_MERGE change
                nothing that can be seen.
            merge: makes no difference.

        Raises:
            IndexingError: another mergetype, or the writer is closed.
            EngineError: the index cannot be written; it stays as it was.
        """
        self._check_state()
        if mergetype not in (None, CLEAR, OPTIMIZE, MERGE_SMALL, NO_MERGE):
            raise IndexingError(f"newsearch merges segments its own way, and knows no {mergetype!r}")
        self.is_closed = True
        if mergetype is CLEAR:
            self._writer.delete_all()
        self._writer.delete_numbers(self._deleted)
        self._writer.commit(compact=optimize or mergetype is OPTIMIZE)

    def cancel(self) -> None:
        """Forget the changes, and let other writers in."""
        self._check_state()
        self.is_closed = True
        self._writer.cancel()

    def start_group(self) -> NoReturn:
        """Raises IndexingError: articles stand alone."""
        raise IndexingError("newsearch keeps no groups of documents: articles are numbered by their boost")

    def end_group(self) -> NoReturn:
        """Raises IndexingError: see `start_group`."""
        self.start_group()

    def add_field(self, fieldname: str, fieldtype: Any, **_: Any) -> NoReturn:
        """Raises IndexingError: the fields are newsearch's."""
        fixed(fieldname)

    def remove_field(self, fieldname: str, **_: Any) -> NoReturn:
        """Raises IndexingError: the fields are newsearch's."""
        fixed(fieldname)


def fixed(fieldname: str) -> NoReturn:
    """Refuse to add or remove a field."""
    raise IndexingError(f"{fieldname}: the fields of an index of newsearch are fixed; see docs/whoosh.md")


def _article(document: Mapping[str, Any], schema: Any) -> Article:
    mapping: dict[str, Any] = {}
    for name, value in document.items():
        if name == "_boost" or (name.startswith("_") and name.endswith("_boost")):
            raise IndexingError(f"{name}: an article's boost follows from its heat and quality; give those")
        if name in _MADE:
            raise IndexingError(f"{name}: made of title, topics, excerpt and body; give those")
        if name.startswith("_stored_"):
            raise IndexingError(f"{name}: what is stored of an article is what is indexed")
        if name not in schema and name not in _FORMAT:
            raise UnknownFieldError(f"No field named {name!r} in the schema of newsearch")
        if name == "topics" and document.get("topic"):
            continue
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=dt.UTC)
        mapping[_KEYS.get(name, name)] = value
    domain = mapping.pop("domain", None)
    if domain and not isinstance(mapping.get("provider"), Mapping):
        mapping["provider"] = {"name": mapping.get("provider") or "", "domain": domain}
    id_ = str(document.get("id") or document.get("path") or "")
    try:
        article = article_from_mapping(mapping, id=id_ or "-")
    except SourceError as error:
        raise DocumentError(id_ or "document", error.reason) from error
    return article if id_ else replace(article, id=article.canonical_url or f"whoosh/{uuid4().hex}")


def _completed(article: Article, document: Mapping[str, Any], before: Article) -> Article:
    """A document that replaces an article, with what the schema has no field for."""
    stored = stored_fields(before)
    changes: dict[str, Any] = {}
    for name in ("date", "modified"):
        if document.get(name) and document[name] == stored.get(name):
            changes[name] = getattr(before, name)
    given = set(document)
    if document.get("url") and document["url"] == stored.get("url") and not given & _FORMAT:
        for name in ("web_url", "original_url", "amp_web_url", "cdn_amp_web_url"):
            changes[name] = getattr(before, name)
    if "images" not in given:
        changes["images"] = before.images
    if "related" not in given:
        changes["related"] = before.related
    provider = before.provider
    if provider and (document.get("provider"), document.get("domain")) == (
        stored.get("provider"),
        stored.get("domain"),
    ):
        changes["provider"] = provider
    for name in ("title", "excerpt", "body", "category", "type", "language"):
        if document.get(name) and document[name] == stored.get(name):
            changes[name] = getattr(before, name)
    return replace(article, extra={**before.extra, **article.extra}, **changes)
