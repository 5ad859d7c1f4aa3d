"""The public class Index, and `open`, which opens one."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from newsearch._arguments import check_number, check_path, check_text, shown
from newsearch.articles.article import Article, Version
from newsearch.engine import open_engine
from newsearch.engine.base import CACHE, LEAST_CACHE, Engine, FieldStats, Options, Reader
from newsearch.engine.optional import (
    MAX_SELECTED,
    DefersCopies,
    FoldingReader,
    FoldsStories,
    Prepares,
    SelectsMatches,
    SharesLists,
)
from newsearch.errors import EngineError, QueryError
from newsearch.query.plan import is_text
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.search.asked import Asked, Moment
from newsearch.search.request import MAX_FOLDED, Request, several
from newsearch.search.results import Results
from newsearch.search.spellings import Spellings

if TYPE_CHECKING:
    from newsearch.engine.figures import Stats
    from newsearch.query.synonyms import Synonyms
    from newsearch.query.tree import Node
    from newsearch.search.alike import Alike
    from newsearch.search.completion import Completer, Completion
    from newsearch.search.coverage import Coverage
    from newsearch.search.distinctive import DistinctiveWords
    from newsearch.search.firsts import Publication
    from newsearch.search.fronts import Front, Stories
    from newsearch.search.timelines import Timeline

_EXPANSIONS = 256
"""Searches whose shared words are kept, for their other pages."""

_FRONTS = 15
"""Front pages that are kept beside the newest."""


def open(
    path: str | os.PathLike[str], *, synonyms: str | os.PathLike[str] | None = None, memory: int = CACHE
) -> Index:
    """Open the index in a directory for searching.

    Args:
        path: the path of the directory; `scheme://...` names a location handled by another engine.
        synonyms: a file of synonyms (see docs/query-syntax.md). It is read now and applied to every search.
        memory: the most bytes that searching may take, by default 256 MiB and at least 16 MiB. The index keeps what
            later searches can use again, and drops what is used least for its size. 64 MiB, or two thirds of a smaller
            limit, are left for Python and for searches that run. The pages of the files do not count: the system keeps
            them as long as nothing else needs the memory.

    Raises:
        ValueError: an argument is not a path, or `memory` is not such a number.
        WordListError: the file of synonyms cannot be used.
        EngineError: there is no engine for this scheme.
        IndexMissing: there is no index at the path.
        IndexIncompatible: the index was made by another version of newsearch.
        IndexCorrupt: the index is damaged.
    """
    check_path("path", path)
    check_number("memory", memory, LEAST_CACHE, whole=True)
    engine = open_engine(path)
    if synonyms is None:
        return Index(engine, memory=int(memory))
    check_path("synonyms", synonyms)
    from newsearch.query.synonyms import read_synonyms  # rarely needed

    return Index(engine, read_synonyms(synonyms), memory=int(memory))


_NO_LISTS = ((),) * 6


def _check_request(request: object) -> None:
    if not isinstance(request, Request):
        raise QueryError(f"{request!r:.80} is not a newsearch.Request")


def _keys(name: str, keys: Iterable[int]) -> array[int]:
    if isinstance(keys, array) and keys.typecode == "Q":
        return keys
    try:
        return array("Q", keys)
    except (TypeError, ValueError, OverflowError):
        raise QueryError(
            f"{name}: {shown(keys)} is not a collection of keys, as Index.keys returns them"
        ) from None


class Index:
    """One generation of an index. It does not change while it is open; `refresh` switches to a newer one.

    An Index may be shared between threads. After `close`, results stay usable, but methods of the Index raise
    EngineError.
    """

    def __init__(
        self,
        engine: Engine,
        synonyms: Synonyms | None = None,
        reader: Reader | None = None,
        *,
        memory: int = CACHE,
    ) -> None:
        self.path = engine.place
        self._synonyms = synonyms
        self._open: Reader | None = reader or engine.reader(memory=memory)
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
        count: str = "articles",
    ) -> Results:
        """Find articles, the best first. The score is relevance boosted by heat and quality.

        Articles that contain every word come before those that contain only some, unless the query is a text of more
        than six words. The options are the attributes of a `Request`, which `run` accepts. Several topics must all
        match. Of several providers, authors, categories, types or languages, one must match. A str is one value.

        Args:
            query: see docs/query-syntax.md; any text is a query, and the empty one finds every article.
            limit, offset: size and start of the page, in hits.
            sort: relevance, newest, oldest, modified (the latest change first), heat or quality.
            after: earliest date: a day, an instant, or text as in the query language (`7d`, `2020-09`).
            before: articles before this date, which is excluded.
            topics: whole topics, case folded.
            providers: outlets, by whole words of the name or by domain.
            authors: by whole words of the name.
            categories, types: whole values, case folded.
            languages: tags; `fr` also matches `fr-CA`.
            min_heat, min_quality: lowest values; articles with an unknown value are excluded.
            unpublished: find unpublished articles too.
            boosts: weights of heat, quality and recency.
            as_of: the reference moment for relative dates and recency, by default the moment when the search runs. A
                day means its end. If given, articles dated later are not found, because they did not exist then;
                undated ones are.
            tz: the time zone for days and for moments without a zone; or its name, such as Europe/Paris.
            expand: also use words that the best articles share. Applies only when sorting by relevance. True finds more
                articles, some without any word of the query; these are neither complete nor counted. None uses the
                words only to rank the results of a query in sentences. False does neither, and leaves `Results.related`
                empty.
            collapse: copies or stories: one hit represents all matching copies of a text, or all reports of an event
                among the matches (the best 10,000, if there are more). `Hit.copies` has the others. See
                docs/stories.md.
            show: which article of a group is the hit: best (in the order of the search), first or last (by date), or
                that of an outlet, given by name or domain; best if the outlet has none in the group. No effect without
                `collapse`.
            per_outlet: the maximum number of hits of one outlet on a page, as long as other outlets have hits. The rest
                move to the next pages.
            count: what facets count: articles or texts; all copies of a text count as one text.

        Raises:
            QueryError: an option has a wrong type, is out of range, or is not a date.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        lists = topics, providers, authors, categories, types, languages
        # Most searches have no options but an order. Identity is then enough to tell that each is the default.
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
            and count == "articles"
            and show == "best"
            and unpublished is False
            and tz is UTC
        ):
            return self.run(Request.plain(query, limit, offset, sort))
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
                count=count,
            )
        )

    def run(self, request: Request) -> Results:
        """Run a request.

        Raises:
            QueryError: the argument is not a Request, or its query cannot be used.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        reader = self._reader
        _check_request(request)
        asked = self._asked(request)
        tree = asked.tree()
        options = self._expanded(asked, tree)
        if request.is_folded:
            # with all that compares articles
            from newsearch.search.folding import fold, fold_in_engine, fold_stories

            if request.collapse == "stories" and isinstance(reader, FoldsStories):
                folding = fold_stories(request, reader, tree, options)
            elif request.collapse != "stories" and isinstance(reader, FoldingReader):
                folding = fold_in_engine(request, reader, tree, options)
            elif request.limit:
                folding = fold(
                    request,
                    lambda limit: reader.search(tree, replace(options, offset=0, limit=limit)),
                    self._alike,
                )
            else:
                return Results(asked, reader.search(tree, options))
            return Results(asked, folding.answer, folding)
        return Results(asked, reader.search(tree, options))

    def keys(self, request: Request, known: Sequence[int] = ()) -> array[int]:
        """The keys of all articles that match a request and contain every word of its query.

        The key of an article is its id's BLAKE2b hash of 8 bytes, the lowest byte first. It is the same in every index
        and every version.

        Args:
            known: keys to leave out, in any order; an `array` of type Q takes least time.

        Returns:
            An array of type Q, in ascending order.

        Raises:
            QueryError: an argument is not a Request or not keys, or the query cannot be used.
            EngineError: the index is closed, or its engine cannot tell.
            IndexCorrupt: the index is damaged.
        """
        known = _keys("known", known)
        _check_request(request)
        asked = self._asked(request)
        return self._matches(asked, asked.tree(), asked.options).keys(known)

    def run_among(self, request: Request, keys: Collection[int]) -> Results:
        """Run a request among the articles with these keys, as far as they contain every word of its query.

        Scores, facets and counts are those of the whole index. Copies and stories are grouped among the best 2,000
        of these articles.

        Args:
            keys: as `keys` returns them, at most 50,000. The page begins with the best of them, whatever `offset` is.

        Raises:
            QueryError, EngineError, IndexCorrupt: as for `keys`.
        """
        keys = _keys("keys", keys)
        if len(keys) > MAX_SELECTED:
            raise QueryError(f"keys: {len(keys):,} articles; a search takes {MAX_SELECTED:,} at most")
        _check_request(request)
        asked = self._asked(request)
        tree = asked.tree()
        if not keys:
            return Results(asked, self._matches(asked, tree, asked.options))
        answer = self._matches(asked, tree, self._expanded(asked, tree))
        if not request.is_folded or not request.limit:
            return Results(asked, answer.among(keys, request.limit))
        from newsearch.search.folding import fold  # with all that compares articles

        folding = fold(
            replace(request, offset=0), lambda limit: answer.among(keys, limit), self._alike, least=len(keys)
        )
        return Results(asked, folding.answer, folding)

    def _matches(self, asked: Asked, tree: Node, options: Options) -> SelectsMatches:
        """The articles that match a request, none of which is on the page."""
        answer = asked.reader.search(tree, replace(options, offset=0, limit=0))
        if not isinstance(answer, SelectsMatches):
            raise EngineError("the engine of this index cannot list the keys of matches")
        return answer

    def _expanded(self, asked: Asked, tree: Node) -> Options:
        """The options of a request, with the words that the best articles share if it uses them."""
        options, expand = asked.options, asked.request.expand
        if asked.request.sort != "relevance" or not (expand or (expand is None and is_text(tree))):
            return options
        from newsearch.search.expansion import is_prose, likely_words  # most queries are short

        if not expand and not is_prose(asked.query.tree):
            return options
        known, key = asked.spellings.expansions, (tree, replace(options, limit=0, offset=0))
        words = known.get(key)
        if words is None:
            if len(known) >= _EXPANSIONS:
                known.clear()
            words = known[key] = likely_words(asked.reader, tree, options)
        return replace(options, also=words, also_finds=bool(expand))

    def fingerprint(self, request: Request) -> str:
        """A cache key for the answer to a request: equal keys mean the same hits in the same order.

        Relative dates count from now, and the key of a request may therefore change with time. A key is valid within
        one generation of the index.

        Raises:
            QueryError: the argument is not a Request, or its query cannot be used.
            EngineError: the index is closed.
        """
        from hashlib import blake2b  # needed only by callers that cache answers

        _check_request(request)
        if self._reader and request.is_plain:
            # No part of it depends on the time. Within one index, the words determine the tree.
            known = vars(request)
            told = repr((known["query"], known["limit"], known["offset"]))
            return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        asked = self._asked(request)
        # Recency counts from the newest article, unless its date is in the future.
        hour = asked.now.replace(minute=0, second=0, microsecond=0) if request.boosts.half_life else None
        folding = (request.collapse, request.show, request.per_outlet, request.count)
        told = repr((asked.tree(), asked.options, request.expand, hour, folding))
        return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def stories(
        self,
        query: str = "",
        *,
        id: str | None = None,
        limit: int = 10,
        after: Moment | None = None,
        before: Moment | None = None,
        as_of: Moment | None = None,
        tz: tzinfo | str = UTC,
    ) -> Stories:
        """The top stories of a time window: those reported by the most outlets. docs/stories.md defines a story.

        For a query with words, only articles that contain every word are grouped, if there are any. The result is
        cached for the next call, within one generation of the index.

        Args:
            query: see docs/query-syntax.md; the empty query takes all articles of the window.
            id: only the story that this article reports, if it is in the window. Without a query and a window, and if
                the article is not of the last three days, the window is three days before and after it.
            limit: the maximum number of stories.
            after, before: the window; without both, the three days before the newest article found.
            as_of, tz: as in `search`.

        Raises:
            QueryError: an option cannot be used.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        from newsearch.search.fronts import ARTICLES, surroundings  # with all that compares articles

        check_number("limit", limit, 0, whole=True, error=QueryError)
        request = Request(
            query, limit=ARTICLES, sort="newest", after=after, before=before, as_of=as_of, tz=tz, expand=False
        )
        front = self._front(request)
        if id is None:
            return front.stories(limit)
        article, found = self.get(id), front.story_of(id)
        if not found and article and article.date and not (query or after or before):
            found = self._front(surroundings(article, self.run, request)).story_of(id)
        return found

    def _front(self, request: Request) -> Front:
        from newsearch.search.fronts import Front  # with all that compares articles

        alike, key = self._alike, self.fingerprint(request)
        # Threads that ask at the same time wait for one of them.
        with alike.grouping:
            front = alike.fronts.get(key)
            if not isinstance(front, Front):
                asked = self._asked(request)
                windowed = request.after is not None or request.before is not None
                front = Front(asked.reader.search(asked.tree(), asked.options), alike, windowed=windowed)
                alike.fronts = {**dict(list(alike.fronts.items())[-_FRONTS:]), key: front}
        return front

    def timeline(
        self,
        *queries: str,
        by: str = "month",
        after: Moment | None = None,
        before: Moment | None = None,
        as_of: Moment | None = None,
        tz: tzinfo | str = UTC,
    ) -> Timeline:
        """Coverage over time: the number of articles in each period, for one query or several side by side.

        Counts the articles that contain every word of a query, or, if there are none, those that contain some.
        Periods without a match have 0. Undated articles belong to no period.

        Args:
            queries: see docs/query-syntax.md; without any, every article is counted.
            by: day, week, month or year, in the time zone.
            after, before, as_of, tz: as in `search`.

        Raises:
            QueryError: an option cannot be used, or there are more than 10,000 periods.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        from newsearch.search.timelines import timeline  # rarely needed

        base = Request(limit=0, after=after, before=before, as_of=as_of, tz=tz, expand=False)

        def search(query: str, unpublished: bool) -> Results:
            return self.run(replace(base, query=query, unpublished=unpublished))

        return timeline(queries or ("",), by, search)

    def coverage(
        self,
        query: str = "",
        *,
        by: str | None = None,
        after: Moment | None = None,
        before: Moment | None = None,
        as_of: Moment | None = None,
        tz: tzinfo | str = UTC,
    ) -> Coverage:
        """How much each outlet published on a query, and how large a share of all it published that is.

        Counts the articles that contain every word of the query, or, if there are none, those that contain some. Every
        outlet with an article in the window has a row, with 0 if it has no match. The window is set by `after`,
        `before`, `as_of`, and by the dates that the query itself requires.

        Args:
            query: see docs/query-syntax.md.
            by: day, week, month or year: also count per period, in the time zone.
            after, before, as_of, tz: as in `search`.

        Raises:
            QueryError: an option cannot be used, or there are more than 10,000 periods.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        from newsearch.search.coverage import coverage  # rarely needed

        request = Request(query, limit=0, after=after, before=before, as_of=as_of, tz=tz, expand=False)
        return coverage(self._asked(request), by)

    def words(
        self,
        query: str = "",
        *,
        limit: int = 20,
        after: Moment | None = None,
        before: Moment | None = None,
        as_of: Moment | None = None,
        tz: tzinfo | str = UTC,
    ) -> DistinctiveWords:
        """The words and names most distinctive for the matches of a query, compared with the whole collection.

        The matches are the articles that contain every word of the query, or, if there are none, those that contain
        some. Words of the query itself are left out. docs/stories.md has the method.

        Args:
            query: see docs/query-syntax.md. With an empty query and a window, the words of that window.
            limit: the maximum number of words.
            after, before, as_of, tz: as in `search`.

        Raises:
            QueryError: an option cannot be used.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        from newsearch.search.distinctive import distinctive_words  # rarely needed

        check_number("limit", limit, 0, 1_000, whole=True, error=QueryError)
        request = Request(query, limit=0, after=after, before=before, as_of=as_of, tz=tz, expand=False)
        return distinctive_words(self._asked(request), int(limit))

    def related(self, id: str, limit: int = 10) -> list[Article]:
        """Articles on the same subject as another: first those that it names itself, then those sharing its key words.

        Copies of the article are left out, and so are unpublished articles. Of articles that are copies of each other,
        only the best is kept.

        Args:
            id: the id of the article, published or not.
            limit: the maximum number of articles.

        Returns:
            The best first; empty if there is no article with this id.

        Raises:
            QueryError: the limit is not a valid number.
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        from newsearch.search.similar import related  # with all that compares articles

        check_number("limit", limit, 0, MAX_FOLDED, whole=True, error=QueryError)
        article = self.get(id)
        return related(article, self._alike, int(limit)) if article else []

    def copies(self, id: str) -> list[Publication]:
        """All publications of the text of an article, including its own, the earliest first.

        An article that is not published is compared with 200 articles dated within five days of it: those that share
        most of its key words. Undated articles come last. For a date without a time, the delay after the first
        publication is unknown.

        Args:
            id: the id of the article, published or not.

        Returns:
            An empty list if there is no article with this id; one publication if there is no copy.

        Raises:
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        from newsearch.search.firsts import publications_of
        from newsearch.search.similar import publications  # with all that compares articles

        article = self.get(id)
        if article is None:
            return []
        reader = self._reader
        if article.published and isinstance(reader, FoldingReader):
            return publications_of(reader.copies(id))
        return publications(article, self._alike)

    @property
    def are_copies_pending(self) -> bool:
        """Whether `defer_copies` was called, and copies are not known yet in this generation."""
        reader = self._reader
        return isinstance(reader, DefersCopies) and reader.are_copies_pending

    def defer_copies(self) -> Callable[[], None]:
        """Have another thread compare the articles of this generation, so that no search takes long.

        The first search that folds copies compares all articles, unless the result is kept from before: seconds for
        100,000 of them. A server calls this, and runs the function that is returned in a thread of its own. Until that
        ends, searches that fold copies, and `copies`, wait for a second, and then raise NotReady.

        Returns:
            A function that compares the articles. It raises what reading the index raises.
        """
        reader = self._reader
        return reader.defer_copies() if isinstance(reader, DefersCopies) else lambda: None

    def prepare(self) -> None:
        """Find now what several searches share and the first of them would wait for, if the engine has such things.

        A directory puts its words together, for completion and misspellings: a second for ten million articles. A
        server calls this in a thread of its own. After `refresh` it must be called again.

        Raises:
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        reader = self._reader
        if isinstance(reader, Prepares):
            reader.prepare()

    def share_lists(self, directory: str | os.PathLike[str], limit: int) -> None:
        """Share with other processes the lists of words that searches make, in memory that all of them map.

        Processes that serve one index then make each list once, and keep it once. It has no effect on an index that has
        no such lists, or where the system cannot share them. After `refresh` it must be called again.

        Args:
            directory: a directory that only these processes write. Older generations are removed from it.
            limit: the most bytes that the lists of a generation may take, at least 1 MiB.

        Raises:
            ValueError: an argument is not a path or not such a number.
            EngineError: the index is closed.
        """
        check_path("directory", directory)
        check_number("limit", limit, 0, whole=True)
        reader = self._reader
        if isinstance(reader, SharesLists):
            reader.share_lists(Path(directory), limit)

    def complete(self, text: str, limit: int = 10) -> list[Completion]:
        """Completions of the last word of a partly typed query.

        Args:
            text: the query so far. After a space there is nothing to complete.
            limit: the maximum number of completions.

        Returns:
            Whole queries, the most likely first. The last word is completed to words of articles that contain the words
            before it, or else to words of many articles; to names of fields; or to values of provider:, topic:,
            category:, type:, lang:, has: and is:.

        Raises:
            QueryError: an argument has a wrong type.
            EngineError: the index is closed.
        """
        check_text("text", text, error=QueryError)
        check_number("limit", limit, 0, whole=True, error=QueryError)
        if self._completer is None or self._completer.reader is not self._reader:
            from newsearch.search.completion import Completer  # rarely needed

            self._completer = Completer(self._reader)
        return self._completer.complete(text, limit)

    def ids(self, prefix: str = "") -> list[str]:
        """The ids with this prefix, in sorted order, of published and unpublished articles."""
        check_text("prefix", prefix)
        return sorted(self._reader.ids(prefix))

    def get(self, id: str) -> Article | None:
        """The article with this id, published or not; None if there is none."""
        check_text("id", id)
        return self._reader.get(id)

    def history(self, id: str) -> list[Version]:
        """The earlier versions of the title and excerpt of an article, the oldest first.

        An index keeps them if it was built with `keep_history`, at most 100 of each article.

        Args:
            id: the id of the article, published or not.

        Returns:
            An empty list if there is no article with this id, or it has not changed since histories are kept.

        Raises:
            EngineError: the index is closed.
            IndexCorrupt: the index is damaged.
        """
        article = self.get(id)
        return list(article.history) if article else []

    def articles(self) -> Iterator[Article]:
        """All articles, published or not, in no particular order."""
        return iter(self._reader.articles())

    def stats(self) -> Stats:
        """Statistics of the index."""
        return self._reader.stats()

    def fields(self) -> Sequence[FieldStats]:
        """Statistics of each field. Slower than `stats`, because it reads all postings."""
        return self._reader.fields()

    def refresh(self) -> bool:
        """Switch to the newest generation. Returns whether it is newer than the current one."""
        newer = self._reader.newer()
        if newer is None:
            return False
        self._open = newer
        return True

    def close(self) -> None:
        """Release the files. They are unmapped when the last result that refers to them is gone."""
        self._open = self._completer = self._spellings = self._compared = None

    def _asked(self, request: Request) -> Asked:
        reader = self._reader
        if self._spellings is None or self._spellings.reader is not reader:
            self._spellings = Spellings(reader)
        return request.ask(reader, self._synonyms, self._spellings)

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
