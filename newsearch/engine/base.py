"""The protocols that every engine implements. An engine stores an index and answers queries.

    Engine      a place where an index is or can be; opens readers and writers, and maintains the index
    Reader      one published generation, open for searching

`writing` has the protocols of changes, and `optional` those that an engine may leave out.

All values that pass through the protocols are plain: articles, ids as text, counts, query trees. Ledgers and readers
belong to the engine that created them, and can only be passed back to that engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, Unpack

from newsearch._arguments import check_number
from newsearch.articles.article import Article
from newsearch.engine.figures import NO_SETTINGS as NO_SETTINGS
from newsearch.engine.figures import SourceSettings as SourceSettings
from newsearch.errors import QueryError
from newsearch.query.tree import Node, Word
from newsearch.ranking import DEFAULT_BOOSTS, Boosts, readable
from newsearch.text.analysis import Stemming

if TYPE_CHECKING:
    from newsearch.engine.figures import Archive, Compaction, Stats, Verification
    from newsearch.engine.writing import Held, Writer, WriterOptions

SORTS = ("relevance", "newest", "oldest", "modified", "heat", "quality")
MAX_REPORTS = 10_000
"""The maximum number of articles that are grouped into stories."""

MAX_PAGE = 100_000
"""The maximum of offset + limit. For more, use a filter or `export`."""

CACHE = 256 << 20
LEAST_CACHE = 16 << 20
"""Bytes that a reader may take for searching: the default and the minimum."""


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


def describe_signal(name: str, value: float | None, median: float, weight: float) -> str:
    """Describe the factor of a signal in an Explanation, for every engine.

    Args:
        value: of the article; None if it is unknown.
    """
    known = "unknown" if value is None else f"{readable(value)}, median {readable(median)}"
    return f"{name} {known}, weight {weight:g}"


def describe_recency(boosts: Boosts) -> str:
    """Describe the factor of recency in an Explanation, for every engine."""
    return f"recency, half-life {boosts.half_life:g} days, weight {boosts.recency:g}"


class Counts(NamedTuple):
    """How many articles a search matches.

    Attributes:
        complete: articles that contain every word of the query.
        partial: articles that contain only some.
    """

    complete: int
    partial: int

    @property
    def total(self) -> int:
        """The number of all these articles."""
        return self.complete + self.partial


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

    def json(self, numbers: Sequence[int], rank: int, more: list[bytes]) -> Sequence[bytes | None]:
        """Return hits of the page as JSON, each as one object on one line without spaces.

        Args:
            numbers: those of the hits.
            rank: the rank of the first of them.
            more: for each the members that follow its id and url, with a comma before each. Empty if there are none.

        Returns:
            For each hit its rank, score, complete, id and url, then `more`, and then what `article_to_mapping` makes of
            its article; invisible characters are escaped. None if that is made as fast from the article.
        """

    def stemming(self, number: int) -> Stemming:
        """Return how the words of a hit of the page were stemmed."""

    def hits(self) -> Sequence[tuple[Summary, float, bool]]:
        """Return for every hit of the page its summary, its score, and whether it contains every word of the query."""

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

    def bound(self, words: Sequence[str]) -> int:
        """Return a number that the findable articles with each of some words, in any form, do not exceed.

        It rules out what cannot be found, and need not be exact if `count` takes longer.
        """

    def get(self, id: str) -> Article | None:
        """Return the live article with this id, or None; if several sources have one, that of the last source."""

    def articles(self) -> Iterable[Article]:
        """Iterate over all live articles, in any order."""

    def exported(self) -> Iterable[Article]:
        """Iterate over all live articles, in an order that depends on their ids and sources alone.

        They are sorted by the 8-byte BLAKE2b hash of the id in UTF-8, read as a little-endian number, and then by the
        location of their source.
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
