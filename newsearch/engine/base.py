"""The protocols that every engine implements. An engine stores an index and answers queries.

    Engine      a place where an index is or can be; opens readers and writers, and maintains the index
    Reader      one published generation, open for searching
    Writer      changes that become the next generation atomically
    Held        what the changes start from, with a Ledger for each source

All values that pass through the protocols are plain: articles, ids as text, counts, query trees. Ledgers and readers
belong to the engine that created them, and can only be passed back to that engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypedDict, Unpack, runtime_checkable

from newsearch._arguments import check_number
from newsearch.articles.article import Article
from newsearch.engine.figures import NO_SETTINGS as NO_SETTINGS
from newsearch.engine.figures import SourceSettings as SourceSettings
from newsearch.errors import QueryError
from newsearch.query.tree import Node, Word
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.text.analysis import Stemming

if TYPE_CHECKING:
    from newsearch.engine.figures import Archive, Compaction, Stats, Verification

SORTS = ("relevance", "newest", "oldest", "modified", "heat", "quality")
MAX_REPORTS = 10_000
"""Articles that are grouped into stories at most."""

MAX_PAGE = 100_000
"""The maximum of offset + limit. For more, use a filter or `export`."""
MEMORY = 512 << 20
LEAST_MEMORY = 16 << 20
"""Bytes of added articles that a writer may keep in memory: the default and the minimum."""

CACHE = 256 << 20
LEAST_CACHE = 16 << 20
"""Bytes that a reader may take for searching: the default and the minimum."""
MAX_NAMES = 1000
"""The maximum number of ids in a SourceDifference for each kind of change. The counts are complete."""


class Facet(NamedTuple):
    """A property by which the results of a search can be counted.

    Attributes:
        of_time: whether the values are periods, in the zone of the search. The latest periods are returned, in
            chronological order. Other values are sorted by their counts.
        shown: the default number of values; None for all.
    """

    of_time: bool = False
    shown: int | None = 10


FACETS: Mapping[str, Facet] = {
    "topic": Facet(),
    "provider": Facet(),
    "author": Facet(),
    "category": Facet(),
    "type": Facet(),
    "language": Facet(),
    "year": Facet(of_time=True, shown=None),
    "month": Facet(of_time=True, shown=None),
    "week": Facet(of_time=True, shown=52),
    "day": Facet(of_time=True, shown=31),
}
"""All facets by name. All code that offers, counts or checks facets uses this table."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to answer a query tree.

    Attributes:
        limit, offset: the page: the maximum number of hits, and the number of hits to skip.
        sort: one of SORTS. In every order, articles that contain every word come first, with one exception: relevance
            sorts the results of a query of more than `plan.COMPLETE_WORDS` words by score alone.
        unpublished: whether to find unpublished articles too.
        boosts: weights of the signals.
        as_of: the aware datetime from which recency counts; None for the earlier of now and the newest article.
        also: words to search for beside the tree, when sorting by relevance. They add to scores, do not make an article
            complete, and do not count as matches.
        also_finds: whether articles that contain only such words are found.
        tz: the zone in which days begin. An article dated by a day without a time is on that day in this zone.

    Raises:
        QueryError: a value is out of range.
    """

    limit: int = 10
    offset: int = 0
    sort: str = "relevance"
    unpublished: bool = False
    boosts: Boosts = DEFAULT_BOOSTS
    as_of: datetime | None = None
    also: tuple[Word, ...] = ()
    also_finds: bool = True
    tz: tzinfo = UTC

    def __post_init__(self) -> None:
        if not type(self.limit) is type(self.offset) is int:
            for name, number in (("limit", self.limit), ("offset", self.offset)):
                check_number(name, number, whole=True, error=QueryError)
        if self.limit < 0 or self.offset < 0 or self.limit + self.offset > MAX_PAGE:
            raise QueryError(f"limit and offset must not be negative, or exceed {MAX_PAGE:,} hits together")
        if self.sort not in SORTS:
            raise QueryError(f"unknown sort {self.sort!r}: one of {', '.join(SORTS)}")


class Explanation(NamedTuple):
    """How a score was computed: a value, its description, and the details that it consists of.

    The details of the root and of `boost` multiply to the value exactly. The details of `text` and of a group of words
    add up to it; those of a group of spellings, `best of a group`, have it as their maximum.
    """

    value: float
    description: str
    details: tuple[Explanation, ...] = ()


class Counts(NamedTuple):
    """How many articles a search matches.

    Attributes:
        complete: articles that contain every word of the query.
        partial: articles that contain only some.
    """

    complete: int
    partial: int


class LikeForm(NamedTuple):
    """An exact form similar to a given one: its text, the number of articles that contain it, and the edit distance."""

    form: str
    articles: int
    edits: int


class Summary(Protocol):
    """What identifies an article to people; `url` is empty if it has none."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...


class Answer(Protocol):
    """The result of a search: its page, and facts about all matches that are computed on demand."""

    def __len__(self) -> int:
        """The number of hits on the page."""

    def matched(self, number: int) -> bool:
        """Whether a hit of the page contains any word of the query, and not only words of `Options.also`."""

    def article(self, number: int) -> Article:
        """Return the article of a hit of the page. Raises IndexCorrupt if its record is damaged."""

    def json(self, hits: Sequence[tuple[int, bytes, bytes]]) -> Sequence[bytes | None]:
        """Return hits of the page as JSON, each on one line without spaces.

        Args:
            hits: for each hit its number, the object as far as the id, and the members that follow its id and url.

        Returns:
            For each hit what was given, with its id, its url and what `article_to_mapping` makes of its article. None
            if that is made as fast from the article.
        """

    def stemming(self, number: int) -> Stemming:
        """Return how the words of a hit of the page were stemmed."""

    def hits(self) -> Sequence[tuple[Summary, float, bool]]:
        """Return for every hit of the page its summary, its score, and whether it contains every word of the query."""

    def scores(self) -> Sequence[tuple[float, bool]]:
        """Return what `hits` tells without reading the articles: the score, and whether every word is there."""

    def explain(self, number: int) -> Explanation:
        """Return how the score of a hit of the page was computed."""

    def counts(self) -> Counts:
        """Return how many articles match, on all pages."""

    def complete(self) -> int:
        """Return how many articles contain every word: the same as in `counts`, which may take longer."""

    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        """Return the most frequent values of one of FACETS, or its latest periods, with the number of articles of each.

        The articles that contain every word are counted or, if there are none, those that contain some.

        Args:
            limit: the maximum number of values; None for all.
        """


class Fold(NamedTuple):
    """How the hits of a search become fewer.

    Attributes:
        copies: whether one hit represents all copies of a text that match.
        show: which of them it is: "best" (in the order of the search), "first" or "last" (by date), or the name or
            domain of an outlet. If several qualify, or none, the best of them.
        per_outlet: the maximum number of hits of an outlet on a page, as long as other outlets have hits; None for any.
    """

    copies: bool
    show: str = "best"
    per_outlet: int | None = None


class FoldedAnswer(Answer, Protocol):
    """The result of a folded search. `Options.limit` and `offset` count groups: of copies, or of reports of a story."""

    def copies(self, number: int) -> Sequence[Article]:
        """Return the articles that a hit of the page represents, without itself: by date, the earliest first."""

    def groups(self) -> Counts:
        """Return how many groups match: complete ones have an article with every word of the query."""

    def facet_of_groups(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        """Like `facet`, but return the number of texts in which an article has the value."""


class StoriesAnswer(FoldedAnswer, Protocol):
    """The result of a search with a hit for each story. `groups` counts those among the matches that are grouped."""

    def grouped(self) -> Counts:
        """Return how many matches are grouped: all of them, or the first MAX_REPORTS."""


class OutletCount(NamedTuple):
    """How many of some articles one outlet published, and when.

    Attributes:
        name: the name of the outlet, as the facet `provider` has it.
        articles: how many.
        first, last: the earliest and the latest publication date, to the second; None if none of the articles has a
            date. A date without a time is a `date`, and counts as the start of its day in the zone of the search.
        periods: the number of articles in each period that has any, in the notation of the facets of time.
    """

    name: str
    articles: int
    first: date | datetime | None
    last: date | datetime | None
    periods: Mapping[str, int]


@runtime_checkable
class CountsOutlets(Protocol):
    """An `Answer` that can count outlets without reading articles. Engines need not implement it."""

    def outlets(self, by: str | None) -> list[OutletCount]:
        """Return the outlets of the matches, in any order; articles without an outlet are left out.

        The same articles are counted as by `Answer.facet`.

        Args:
            by: the facet of time that names the periods; None for no periods.
        """


class FormCount(NamedTuple):
    """An exact form, the number of matches that contain it, and the number of all findable articles that do."""

    form: str
    articles: int
    total: int


@runtime_checkable
class CountsForms(Protocol):
    """An `Answer` that can count words without reading articles. Engines need not implement it."""

    def forms(self, limit: int, least: int) -> list[FormCount]:
        """Return the exact forms that are most distinctive for the matches (see ranking.log_likelihoods).

        The same articles count as matches as in `Answer.facet`. The findable articles are the published ones; all, if
        the search finds unpublished ones.

        Args:
            limit: the maximum number of forms.
            least: the minimum number of matches that contain a form.

        Returns:
            The most distinctive first.
        """


@runtime_checkable
class DefersCopies(Protocol):
    """A `Reader` that compares all articles when copies are first needed. Engines need not implement it."""

    @property
    def are_copies_pending(self) -> bool:
        """Whether another thread is to compare the articles, and has not finished."""

    def defer_copies(self) -> Callable[[], None]:
        """Return a function that compares the articles. Until it ends, searches that need copies raise NotReady."""


class Grouping(NamedTuple):
    """Hits of a page, grouped into stories.

    Attributes:
        stories: for each story, the numbers of its hits, the earliest first. The stories of most outlets come first,
            then those of most articles, then the earliest. Undated hits are in none.
        oldest, newest: the earliest and the latest publication time of the grouped hits, in seconds since 1970; a day
            without a time counts as its noon in UTC. 0 if there are none.
    """

    stories: Sequence[Sequence[int]]
    oldest: float
    newest: float


@runtime_checkable
class GroupsStories(Protocol):
    """An `Answer` that can group its hits into stories without reading articles. Engines need not implement it."""

    def number(self, id: str) -> int | None:
        """Return the number of the hit on the page with this id, or None."""

    def stories(self, span: float | None) -> Grouping:
        """Group the hits of the page that contain every word or, if no article does, those that contain some.

        Args:
            span: seconds; if given, only hits less than this older than the newest are grouped.
        """


class FieldStats(NamedTuple):
    """What an index holds in one field.

    Attributes:
        name: the name of the field in queries.
        terms: exact forms of words, summed over the parts of the index, or the distinct values of a field of values.
        words: the number of words in the field, including deleted articles; None for a field of values.
    """

    name: str
    terms: int
    words: int | None


class Changes(NamedTuple):
    """What a commit did: articles added, replaced and deleted, and live articles afterwards."""

    added: int
    replaced: int
    deleted: int
    articles: int


class SourceDifference(NamedTuple):
    """How a source differs from its articles in the index: counts, and the first MAX_NAMES ids of each kind.

    A moved article has the same content under a new id. It counts neither as added nor as deleted.
    """

    added: int
    replaced: int
    deleted: int
    moved: int
    unchanged: int
    repeated: int
    added_ids: tuple[str, ...]
    replaced_ids: tuple[str, ...]
    deleted_ids: tuple[str, ...]
    moved_ids: tuple[tuple[str, str], ...]


class SourceState(NamedTuple):
    """The files of a source when it was last read.

    Attributes:
        names: the names of the files, without duplicates.
        stamps: the stamp of each file.
        broken: how many articles were broken.
        faults: the location and the reason of the first broken articles.
    """

    names: Sequence[str]
    stamps: Sequence[int]
    broken: int = 0
    faults: Sequence[tuple[str, str]] = ()

    @property
    def looks(self) -> dict[str, int]:
        """The stamp of each file, by its name."""
        return dict(zip(self.names, self.stamps, strict=True))


class Recipe(NamedTuple):
    """What an index is built from.

    Attributes:
        sources: the locations of its sources, in the order in which they were first indexed.
        protected: terms that share their stems with no other (see Stemming).
        keep_history: whether earlier versions of articles are kept (see `Article.history`).
        settings: how sources are read, by location; sources without settings are missing.
    """

    sources: tuple[str, ...]
    protected: frozenset[str]
    keep_history: bool = False
    settings: Mapping[str, SourceSettings] = MappingProxyType({})


class Reader(Protocol):
    """One generation of an index, open for reading. It does not change, and several threads can use it."""

    def search(self, tree: Node, options: Options) -> Answer:
        """Answer a query tree."""

    def count(self, node: Node) -> int:
        """Return how many findable articles match a word, a phrase, or one of several of them."""

    def bound(self, word: str) -> int:
        """Return a number that the findable articles with a word, in any form, do not exceed.

        It rules out what cannot be found, and need not be exact if `count` takes longer.
        """

    def get(self, id: str) -> Article | None:
        """Return the live article with this id, or None."""

    def articles(self) -> Iterable[Article]:
        """Iterate over all live articles, in any order."""

    def exported(self) -> Iterable[Article]:
        """Iterate over all live articles, in an order that depends on their ids alone.

        They are sorted by the 8-byte BLAKE2b hash of the id in UTF-8, read as a little-endian number.
        """

    def kept(self, source: str) -> Iterable[Article]:
        """Iterate over all stored articles of a source, in any order, including hidden ones."""

    def ids(self, prefix: str) -> Iterable[str]:
        """Iterate over the ids of all live articles with this prefix, in any order."""

    def begun(self, prefix: str, limit: int, among: Node | None = None) -> list[tuple[str, int]]:
        """Return the most frequent exact forms with this prefix, each with the number of findable articles with it.

        Args:
            limit: the maximum number of forms.
            among: a query tree. If it finds any articles with these forms, and not too many forms have the prefix, only
                those articles are counted.
        """

    def like(self, term: str, edits: int, least: int = 1) -> list[LikeForm]:
        """Return the exact forms within 1 or 2 edits of another that at least `least` findable articles contain.

        They come in any order.
        """

    def articles_with(self, form: str) -> int:
        """Return how many findable articles contain an exact form."""

    def stats(self) -> Stats:
        """Return what the index holds."""

    def fields(self) -> Sequence[FieldStats]:
        """Return what the index holds in each field. Reads all postings."""

    def newer(self) -> Reader | None:
        """Return a reader of the published generation, or None if this reader is of that generation.

        Raises:
            IndexMissing, IndexIncompatible, IndexCorrupt: there is no index any more, or it cannot be read.
        """

    def check(self) -> None:
        """Compare all stored data with its checksums, if the engine keeps any.

        Raises:
            IndexCorrupt: a checksum differs.
        """


@runtime_checkable
class FoldingReader(Reader, Protocol):
    """A reader that knows which articles of its generation are copies of each other.

    All published articles are grouped; an unpublished one is a group of its own. The hits of other readers are folded
    by `search.folding`, which reads the first of them.
    """

    def fold(self, tree: Node, options: Options, fold: Fold) -> FoldedAnswer:
        """Answer a query tree with folded hits."""

    def copies(self, id: str) -> list[Article]:
        """Return all articles in the group of this one, itself included, in any order; none if there is no such one."""


@runtime_checkable
class FoldsStories(Protocol):
    """A reader that forms stories among the matches of a search. Engines need not implement it."""

    def fold_stories(self, tree: Node, options: Options, fold: Fold) -> StoriesAnswer:
        """Answer a query tree with one hit for all reports of an event among the first MAX_REPORTS matches."""


class Ledger(Protocol):
    """Compares the articles of one source, as they are read, with its articles in the index.

    Two articles with the same content differ at most in their ids, histories, and pictures.
    """

    def differing(self, articles: list[Article]) -> Sequence[Article]:
        """Return the articles that must be added: those that are new, changed, or were read before in this run."""

    def former(self, articles: Sequence[Article]) -> Sequence[Article | None]:
        """Return for each article the committed article of the source with the same id, or None.

        Raises:
            IndexCorrupt: one of them is damaged.
        """

    def pass_over(self, ids: Iterable[str]) -> None:
        """Count articles as read and unchanged: as in the index, or as an interrupted run has indexed them."""

    def drop(self, ids: Iterable[str]) -> None:
        """Count these articles, as far as the index has them, as gone from the source."""

    def drop_unseen(self) -> None:
        """Count all articles in the index that were not read as gone from the source."""

    def difference(self) -> SourceDifference:
        """Return what has changed. Call it when all articles are read, and those that are gone are dropped."""


class Held(Protocol):
    """What an index already holds, and what an interrupted run has indexed beyond that."""

    @property
    def articles_ahead(self) -> int:
        """How many articles an interrupted run has indexed."""

    def ledger(self, source: str) -> Ledger:
        """Return a ledger to compare a source with its articles in the index."""

    def state(self, source: str) -> SourceState | None:
        """Return the files of a source when they were last read, or None if unknown."""

    def state_ahead(self, source: str) -> SourceState:
        """Return the files of a source whose articles an interrupted run has indexed, as they were then."""

    def count(self, source: str) -> int:
        """Return how many articles of a source are committed."""


class Writer(Protocol):
    """Changes that are published atomically.

    A writer is a context manager. On exit it cancels uncommitted changes. On KeyboardInterrupt it keeps finished work,
    which the next run of the same sources can resume.
    """

    @property
    def held(self) -> Held:
        """What the changes start from: the published generation, and finished work of an interrupted run."""

    @property
    def finished(self) -> int:
        """How many articles the next writer need not index again if this writer is stopped now."""

    def __enter__(self) -> Writer: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def add(self, article: Article, source: str) -> None:
        """Add an article of a source. It replaces an article with the same id in that source."""

    def add_all(
        self, articles: Sequence[Article], source: str, before: Callable[[], SourceState] | None = None
    ) -> None:
        """Add articles of one source, as `add` does one.

        Args:
            before: returns the files of the source whose articles were all added before these, so that the run can be
                resumed. It may be called at any time until the commit, also in another thread.
        """

    def delete_dropped(self, source: str, ledger: Ledger) -> None:
        """Delete the articles that a ledger from `held` has dropped from its source."""

    def delete_source(self, source: str) -> None:
        """Delete the committed articles of a source, except those that are added again."""

    def forget_source(self, source: str) -> None:
        """Delete the committed articles of a source, and the source from the list of sources."""

    def remember(self, source: str, state: SourceState | None) -> None:
        """Store a source and the state of its files. Without a state, the next run reads all of the source."""

    def configure(self, source: str, settings: SourceSettings) -> None:
        """Store a source and how it is read. By default this stays as it is committed.

        Forgetting a source drops its settings, and a fresh index has none.
        """

    def keep_history(self, keep: bool) -> None:
        """Store whether the index keeps earlier versions of articles. By default this stays as it is committed.

        A fresh index keeps none. The caller adds the versions to the articles; the engine stores them.
        """

    def commit(self, *, check: Callable[[Reader], None] | None = None) -> Changes:
        """Publish the changes durably and atomically. The writer is closed afterwards.

        If nothing has changed, no generation is published.

        Args:
            check: called with a reader of the new generation before it is published; an error prevents that.
        """

    def cancel(self) -> None:
        """Discard the changes. The index is unchanged."""


class WriterOptions(TypedDict, total=False):
    """How a writer begins.

    Attributes:
        fresh: start from an empty index instead of the published one, which stays until the commit.
        wait: seconds to wait for another writer.
        memory: bytes of added articles that the writer may keep in memory.
        sources: all sources of the run and how they are read, as texts, so that it can be resumed if it is
            interrupted: by a run with the same texts.
        protected: terms that share their stems with no other (see Stemming); by default those of the index.
        resume: resume an interrupted run of these sources.
        rehearsal: publish nothing and leave nothing behind. For checks of a generation that would be published.
    """

    fresh: bool
    wait: float
    memory: int
    sources: Sequence[str]
    protected: frozenset[str] | None
    resume: bool
    rehearsal: bool


class Engine(Protocol):
    """A place where an index is or can be. Creating an Engine opens nothing; its methods do."""

    @property
    def place(self) -> Path | str:
        """Where the index is, as passed to `open_engine`: a Path for a directory, otherwise text."""

    def reader(self, *, memory: int = CACHE) -> Reader:
        """Open the published generation.

        Args:
            memory: the most bytes that the reader may keep of what it has read and made; an engine that keeps nothing
                ignores it. The reader of a newer generation gets the same limit.

        Raises:
            IndexMissing, IndexIncompatible, IndexCorrupt: there is no index, or it cannot be read.
        """

    def writer(self, **options: Unpack[WriterOptions]) -> Writer:
        """Begin changes.

        Raises:
            WordListError: the index has articles and protects other terms, and `fresh` is false.
            IndexLocked: another writer is open.
            StorageError: the place cannot be written.
            IndexCorrupt, IndexIncompatible: the index cannot be read, and `fresh` is false.
        """

    def held(self, *, fresh: bool = False, protected: frozenset[str] | None = None) -> Held:
        """Return what changes would start from, without opening a writer. It is empty if there is no index.

        Raises:
            WordListError, IndexCorrupt, IndexIncompatible: as `writer`.
        """

    def recipe(self) -> Recipe:
        """Return what the index is built from, even if another version made it.

        Raises:
            IndexMissing, IndexCorrupt: there is no index, or its sources cannot be read.
        """

    def verify(self) -> Verification:
        """Check the whole index; see `newsearch.verify`. Does not set `seconds`."""

    def compact(self, wait: float = 0.0) -> Compaction:
        """Merge the index into as few parts as possible; see `newsearch.compact`. Does not set `seconds`."""

    def backup(self, file: Path) -> Archive:
        """Copy the published generation to one file; see `newsearch.backup`."""

    def restore(self, file: Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
        """Restore the index from a backup; see `newsearch.restore`."""
