"""An index as its users see it: open, search, get, close."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from types import TracebackType
from typing import TYPE_CHECKING

from newsearch._arguments import check_number, check_path, check_text
from newsearch.articles.article import Article
from newsearch.engine import open_engine
from newsearch.engine.base import Engine, FieldStats, Reader
from newsearch.errors import EngineError, QueryError
from newsearch.query.plan import is_text
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.search.request import Moment, Request, several
from newsearch.search.results import Results
from newsearch.search.spellings import Spellings

if TYPE_CHECKING:
    from newsearch.engine.figures import Stats
    from newsearch.query.synonyms import Synonyms
    from newsearch.search.alike import Alike
    from newsearch.search.completion import Completer, Completion
    from newsearch.search.fronts import Stories

_FRONTS = 15
"""Front pages that are kept beside the newest."""


def open(path: str | os.PathLike[str], *, synonyms: str | os.PathLike[str] | None = None) -> Index:
    """Open the index in a directory for searching.

    Args:
        path: of the directory; `scheme://...` names a place that another engine keeps.
        synonyms: a file of synonyms (see docs/query-syntax.md). It is read now; every search asks for them too.

    Raises:
        ValueError: an argument is no path.
        WordListError: the file of synonyms cannot be used.
        EngineError: there is no engine for this scheme.
        IndexMissing: there is no index.
        IndexIncompatible: it was made by another version of newsearch.
        IndexCorrupt: it is damaged.
    """
    check_path("path", path)
    engine = open_engine(path)
    if synonyms is None:
        return Index(engine)
    check_path("synonyms", synonyms)
    from newsearch.query.synonyms import read_synonyms  # few have such a file

    return Index(engine, read_synonyms(synonyms))


_NO_LISTS = ((),) * 6


class Index:
    """One generation of an index. It does not change while it is open: `refresh` looks for a newer one.

    Several threads may use one Index. After it is closed, results may still be used; its own methods raise EngineError.
    """

    def __init__(
        self, engine: Engine, synonyms: Synonyms | None = None, reader: Reader | None = None
    ) -> None:
        self.path = engine.place
        self._synonyms = synonyms
        self._open: Reader | None = reader or engine.reader()
        self._completer: Completer | None = None
        self._spellings: Spellings | None = None
        self._compared: Alike | None = None

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
        authors: str | Iterable[str] = (),
        categories: str | Iterable[str] = (),
        types: str | Iterable[str] = (),
        languages: str | Iterable[str] = (),
        min_heat: float | None = None,
        min_quality: float | None = None,
        unpublished: bool = False,
        boosts: Boosts | None = None,
        as_of: Moment | None = None,
        tz: tzinfo | str = UTC,
        expand: bool | None = None,
        collapse: str | None = None,
        show: str = "best",
        per_outlet: int | None = None,
    ) -> Results:
        """Find articles, the best first: relevance boosted by heat and quality.

        Articles that hold every word come before those that hold only some, unless the query is a text of more than six
        words. An empty query finds every article. The options are those of a `Request`, which `run` takes.
        Several topics must all hold; of several providers, authors, categories, types or languages, one must. A
        str is one value.

        Args:
            query: see docs/query-syntax.md; any text is a query.
            limit, offset: the page, in hits.
            sort: relevance, newest, oldest, modified, heat or quality.
            after: articles from then on: a day, an instant, or text as in the query language (`7d`, `2020-09`).
            before: articles before then.
            topics: whole topics, case folded.
            providers: outlets, by whole words of the name or by domain.
            authors: by whole words of the name.
            categories, types: whole values, case folded.
            languages: by tag: `fr` is also `fr-CA`.
            min_heat, min_quality: articles of at least this, so that the value is known.
            unpublished: find unpublished articles too.
            boosts: weights of heat, quality and recency.
            as_of: the moment that relative dates and recency count from, by default now; a day means its end. Where
                it is given, articles dated later are not found, as they were not then; undated ones are.
            tz: the zone in which days begin, and moments lie that have none; or its name, such as Europe/Paris.
            expand: search also for words that the best articles share, where relevance sorts. True finds more, some of
                it without any word of the query; that is neither complete nor counted. None, the default, only ranks
                with them what a query in sentences finds. False does neither, and nothing is `related`.
            collapse: copies or stories: one hit stands for all copies of a text, or for all reports of an event, among
                the first hits (200, or more where they do not fill the page); `Hit.copies` has the others. See
                docs/stories.md.
            show: which of them is the hit: best (in the order of the search), first or last (by date), or an outlet, by
                name or domain.
            per_outlet: at most so many hits of one outlet on a page, as long as other outlets have hits.

        Raises:
            QueryError: an option is of a wrong kind, out of its range, or not a date.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        lists = topics, providers, authors, categories, types, languages
        # Most searches ask for nothing but words. Whether an option is the default is then a matter of identity.
        if (
            lists == _NO_LISTS
            and after is None
            and before is None
            and min_heat is None
            and min_quality is None
            and boosts is None
            and as_of is None
            and expand is None
            and collapse is None
            and per_outlet is None
            and show == "best"
            and unpublished is False
            and tz is UTC
            and sort == "relevance"
        ):
            return self.run(Request.plain(query, limit, offset))
        return self.run(
            Request(
                query=query,
                limit=limit,
                offset=offset,
                sort=sort,
                after=after,
                before=before,
                topics=several("topics", topics),
                providers=several("providers", providers),
                authors=several("authors", authors),
                categories=several("categories", categories),
                types=several("types", types),
                languages=several("languages", languages),
                min_heat=min_heat,
                min_quality=min_quality,
                unpublished=unpublished,
                boosts=DEFAULT_BOOSTS if boosts is None else boosts,
                as_of=as_of,
                tz=tz,
                expand=expand,
                collapse=collapse,
                show=show,
                per_outlet=per_outlet,
            )
        )

    def run(self, request: Request) -> Results:
        """Find what a request asks for.

        Raises:
            QueryError: this is no request, or its query cannot be used.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        reader = self._reader
        if not isinstance(request, Request):
            raise QueryError(f"{request!r:.80} is not a newsearch.Request")
        if self._spellings is None or self._spellings.reader is not reader:
            self._spellings = Spellings(reader)
        asked = request.ask(reader, self._synonyms, self._spellings)
        tree, options, expand = asked.tree(), asked.options, request.expand
        if request.sort == "relevance" and (expand or (expand is None and is_text(tree))):
            from newsearch.search.expansion import is_prose, likely_words  # most queries are short

            if expand or is_prose(asked.query.tree):
                options = replace(options, also=likely_words(reader, tree, options), also_finds=bool(expand))
        if request.is_folded and request.limit:
            from newsearch.search.folding import fold  # with all that compares articles

            folding = fold(
                request,
                lambda limit: reader.search(tree, replace(options, offset=0, limit=limit)),
                self._alike,
            )
            return Results(asked, folding.answer, folding)
        return Results(asked, reader.search(tree, options))

    def fingerprint(self, request: Request) -> str:
        """What tells the answer to a request from others: the same text, the same hits in the same order.

        Relative dates count from now, so it may change with time. It holds within one generation of the index.

        Raises:
            QueryError: the query cannot be used.
            EngineError: the index is closed.
        """
        from hashlib import blake2b  # only who keeps answers asks

        asked = request.ask(self._reader, self._synonyms)
        # Recency counts from the newest article, unless that is yet to come.
        hour = asked.now.replace(minute=0, second=0, microsecond=0) if request.boosts.half_life else None
        folding = (request.collapse, request.show, request.per_outlet)
        told = repr((asked.tree(), asked.options, request.expand, hour, folding))
        return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def stories(
        self,
        query: str = "",
        *,
        limit: int = 10,
        after: Moment | None = None,
        before: Moment | None = None,
        as_of: Moment | None = None,
        tz: tzinfo | str = UTC,
    ) -> Stories:
        """What is big in a window of time: the stories that most outlets report. docs/stories.md says what a story is.

        Of a query with words, articles that hold every word are grouped, if there are any. What was found is kept for
        the next call, within one generation of the index.

        Args:
            query: see docs/query-syntax.md; the empty one takes all articles of the window.
            limit: at most so many stories.
            after, before: the window; without either, it is the three days before the newest article found.
            as_of, tz: as in `search`.

        Raises:
            QueryError: an option cannot be used.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        from newsearch.search.fronts import ARTICLES, Stories, stories_of  # with all that compares articles

        check_number("limit", limit, 0, whole=True, error=QueryError)
        request = Request(
            query, limit=ARTICLES, sort="newest", after=after, before=before, as_of=as_of, tz=tz, expand=False
        )
        alike, key = self._alike, self.fingerprint(request)
        whole = alike.fronts.get(key)
        if not isinstance(whole, Stories):
            windowed = after is not None or before is not None
            whole = stories_of(self.run(request), alike, windowed=windowed)
            alike.fronts = {**dict(list(alike.fronts.items())[-_FRONTS:]), key: whole}
        return whole.shortened(limit)

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
        newer = self._reader.newer()
        if newer is None:
            return False
        self._open = newer
        return True

    def close(self) -> None:
        """Let go of the files; they are unmapped when the last result that refers to them is gone."""
        self._open = self._completer = self._spellings = self._compared = None

    @property
    def _alike(self) -> Alike:
        from newsearch.search.alike import Alike  # it loads what compares articles

        known = self._compared
        if known is None or known.reader is not self._reader:
            known = self._compared = Alike(self._reader)
        return known

    @property
    def _reader(self) -> Reader:
        if self._open is None:
            raise EngineError("this index is closed")
        return self._open
