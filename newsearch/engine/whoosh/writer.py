"""How does Whoosh write to an index? Documents become articles, and each commit publishes one generation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

from whoosh.fields import UnknownFieldError
from whoosh.index import LockError
from whoosh.searching import Searcher
from whoosh.writing import CLEAR, MERGE_SMALL, NO_MERGE, OPTIMIZE, IndexingError, IndexWriter

from newsearch.articles.article import Article
from newsearch.articles.extra import UNUSABLE
from newsearch.articles.reading import article_from_mapping
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.writing import LEAST_MEMORY, MEMORY
from newsearch.errors import IndexLocked, SourceError
from newsearch.sources.base import ADDED

if TYPE_CHECKING:
    from newsearch.engine.whoosh.compatible import ArrayIndex

_MADE = ("text", "stem")
"""Fields that are derived from the others."""

_KEYS = {
    "date": "publishedDateTime",
    "url": "webUrl",
    "topic": "topics",
    "author": "authors",
    "language": "lang",
    "topics": "topics",
}
"""The article format's key for each schema field with a different name."""

_FORMAT = frozenset(
    "path publishedDateTime originalUrl webUrl ampWebUrl cdnAmpWebUrl locale lang authors "
    "tags categories images related content".split()
)
"""The article format's keys that are not schema fields."""


class WriterLocked(IndexLocked, LockError):  # type: ignore[misc]
    """Another writer is open. Both newsearch's and Whoosh's error for this."""


class DocumentError(SourceError, IndexingError):  # type: ignore[misc]
    """A document is not a valid article. Both newsearch's and Whoosh's error for this."""


class ArrayWriter(IndexWriter):  # type: ignore[misc]
    """A Whoosh writer. Documents are articles, with schema fields or the article format's keys as names.

    Added articles belong to the source `newsearch.sources.base.ADDED`, which `newsearch reindex` does not change.
    Changes become visible with `commit`.

    Args:
        index: the index to change.
        timeout: how long to wait for another writer, in seconds.
        limitmb: the memory that documents may take before they are written to a segment, in mebibytes; at least 16.

    Raises:
        WriterLocked: another writer is open.
        EngineError: the index cannot be read or written.
    """

    mergetype: Callable[..., Any] | None = None
    optimize = False
    merge = True

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
        self._added = 0

    def _check_state(self) -> None:
        if self.is_closed:
            raise IndexingError("this writer is closed; take another from the index")

    def reader(self, **kwargs: Any) -> Any:
        """A reader of the committed articles, without those that this writer deletes."""
        self._check_state()
        return self._index.reader(deleted=self._deleted, **kwargs)

    def searcher(self, **kwargs: Any) -> Any:
        """A searcher of the committed articles, without those that this writer deletes."""
        return Searcher(self.reader(), fromindex=self._index, **kwargs)

    def doc_count(self) -> int:
        """The number of documents added by this writer."""
        return self._added

    def deleted_count(self) -> int:
        """The number of committed articles that are deleted, by this writer or earlier."""
        with self.reader() as reader:
            deleted: int = reader.doc_count_all() - reader.doc_count()
            return deleted

    def has_deletions(self) -> bool:
        """Whether any committed article is deleted, by this writer or earlier."""
        return self.deleted_count() > 0

    def add_document(self, **document: Any) -> None:
        """Add an article. It replaces an article with the same id that was added through Whoosh before.

        An article without an id, a path or a URL gets a new unique id.

        Raises:
            UnknownFieldError: neither the schema has such a field nor the article format such a key.
            DocumentError: the document is not a valid article. The message names the field.
            IndexingError: the document sets a boost or a derived field, or the writer is closed.
        """
        self._check_state()
        self._add(_article(document, self.schema))

    def _add(self, article: Article) -> None:
        self._writer.add(article, ADDED)
        self._added += 1

    def update_document(self, **document: Any) -> None:
        """Add an article. It replaces all articles with the same id, from any source.

        Values without a schema field, such as images, are kept. A date that equals the stored one keeps what Whoosh
        does not store: fractions of a second, or that it has no time.

        Raises:
            UnknownFieldError, DocumentError, IndexingError: see `add_document`.
        """
        self._check_state()
        article = _article(document, self.schema)
        with self.searcher() as searcher:
            reader = searcher.reader()
            for docnum in searcher.document_numbers(id=article.id):
                article = _completed(
                    article, document, self._article_at(reader, docnum), reader.stored_fields(docnum)
                )
        self._writer.delete_ids([article.id])
        self._add(article)

    def _article_at(self, reader: Any, docnum: int) -> Article:
        for leaf, offset in reader.leaf_readers():
            if offset <= docnum < offset + leaf.doc_count_all():
                found: Article = leaf.segment().segment.article(docnum - offset)
                return found
        raise IndexError(docnum)

    def add_reader(self, reader: Any) -> None:
        """Add all documents of a Whoosh reader, from their stored fields. Fields that this schema lacks are dropped.

        Raises:
            DocumentError, IndexingError: see `add_document`.
        """
        self._check_state()
        for _, stored in reader.iter_docs():
            known = {name: value for name, value in stored.items() if name in self.schema}
            self.add_document(**known)

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        """Delete the committed article with this number, and its hidden copies from other sources.

        Raises:
            IndexingError: there is no such article, `delete` is false, or the writer is closed.
        """
        self._check_state()
        if not delete:
            raise IndexingError("an article that was deleted stays deleted; add it again")
        if not 0 <= docnum < self._index.doc_count_all():
            raise IndexingError(f"there is no article with the number {docnum!r}")
        self._deleted.add(docnum)

    def is_deleted(self, docnum: int) -> bool:
        """Whether a committed article is deleted, by this writer or earlier."""
        with self.reader() as reader:
            return bool(reader.is_deleted(docnum))

    def commit(
        self,
        mergetype: Callable[..., Any] | None = None,
        optimize: bool | None = None,
        merge: bool | None = None,
    ) -> None:
        """Publish all changes at once. newsearch decides how to merge segments, except for these options.

        The options can also be set as attributes of the writer, for use with `with`.

        Args:
            optimize: merge all segments that can be merged, and drop deleted articles.
            mergetype: CLEAR deletes all committed articles. OPTIMIZE is the same as `optimize`. MERGE_SMALL and
                NO_MERGE have no visible effect.
            merge: ignored.

        Raises:
            IndexingError: the mergetype is not one of these, or the writer is closed.
            EngineError: the index cannot be written. It is unchanged.
        """
        self._check_state()
        mergetype = mergetype or self.mergetype
        optimize = self.optimize if optimize is None else optimize
        if mergetype not in (None, CLEAR, OPTIMIZE, MERGE_SMALL, NO_MERGE):
            raise IndexingError(f"newsearch merges segments its own way, and knows no {mergetype!r}")
        self.is_closed = True
        if mergetype is CLEAR:
            self._writer.delete_all()
        self._writer.delete_numbers(self._deleted)
        self._writer.commit(compact=optimize or mergetype is OPTIMIZE)

    def cancel(self) -> None:
        """Discard the changes and release the lock for other writers."""
        self._check_state()
        self.is_closed = True
        self._writer.cancel()

    @property
    def storage(self) -> NoReturn:
        """Raises IndexingError: Whoosh's functions that change an index's files, such as add_sortable, do not apply."""
        raise IndexingError("newsearch's files are its own; the fields and columns of its indexes are fixed")

    def start_group(self) -> NoReturn:
        """Raises IndexingError: newsearch does not group articles."""
        raise IndexingError("newsearch keeps no groups of documents: articles are numbered by their boost")

    def end_group(self) -> NoReturn:
        """Raises IndexingError: see `start_group`."""
        self.start_group()

    def add_field(self, fieldname: str, fieldtype: Any, **_: Any) -> NoReturn:
        """Raises IndexingError: the fields are fixed."""
        fixed(fieldname)

    def remove_field(self, fieldname: str, **_: Any) -> NoReturn:
        """Raises IndexingError: the fields are fixed."""
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
    for key, value in article.extra.get(UNUSABLE, {}).items():
        name = next((n for n in document if key in (n, _KEYS.get(n))), "language" if key == "locale" else key)
        raise DocumentError(id_ or "document", f"{name} cannot be used: {str(value)[:100]!r}")
    return article if id_ else replace(article, id=article.canonical_url or f"whoosh/{uuid4().hex}")


def _completed(
    article: Article, document: Mapping[str, Any], before: Article, stored: Mapping[str, Any]
) -> Article:
    """Complete a document that replaces an article, with the old article's values that the schema has no field for.

    Args:
        stored: the stored fields of the article before.
    """
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
