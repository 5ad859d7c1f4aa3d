"""An index of newsearch as a Whoosh index, for whatever is written for Whoosh.

    from newsearch.engine.whoosh.compatible import open_index

    with open_index("index").searcher() as searcher:
        results = searcher.search(Phrase("text", ["facial", "recognition"]), limit=10)

Everything in Whoosh that reads an index runs on it, and its writers add, update and delete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whoosh import fields
from whoosh.analysis import Token, Tokenizer
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.writing import IndexWriter

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_mapping
from newsearch.engine.arrays.files.toc import read_toc
from newsearch.engine.arrays.segment.generation import open_segments
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.whoosh.codec import ArraySegment
from newsearch.text import analysis


class ExactTokenizer(Tokenizer):  # type: ignore[misc]
    """newsearch's analysis, for Whoosh: exact forms or English stems, one position each."""

    def __init__(self, stemmed: bool = False) -> None:
        self._stemmed = stemmed

    def __call__(self, value: str, positions: bool = False, start_pos: int = 0, **_: Any) -> Iterator[Token]:
        token = Token(positions)
        for pos, term in enumerate(analysis.terms(value), start_pos):
            token.text = token.original = analysis.Stemming().stem(term) if self._stemmed else term
            token.boost, token.stopped = 1.0, False
            if positions:
                token.pos = pos
            yield token


def _number(numtype: type) -> fields.NUMERIC:
    return fields.NUMERIC(numtype, bits=64, shift_step=0, stored=True, sortable=True)


def _date() -> fields.DATETIME:
    field = fields.DATETIME(stored=True, sortable=True)
    field.shift_step = 0
    return field


def make_schema() -> fields.Schema:
    """The fields of every index of newsearch (see lexicon)."""
    text = {name: fields.TEXT(analyzer=ExactTokenizer(), stored=True) for name in ranking.TEXT_FIELDS}
    keyword = {
        name: fields.ID(stored=True)
        for name in ("topic", "provider", "domain", "category", "type", "language")
    }
    return fields.Schema(
        **text,
        **keyword,
        text=fields.TEXT(analyzer=ExactTokenizer()),
        stem=fields.TEXT(analyzer=ExactTokenizer(stemmed=True), phrase=False),
        id=fields.ID(unique=True, stored=True),
        url=fields.ID(stored=True),
        date=_date(),
        heat=_number(float),
        quality=_number(float),
        published=fields.BOOLEAN(stored=True),
    )


class ArrayIndex(FileIndex):  # type: ignore[misc]
    """An index of newsearch as Whoosh's own kind of index: `reader`, `searcher` and `writer` work as they do there."""

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        read_toc(self._directory)
        self.storage = FileStorage(str(directory))
        self.indexname = "newsearch"
        self._schema = make_schema()

    def latest_generation(self) -> int:
        return read_toc(self._directory).generation

    def last_modified(self) -> float:
        return (self._directory / "toc.json").stat().st_mtime

    def _read_toc(self) -> TOC:
        toc = read_toc(self._directory)
        segments = open_segments(self._directory, toc)
        return TOC(self._schema, [ArraySegment(s.name, s, self._schema) for s in segments], toc.generation)

    def writer(self, procs: int = 1, timeout: float = 0.0, **_: Any) -> ArrayWriter:
        return ArrayWriter(self, timeout)


class ArrayWriter(IndexWriter):  # type: ignore[misc]
    """Whoosh's way to write: documents are articles in the format's own keys, or in the names of the schema.

    Args:
        index: the index to change.
        timeout: seconds to wait for another writer.
    """

    SOURCE = "whoosh"
    """The source under which articles are kept that came by this way."""

    def __init__(self, index: ArrayIndex, timeout: float) -> None:
        self._index = index
        self._writer = ArraysWriter(index._directory, wait=timeout)
        self.schema = index._schema

    def reader(self, **kwargs: Any) -> Any:
        return self._index.reader(**kwargs)

    def searcher(self, **kwargs: Any) -> Any:
        return self._index.searcher(**kwargs)

    def add_document(self, **document: Any) -> None:
        """Add an article. Raises SourceError where the document is none."""
        self._writer.add(_article(document), self.SOURCE)

    def update_document(self, **document: Any) -> None:
        """Add an article; it replaces all of the same id, of whatever source."""
        article = _article(document)
        self._writer.delete_ids([article.id])
        self._writer.add(article, self.SOURCE)

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        if not delete:
            raise NotImplementedError("an article that was deleted stays deleted")
        self._writer.delete_number(docnum)

    def commit(self, **_: Any) -> None:
        self._writer.commit()

    def cancel(self, **_: Any) -> None:
        self._writer.cancel()


def _article(document: Mapping[str, Any]) -> Article:
    known = {"date": "publishedDateTime", "url": "webUrl", "topic": "topics", "language": "lang"}
    mapping = {known.get(name, name): value for name, value in document.items()}
    if isinstance(domain := mapping.pop("domain", None), str):
        mapping["provider"] = {"name": mapping.get("provider", ""), "domain": domain}
    return article_from_mapping(
        mapping, id=str(document.get("id") or document.get("path") or document.get("url") or "")
    )


def open_index(directory: str | Path) -> ArrayIndex:
    """Open an index of newsearch as a Whoosh index.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is none, or none that can be read.
    """
    return ArrayIndex(directory)
