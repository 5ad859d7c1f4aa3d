"""The protocol of an engine: what newsearch asks of whatever keeps its index and answers its queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple, Protocol

from newsearch._arguments import check_number
from newsearch.articles.article import Article
from newsearch.errors import QueryError
from newsearch.query.tree import Node, Word
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.text.analysis import Stemming

SORTS = ("relevance", "newest", "oldest", "modified", "heat", "quality")
MAX_PAGE = 100_000
"""offset + limit may not exceed this: further on, a filter or `export` serves better than a page."""


class Facet(NamedTuple):
    """What the articles that a search finds can be counted by.

    Attributes:
        of_time: whether its values are periods, in the zone of the search. They come in the order of time, the latest
            ones; all others come by how many articles have them.
        shown: values that are shown where nobody says how many; None is all.
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
"""Every facet by its name. Whatever offers, counts or checks facets follows this table."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a tree is to be answered.

    Attributes:
        limit, offset: the page, counted in hits.
        sort: one of SORTS; under every sort, articles that hold every word come before those that do not, but for
            texts of more than `plan.COMPLETE_WORDS` words, which relevance sorts by their score alone.
        unpublished: whether unpublished articles are found too.
        boosts: weights of the signals.
        as_of: the moment from which recency is counted, aware; None is the earlier of now and the newest article.
        also: words that are searched for beside the tree where relevance sorts. They add to scores, make no article
            complete, and are not counted.
        also_finds: whether articles that hold nothing but such words are found, too.
        tz: the zone in which days begin. An article with a day alone lies on exactly that day there.

    Raises:
        QueryError: a value is out of its range.
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
            raise QueryError(
                f"limit and offset must not be negative, nor reach beyond {MAX_PAGE:,} hits together"
            )
        if self.sort not in SORTS:
            raise QueryError(f"unknown sort {self.sort!r}: one of {', '.join(SORTS)}")


class Explanation(NamedTuple):
    """Why a score is what it is: a value, what it stands for, and what it is made of.

    The root's details multiply to its value exactly; so do those of `boost`. Those of `text` add up to it, and so do
    those of a group of words.
    """

    value: float
    description: str
    details: tuple[Explanation, ...] = ()


class Counts(NamedTuple):
    """How many articles a search matches.

    Attributes:
        complete: those that hold every word asked for.
        partial: those that hold only some.
    """

    complete: int
    partial: int


class LikeForm(NamedTuple):
    """An exact form that looks like another: its text, the articles that hold it, the edits between the two."""

    form: str
    articles: int
    edits: int


class Summary(Protocol):
    """What names an article to its readers; `url` is empty where it has none."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...


class Answer(Protocol):
    """A search that has been run: its page, and what can be asked about it afterwards."""

    def __len__(self) -> int:
        """Hits on the page."""

    def matched(self, number: int) -> bool:
        """Whether a hit of the page holds any word asked for, and not only such as were searched for beside them."""

    def article(self, number: int) -> Article:
        """The article of a hit of the page. Raises IndexCorrupt where its record is damaged."""

    def stemming(self, number: int) -> Stemming:
        """How the words of a hit of the page were stemmed."""

    def hits(self) -> Sequence[tuple[Summary, float, bool]]:
        """Of every hit of the page what names it, its score, and whether it holds every word asked for."""

    def explain(self, number: int) -> Explanation:
        """The parts of the score of a hit of the page."""

    def counts(self) -> Counts:
        """How many articles match, on all pages."""

    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        """The commonest values of one of FACETS among the matches, or the latest periods, with their articles; all of
        them without a limit.

        Counted are the articles that hold every word, or, where there are none, those that hold some.
        """


@dataclass(frozen=True, slots=True)
class Stats:
    """What an index holds.

    Attributes:
        articles: live articles; unpublished is how many of them are.
        deleted: articles that were deleted or replaced and still take room.
        hidden: articles that are kept, but not found, because an earlier source has them too.
        segments, terms: parts of the index, and exact forms summed over them.
        size, files: bytes on disk, in so many files.
        generation: the number of the commit that published it.
        oldest, newest: the range of dates, or None where no article has one.
        median_heat, median_quality: the pivots of the boosts; None where no article has the signal.
        sources: locations of the sources that it was built from.
        sources_read: for each of them when files of it were last read, aware; None where that is not known.
        sources_broken: for each of them how many of its articles were broken then.
        created: when it was published.
        format: the version of the form of its files.
    """

    articles: int
    unpublished: int
    deleted: int
    segments: int
    terms: int
    size: int
    generation: int
    oldest: datetime | None
    newest: datetime | None
    median_heat: float | None
    median_quality: float | None
    sources: tuple[str, ...]
    created: datetime
    files: int
    format: int
    hidden: int
    sources_read: tuple[datetime | None, ...]
    sources_broken: tuple[int, ...]


class FieldStats(NamedTuple):
    """What an index holds in one field.

    Attributes:
        name: as in queries.
        terms: exact forms of words summed over the segments, or different values of a field of values.
        words: how many words its articles hold there, deleted ones among them; None for a field of values.
    """

    name: str
    terms: int
    words: int | None


class Changes(NamedTuple):
    """What a commit did: articles added, articles that replaced one of their id, articles deleted, articles now."""

    added: int
    replaced: int
    deleted: int
    articles: int


class Reader(Protocol):
    """One generation of an index, open for reading; it does not change. Safe to use from several threads."""

    def search(self, tree: Node, options: Options) -> Answer:
        """Answer a query tree."""

    def get(self, id: str) -> Article | None:
        """The live article of this id."""

    def articles(self) -> Iterable[Article]:
        """All live articles."""

    def ids(self, prefix: str) -> Iterable[str]:
        """The ids of all live articles that begin so, in no order."""

    def begun(self, prefix: str, limit: int, among: Node | None = None) -> list[tuple[str, int]]:
        """The commonest exact forms that begin so, with how many articles that a search finds hold each.

        Args:
            among: a query tree: counted are articles that it finds too, if there are any, and if not too many forms
                begin so.
        """

    def like(self, term: str, edits: int) -> list[LikeForm]:
        """Exact forms within 1 or 2 edits of another that articles hold which a search finds, in no order."""

    def stats(self) -> Stats:
        """What the index holds."""

    def fields(self) -> Sequence[FieldStats]:
        """What it holds in each field; reads all postings."""


class Writer(Protocol):
    """Changes that are published together, or not at all. Raises IndexLocked while another writer is open."""

    def add(self, article: Article, source: str) -> None:
        """Add an article of a source; it replaces the one of the same id in that source."""

    def delete_source(self, source: str) -> None:
        """Delete what was committed from a source before, but for articles that are added again."""

    def commit(self) -> Changes:
        """Publish the changes. The writer is closed afterwards."""

    def cancel(self) -> None:
        """Forget the changes; the index stays as it is."""
