"""An index as its users see it: open, search, get, close."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from newsearch.article import Article
from newsearch.engine.base import Options, Stats
from newsearch.engine.whoosh.reader import WhooshReader
from newsearch.engine.whoosh.toc import read_toc
from newsearch.errors import QueryError
from newsearch.query import parse, parse_date_range
from newsearch.query.tree import All, DateRange, Match, Node, Or, Range
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.results import Results

Moment: TypeAlias = str | date | datetime


def open(path: str | os.PathLike[str]) -> Index:
    """Open the index in a directory for searching.

    Raises:
        IndexMissing: there is no index.
        IndexIncompatible: it was made by another version of newsearch.
        IndexCorrupt: it is damaged.
    """
    return Index(Path(path))


class Index:
    """One generation of an index. It does not change while it is open: `refresh` looks for a newer one.

    Several threads may use one Index; results may be used after it is closed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = WhooshReader(path)

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def search(
        self,
        query: str = "",
        *,
        limit: int = 10,
        offset: int = 0,
        sort: str = "relevance",
        after: Moment | None = None,
        before: Moment | None = None,
        topics: Iterable[str] = (),
        providers: Iterable[str] = (),
        categories: Iterable[str] = (),
        types: Iterable[str] = (),
        min_heat: float | None = None,
        min_quality: float | None = None,
        unpublished: bool = False,
        boosts: Boosts | None = None,
        as_of: datetime | None = None,
        tz: tzinfo = UTC,
    ) -> Results:
        """Find articles, the best first: relevance boosted by heat and quality.

        Articles that hold every word come before those that hold only some. An empty query finds every article.
        Several topics must all hold; of several providers, categories or types, one must.

        Args:
            query: see docs/query-syntax.md; any text is a query.
            limit, offset: the page, in hits.
            sort: relevance, newest, oldest, heat or quality.
            after: articles from then on: a day, an instant, or text as in the query language (`7d`, `2020-09`).
            before: articles before then.
            topics: whole topics, case folded.
            providers: outlets, by whole words of the name or by domain.
            categories, types: whole values, case folded.
            min_heat, min_quality: articles of at least this, so that the value is known.
            unpublished: find unpublished articles too.
            boosts: weights of heat, quality and recency.
            as_of: the moment that relative dates and recency count from; by default now.
            tz: the zone in which days begin.

        Raises:
            QueryError: an option is out of its range, or not a date.
        """
        now = as_of or datetime.now(UTC)
        parsed = parse(query, now=now, tz=tz)
        filters: list[Node] = [Match("topic", topic) for topic in topics]
        for field, values in (("provider", providers), ("category", categories), ("type", types)):
            if wanted := tuple(Match(field, value) for value in values):
                filters.append(Or(wanted) if len(wanted) > 1 else wanted[0])
        if after is not None or before is not None:
            filters.append(DateRange(_start(after, "after", now, tz), _start(before, "before", now, tz)))
        if min_heat is not None:
            filters.append(Range("heat", low=min_heat))
        if min_quality is not None:
            filters.append(Range("quality", low=min_quality))
        options = Options(limit, offset, sort, unpublished, boosts or DEFAULT_BOOSTS, as_of)
        return Results(parsed, self._reader.search(_with_filters(parsed.tree, filters), options))

    def get(self, id: str) -> Article | None:
        """The article of this id, published or not; None where there is none."""
        return self._reader.get(id)

    def articles(self) -> Iterator[Article]:
        """All articles, published or not, in no order."""
        return iter(self._reader.articles())

    def stats(self) -> Stats:
        """What the index holds."""
        return self._reader.stats()

    def refresh(self) -> bool:
        """Go on with the newest generation. Returns whether it is newer than the one before."""
        if read_toc(self.path).generation == self._reader.toc.generation:
            return False
        self._reader = WhooshReader(self.path)
        return True

    def close(self) -> None:
        """Let go of the files."""
        self._reader.close()


def _with_filters(tree: Node, filters: list[Node]) -> Node:
    if not filters:
        return tree
    children = tree.children if isinstance(tree, All) else (tree,)
    return All((*children, *filters))


def _start(moment: Moment | None, name: str, now: datetime, tz: tzinfo) -> datetime | None:
    """The instant at which a day, an instant or a period given as text begins, in UTC."""
    if moment is None:
        return None
    if isinstance(moment, str):
        start = parse_date_range(moment, now=now, tz=tz).start
        if start is None:
            raise QueryError(
                f"{name}: {moment!r} has no beginning; give a day, as in 2020-09-29, or a time ago, as in 7d"
            )
        return start
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=tz)).astimezone(UTC)
    return datetime(moment.year, moment.month, moment.day, tzinfo=tz).astimezone(UTC)
