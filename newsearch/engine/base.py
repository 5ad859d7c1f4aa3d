"""The protocols of an engine: what newsearch asks of whatever keeps an index and answers queries.

    Engine      one place where an index is, or will be: opens the two below, and keeps the index in good health
    Reader      one published generation, open for searching
    Writer      changes that become the next generation, all at once
    Held        what the changes start from, with a Ledger for each source

Everything that crosses this door is a plain value: articles, ids as text, counts, query trees. The ledgers that compare
a source with the index, and the readers of a generation, belong to the engine that made them and go back to it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from newsearch._arguments import check_number
from newsearch.articles.article import Article
from newsearch.errors import QueryError
from newsearch.query.tree import Node, Word
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.text.analysis import Stemming

if TYPE_CHECKING:
    from newsearch.engine.figures import Archive, Compaction, Stats, Verification

SORTS = ("relevance", "newest", "oldest", "modified", "heat", "quality")
MAX_PAGE = 100_000
"""offset + limit may not exceed this: further on, a filter or `export` serves better than a page."""
MEMORY = 512 << 20
LEAST_MEMORY = 16 << 20
"""Bytes that a writer may keep of the articles that were added: by default, and at least."""
MAX_NAMES = 1000
"""A Difference names this many articles of each kind of change; it counts all of them."""


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
            raise QueryError(f"limit and offset must not be negative, or exceed {MAX_PAGE:,} hits together")
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


class FieldStats(NamedTuple):
    """What an index holds in one field.

    Attributes:
        name: as in queries.
        terms: exact forms of words, counted in each part of the index, or different values of a field of values.
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


class Difference(NamedTuple):
    """How a source differs from what the index holds of it: articles counted, and the first MAX_NAMES of them by id.

    A moved article was deleted under one id and added under another with the same content; it is counted as neither.
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
    """The names of the files of a source, none twice, and their stamps; how many of its articles were broken, and the
    location and the reason of the first of them."""

    names: Sequence[str]
    stamps: Sequence[int]
    broken: int = 0
    faults: Sequence[tuple[str, str]] = ()

    @property
    def looks(self) -> dict[str, int]:
        """The stamp of each file, by its name."""
        return dict(zip(self.names, self.stamps, strict=True))


class Recipe(NamedTuple):
    """What an index was made from: the locations of its sources, in the order in which they were first named, and the
    terms that keep to themselves in it (see Stemming)."""

    sources: tuple[str, ...]
    protected: frozenset[str]


class Reader(Protocol):
    """One generation of an index, open for reading; it does not change. Safe to use from several threads."""

    def search(self, tree: Node, options: Options) -> Answer:
        """Answer a query tree."""

    def get(self, id: str) -> Article | None:
        """The live article of this id."""

    def articles(self) -> Iterable[Article]:
        """All live articles, in any order."""

    def exported(self) -> Iterable[Article]:
        """All live articles, in an order that depends on their ids alone: by the first 8 bytes of the BLAKE2b hash
        (digest size 8, read as a little-endian number) of the id in UTF-8."""

    def kept(self, source: str) -> Iterable[Article]:
        """All articles that are kept of a source, in any order; those that are hidden too."""

    def ids(self, prefix: str) -> Iterable[str]:
        """The ids of all live articles that start with this prefix, in any order."""

    def begun(self, prefix: str, limit: int, among: Node | None = None) -> list[tuple[str, int]]:
        """The most frequent exact forms with this prefix, each with the number of findable articles that contain it.

        Args:
            among: a query tree: counted are articles that it finds too, if there are any, and if not too many forms
                have the prefix.
        """

    def like(self, term: str, edits: int) -> list[LikeForm]:
        """Exact forms within 1 or 2 edits of another that findable articles contain, in any order."""

    def articles_with(self, form: str) -> int:
        """How many articles that a search finds hold an exact form."""

    def stats(self) -> Stats:
        """What the index holds."""

    def fields(self) -> Sequence[FieldStats]:
        """What it holds in each field; reads all postings."""

    def newer(self) -> Reader | None:
        """A reader of the generation that is published now; None where that is this one.

        Raises:
            IndexMissing, IndexIncompatible, IndexCorrupt: there is no index any more, or none that can be read.
        """

    def check(self) -> None:
        """Compare all that is stored with its checksums, where the engine keeps such.

        Raises:
            IndexCorrupt: they differ.
        """


class Ledger(Protocol):
    """Compares the articles of one source, as they are read, with those that the index holds of it."""

    def differing(self, articles: list[Article]) -> Sequence[Article]:
        """Those of some articles that were read which have to be added: what is new, changed, or read twice."""

    def pass_over(self, ids: Iterable[str]) -> None:
        """Count articles as read, and as they are in the index or in what an interrupted run has finished."""

    def drop(self, ids: Iterable[str]) -> None:
        """Count those of these articles that the index holds as gone from the source."""

    def drop_unseen(self) -> None:
        """Count all articles that the index holds, and that were not read, as gone from the source."""

    def difference(self) -> Difference:
        """What has changed, all read, and what is gone dropped."""


class Held(Protocol):
    """What an index holds already, and what an interrupted run had finished beyond that."""

    @property
    def articles_ahead(self) -> int:
        """How many articles an interrupted run had finished."""

    def ledger(self, source: str) -> Ledger:
        """What is held of a source, to be compared with what it has now."""

    def state(self, source: str) -> SourceState | None:
        """What the files of a source looked like when they were read, if that is known."""

    def state_ahead(self, source: str) -> SourceState:
        """Of which files of a source an interrupted run had finished the articles, and what they looked like."""

    def count(self, source: str) -> int:
        """How many articles of a source are committed."""


class Writer(Protocol):
    """Changes that are published together, or not at all. A context manager, which cancels what was not committed; on
    KeyboardInterrupt it leaves what is finished to the next run of the same sources."""

    @property
    def held(self) -> Held:
        """What the changes start from."""

    @property
    def finished(self) -> int:
        """How many articles the next writer need not index again if this one is stopped now."""

    def __enter__(self) -> Writer: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def add(self, article: Article, source: str) -> None:
        """Add an article of a source; it replaces the one of the same id in that source."""

    def add_all(
        self, articles: Sequence[Article], source: str, before: Callable[[], SourceState] | None = None
    ) -> None:
        """Add articles of one source, as `add` does one.

        Args:
            before: gives the files of the source whose articles were all added before these, for a run that can be
                resumed. It is called at any time until the commit, maybe in another thread.
        """

    def delete_dropped(self, source: str, ledger: Ledger) -> None:
        """Delete the articles of a source that a ledger of it, given out by `held`, was told are gone."""

    def delete_source(self, source: str) -> None:
        """Delete what was committed from a source before, but for articles that are added again."""

    def forget_source(self, source: str) -> None:
        """Delete what was committed from a source, and remember the source no more."""

    def remember(self, source: str, state: SourceState | None) -> None:
        """Keep a source, and what its files looked like; without that it is read whole the next time."""

    def commit(self, *, check: Callable[[Reader], None] | None = None) -> Changes:
        """Publish the changes: to stay, and all at once. The writer is closed afterwards.

        Where nothing is changed, no generation is published.

        Args:
            check: is given a reader of the new generation before it is published; what it raises prevents that.
        """

    def cancel(self) -> None:
        """Forget the changes; the index stays as it is."""


class Engine(Protocol):
    """What keeps an index in one place. To make one costs nothing: nothing is opened before a method is called."""

    @property
    def place(self) -> Path | str:
        """Where the index is, as `open_engine` was given it: a directory as a Path, anything else as text."""

    def reader(self) -> Reader:
        """Open the generation that is published.

        Raises:
            IndexMissing, IndexIncompatible, IndexCorrupt: there is no such index, or none that can be read.
        """

    def writer(
        self,
        *,
        fresh: bool = False,
        wait: float = 0.0,
        memory: int = MEMORY,
        sources: Sequence[str] = (),
        protected: frozenset[str] | None = None,
        resume: bool = True,
        rehearsal: bool = False,
    ) -> Writer:
        """Begin changes.

        Args:
            fresh: start from an empty index instead of the published one, which stays until the commit.
            wait: seconds to wait for another writer.
            memory: bytes that the articles which were added may take.
            sources: locations of all the sources that are going to be read, for a run that can be interrupted.
            protected: terms that keep to themselves (see Stemming); by default those of the published index.
            resume: go on from an interrupted run of these sources.
            rehearsal: publish nothing, and leave nothing behind: for checks of what would be published.

        Raises:
            WordListError: the index has articles and protects other terms, and `fresh` was not asked for.
            IndexLocked: another writer is open.
            StorageError: the place cannot be written.
            IndexCorrupt, IndexIncompatible: the index cannot be read, and `fresh` was not asked for.
        """

    def held(self, *, fresh: bool = False, protected: frozenset[str] | None = None) -> Held:
        """What changes would start from, without beginning any; nothing where there is no index.

        Raises:
            WordListError, IndexCorrupt, IndexIncompatible: as `writer`.
        """

    def recipe(self) -> Recipe:
        """What the index was made from, even if another version made it.

        Raises:
            IndexMissing, IndexCorrupt: there is no index, or it does not tell.
        """

    def verify(self) -> Verification:
        """Read the index whole and find out what is wrong with it; see `newsearch.verify`. Seconds are left out."""

    def compact(self, wait: float = 0.0) -> Compaction:
        """Bring the index into as few parts as can be; see `newsearch.compact`. Seconds are left out."""

    def backup(self, file: Path) -> Archive:
        """Copy the published generation to one file; see `newsearch.backup`."""

    def restore(self, file: Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
        """Make the index of a backup; see `newsearch.restore`."""
