"""An index as its users see it: open, search, get, close."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from newsearch._arguments import check_flag, check_number, check_path, check_text
from newsearch.articles.article import Article
from newsearch.engine.arrays.files.toc import read_toc
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.base import FieldStats, Options, Stats
from newsearch.errors import EngineError, QueryError
from newsearch.query import in_utc, parse, parse_date_range, parse_moment, parse_zone
from newsearch.query.plan import is_text
from newsearch.query.tree import DateRange, Match, Node, Not, Or, Range
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.search.help import Asked, Filter
from newsearch.search.results import Results

if TYPE_CHECKING:
    from newsearch.query.synonyms import Synonyms
    from newsearch.search.completion import Completer, Completion

Moment: TypeAlias = str | date | datetime


def open(path: str | os.PathLike[str], *, synonyms: str | os.PathLike[str] | None = None) -> Index:
    """Open the index in a directory for searching.

    Args:
        path: of the directory.
        synonyms: a file of synonyms (see docs/query-syntax.md). It is read now; every search asks for them too.

    Raises:
        ValueError: an argument is no path.
        WordListError: the file of synonyms cannot be used.
        IndexMissing: there is no index.
        IndexIncompatible: it was made by another version of newsearch.
        IndexCorrupt: it is damaged.
    """
    check_path("path", path)
    if synonyms is None:
        return Index(Path(path))
    check_path("synonyms", synonyms)
    from newsearch.query.synonyms import read_synonyms  # few have such a file

    return Index(Path(path), read_synonyms(synonyms))


class Index:
    """One generation of an index. It does not change while it is open: `refresh` looks for a newer one.

    Several threads may use one Index. After it is closed, results may still be used; its own methods raise EngineError.
    """

    def __init__(
        self, path: Path, synonyms: Synonyms | None = None, reader: ArraysReader | None = None
    ) -> None:
        self.path = path
        self._synonyms = synonyms
        self._open: ArraysReader | None = reader or ArraysReader(path)
        self._completer: Completer | None = None

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
        topics: str | Iterable[str] = (),
        providers: str | Iterable[str] = (),
        categories: str | Iterable[str] = (),
        types: str | Iterable[str] = (),
        min_heat: float | None = None,
        min_quality: float | None = None,
        unpublished: bool = False,
        boosts: Boosts | None = None,
        as_of: Moment | None = None,
        tz: tzinfo | str = UTC,
        expand: bool | None = None,
    ) -> Results:
        """Find articles, the best first: relevance boosted by heat and quality.

        Articles that hold every word come before those that hold only some, unless the query is a text of more than six
        words. An empty query finds every article.
        Several topics must all hold; of several providers, categories or types, one must. A str is one value.

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
            as_of: the moment that relative dates and recency count from, by default now; a day means its end. Where
                it is given, articles dated later are not found, as they were not then; undated ones are.
            tz: the zone in which days begin, and moments lie that have none; or its name, such as Europe/Paris.
            expand: search also for words that the best articles share, where relevance sorts. True finds more, some of
                it without any word of the query; that is neither complete nor counted. None, the default, only ranks
                with them what a query in sentences finds. False does neither, and nothing is `related`.

        Raises:
            QueryError: an option is of a wrong kind, out of its range, or not a date.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        reader = self._reader
        check_text("query", query, error=QueryError)
        check_flag("unpublished", unpublished, error=QueryError)
        if expand is not None:
            check_flag("expand", expand, error=QueryError)
        tz = _zone(tz)
        now = datetime.now(UTC)
        moment = None if as_of is None else _end(as_of, now, tz)
        now = moment or now
        parsed = parse(query, now=now, tz=tz)
        if self._synonyms:
            parsed = parsed._replace(tree=self._synonyms.expand(parsed.tree))
        filters = [Filter("topics", topic, Match("topic", topic)) for topic in _values(topics, "topics")]
        for field, name, given in (
            ("provider", "providers", providers),
            ("category", "categories", categories),
            ("type", "types", types),
        ):
            if given != () and (wanted := tuple(Match(field, value) for value in _values(given, name))):
                said = ", ".join(match.value for match in wanted)
                filters.append(Filter(name, said, Or(wanted) if len(wanted) > 1 else wanted[0]))
        if after is not None:
            filters.append(Filter("after", str(after), DateRange(_start(after, "after", now, tz), None)))
        if before is not None:
            filters.append(Filter("before", str(before), DateRange(None, _start(before, "before", now, tz))))
        for field, least in (("heat", min_heat), ("quality", min_quality)):
            if least is not None:
                check_number(f"min_{field}", least, error=QueryError)
                filters.append(Filter(f"min_{field}", f"{least:g}", Range(field, float(least))))
        if moment is not None:
            filters.append(Filter("as_of", str(as_of), _no_later_than(moment)))
        if boosts is not None and not isinstance(boosts, Boosts):
            raise QueryError(f"boosts: {boosts!r} is not a newsearch.Boosts")
        options = Options(limit, offset, sort, unpublished, boosts or DEFAULT_BOOSTS, moment)
        asked = Asked(reader, parsed, tuple(filters), options, now, tz)
        tree = asked.tree()
        if sort == "relevance" and (expand or (expand is None and is_text(tree))):
            from newsearch.search.expansion import is_prose, likely_words  # most queries are short

            if expand or is_prose(parsed.tree):
                options = replace(options, also=likely_words(reader, tree, options), also_finds=bool(expand))
        return Results(asked, reader.search(tree, options), has_related=expand is None)

    def complete(self, text: str, limit: int = 10) -> list[Completion]:
        """What the last word of a query that is being typed could become.

        Args:
            text: the query so far. After a space there is nothing to complete.
            limit: at most so many.

        Returns:
            Whole queries, the likeliest first: words that articles hold which hold the words before, else words that
            many articles hold; names of fields; values of provider:, topic:, category:, type:, lang:, has: and is:.

        Raises:
            QueryError: an argument is of a wrong kind.
            EngineError: the index is closed.
        """
        check_text("text", text, error=QueryError)
        check_number("limit", limit, 0, whole=True, error=QueryError)
        if self._completer is None or self._completer.reader is not self._reader:
            from newsearch.search.completion import Completer  # few complete anything

            self._completer = Completer(self._reader)
        return self._completer.complete(text, limit)

    def ids(self, prefix: str = "") -> list[str]:
        """The ids that begin so, of all articles, published or not, in order."""
        check_text("prefix", prefix)
        return sorted(self._reader.ids(prefix))

    def get(self, id: str) -> Article | None:
        """The article of this id, published or not; None where there is none."""
        check_text("id", id)
        return self._reader.get(id)

    def articles(self) -> Iterator[Article]:
        """All articles, published or not, in no order."""
        return iter(self._reader.articles())

    def stats(self) -> Stats:
        """What the index holds."""
        return self._reader.stats()

    def fields(self) -> Sequence[FieldStats]:
        """What the index holds in each field; takes longer than `stats`, since it reads all postings."""
        return self._reader.fields()

    def refresh(self) -> bool:
        """Go on with the newest generation. Returns whether it is newer than the one before."""
        if read_toc(self.path) == self._reader.toc:
            return False
        self._open = ArraysReader(self.path)
        return True

    def close(self) -> None:
        """Let go of the files; they are unmapped when the last result that refers to them is gone."""
        self._open = self._completer = None

    @property
    def _reader(self) -> ArraysReader:
        if self._open is None:
            raise EngineError("this index is closed")
        return self._open


def _no_later_than(moment: datetime) -> Node:
    """A filter that keeps what the moment's readers could see: articles dated until then, and undated ones."""
    end = min(moment, datetime.max.replace(tzinfo=UTC) - _INSTANT) + _INSTANT
    return Or((DateRange(None, end), Not(DateRange())))


_INSTANT = timedelta(microseconds=1)


def _values(given: str | Iterable[str], name: str) -> Sequence[str]:
    if given == ():
        return ()
    values = [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else None
    if values is None or not all(isinstance(value, str) for value in values):
        raise QueryError(f"{name}: {given!r} is neither a str nor several")
    return values


def _zone(given: tzinfo | str) -> tzinfo:
    if isinstance(given, str):
        return parse_zone(given)
    if not isinstance(given, tzinfo):
        raise QueryError(f"tz: {given!r} is neither a tzinfo nor the name of a zone, such as Europe/Paris")
    return given


def _end(moment: Moment, now: datetime, tz: tzinfo) -> datetime:
    """The last instant of a day or of a period given as text; an instant is itself. In UTC."""
    if isinstance(moment, datetime) or not isinstance(moment, str | date):
        return _instant(moment, "as_of", tz)
    try:
        return parse_moment(str(moment), now=now, tz=tz)
    except QueryError as error:
        raise QueryError(f"as_of: {error}") from error


def _start(moment: Moment | None, name: str, now: datetime, tz: tzinfo) -> datetime | None:
    """The first instant of a day or of a period given as text; an instant is itself. In UTC."""
    if moment is None:
        return None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=tz)
    if not isinstance(moment, str):
        return _instant(moment, name, tz)
    try:
        start = parse_date_range(moment, now=now, tz=tz).start
    except QueryError as error:
        raise QueryError(f"{name}: {error}") from error
    if start is None:
        raise QueryError(
            f"{name}: {moment!r} has no beginning; give a day, as in 2020-09-29, or a time ago, as in 7d"
        )
    return start


def _instant(moment: datetime, name: str, tz: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        raise QueryError(f"{name}: {moment!r} is neither a date, nor a datetime, nor text such as 2020-09-29")
    return in_utc(moment if moment.tzinfo else moment.replace(tzinfo=tz))
