"""Makes the articles of a segment from what it stores of them: a record, and a place in each column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any, TypeAlias

from numpy.typing import NDArray

from newsearch._compiled import compiled
from newsearch.articles.article import Article, Draft, Provider
from newsearch.engine.arrays.loops.kernel import COMPARED
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.records import NO_REST, Record, decode_rest

Array: TypeAlias = NDArray[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MAX_SHOWN = 256
"""The number of decoded strings of a table that are kept for each segment."""

FACTS = (
    *("flag", "date", "modified", "heat", "quality", "category", "type", "language", "provider"),
    *("topic_at", "topic", "author_at", "author"),
)
"""The columns that every article is read from. `_stored.c` and `_json_articles.c` have the same order."""

TABLES = ("category", "type", "language", "provider", "topic", "author")
"""The tables that their numbers lead into, in that order."""


class StoredArticles:
    """The articles of one segment.

    Args:
        column: returns a column or one of the arrays of a table, by name. Raises IndexCorrupt if it is damaged.
    """

    def __init__(self, column: Callable[[str], Array]) -> None:
        facts = [column(name) for name in FACTS]
        texts = [(column(f"{table}_name_at"), column(f"{table}_name_bytes")) for table in TABLES]
        self._facts = tuple([memoryview(array) for array in facts])
        self._text = {
            table: (memoryview(at), memoryview(text)) for table, (at, text) in zip(TABLES, texts, strict=True)
        }
        self._shown: dict[str, dict[int, str]] = {table: {} for table in TABLES}
        self._make: Callable[[int, Record], Article | None] | None = None
        if _twin and all(array.dtype in COMPARED for array in (*facts, *chain.from_iterable(texts))):
            make_provider, views = columns.provider_from_name, tuple(self._text.values())
            maker = _twin.Maker(Article, datetime, date, UTC, make_provider, self._facts, views)
            self._make = maker.make

    def article(self, doc: int, record: Record) -> Article:
        """The article with this number.

        Raises:
            ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, SourceError: what is
                stored of the article is damaged.
        """
        return (self._make and self._make(doc, record)) or self.uncompiled(doc, record)

    def uncompiled(self, doc: int, record: Record) -> Article:
        """As `article`, in Python: the reference, and what makes articles with rare fields or damage."""
        flags, dates, changes, heats, qualities, categories, types, tongues, outlets, *several = self._facts
        topic_at, topics, author_at, authors = several
        flag, named = flags[doc], self._named
        # A draft takes a third of the time of a frozen dataclass, and a page makes ten articles.
        made: Any = Draft()
        made.id, made.title, made.excerpt, web, original, amp, cached, made.body, rest, _ = record
        few = decode_rest(rest) if rest else NO_REST
        made.topics = tuple([named("topic", n) for n in topics[topic_at[doc] : topic_at[doc + 1]]])
        made.date = _moment("date", flag, dates[doc], few["microsecond"]) if flag & columns.DATED else None
        made.modified = (
            _moment("modified", flag, changes[doc], few["modified_microsecond"])
            if flag & columns.MODIFIED
            else None
        )
        made.authors = tuple([named("author", n) for n in authors[author_at[doc] : author_at[doc + 1]]])
        made.original_url = original or None
        made.web_url = web or None
        made.amp_web_url = amp or None
        made.cdn_amp_web_url = cached or None
        made.category = named("category", categories[doc])
        made.type = named("type", types[doc])
        made.language = named("language", tongues[doc]) if flag & columns.TAGGED else None
        made.heat = _plain(heats[doc]) if flag & columns.HAS_HEAT else None
        made.quality = _plain(qualities[doc]) if flag & columns.HAS_QUALITY else None
        made.published = flag & columns.PUBLISHED != 0
        made.provider = self._provider(outlets[doc])
        made.images = few["images"]
        made.related = few["related"]
        made.history = few["history"]
        # A new dict, because articles without extra keys must not share one.
        made.extra = few["extra"] or {}
        made.__class__ = Article
        article: Article = made
        return article

    def _named(self, table: str, number: int) -> str:
        """One string of a table. Tables can be long, and most of their strings are never shown."""
        known = self._shown[table]
        found: str | None = known.get(number)
        if found is None:
            at, blob = self._text[table]
            start, end = at[number], at[number + 1]
            if not 0 <= start <= end <= len(blob):
                raise ValueError(f"the strings of {table}")
            found = bytes(blob[start:end]).decode()
            if len(known) >= MAX_SHOWN:
                known.clear()
            known[number] = found
        return found

    def _provider(self, number: int) -> Provider | None:
        return columns.provider_from_name(self._named("provider", number))


def _moment(name: str, flag: int, seconds: int, microsecond: int) -> datetime | date:
    when = _EPOCH + timedelta(0, seconds, microsecond)
    return when.date() if flag & columns.DAY_ALONE[name] else when


def _plain(number: float) -> float:
    """Return a whole number as an int, even if a fraction elsewhere made the column one of floats."""
    return int(number) if type(number) is float and number.is_integer() else number


_twin = compiled(
    f"{__package__}._stored",
    {
        "MAX_SHOWN": MAX_SHOWN,
        "PUBLISHED": columns.PUBLISHED,
        "DATED": columns.DATED,
        "DATE_ONLY": columns.DATE_ONLY,
        "HAS_HEAT": columns.HAS_HEAT,
        "HAS_QUALITY": columns.HAS_QUALITY,
        "MODIFIED": columns.MODIFIED,
        "MODIFIED_ONLY": columns.MODIFIED_ONLY,
        "TAGGED": columns.TAGGED,
    },
)
