"""What an engine need not implement: folding, counting and selecting without reading articles.

A caller asks with isinstance, and does without if the answer is no.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from newsearch.articles.article import Article
from newsearch.engine.base import Answer, Fold, FoldedAnswer, Options, Reader, StoriesAnswer
from newsearch.query.tree import Node


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


MAX_SELECTED = 50_000
"""Articles among which a search can be answered."""


@runtime_checkable
class SelectsMatches(Answer, Protocol):
    """An answer that knows its matches without reading articles. Engines need not implement it."""

    def keys(self, known: Sequence[int]) -> array[int]:
        """Return the `hash_key` of the id of each article that contains every word, but for the known ones.

        Args:
            known: keys of any articles, in any order. An `array` of type Q takes least time.

        Returns:
            An array of type Q, in ascending order.
        """

    def among(self, keys: Collection[int], limit: int) -> Answer:
        """Return the same search with the best of these articles on its page, as far as they contain every word.

        Facets and counts stay those of all matches.

        Args:
            keys: of ids, as `keys` returns them; at most MAX_SELECTED.
        """


@runtime_checkable
class DefersCopies(Protocol):
    """A `Reader` that compares all articles when copies are first needed. Engines need not implement it."""

    @property
    def are_copies_pending(self) -> bool:
        """Whether another thread is to compare the articles, and has not finished."""

    def defer_copies(self) -> Callable[[], None]:
        """Return a function that compares the articles. Until it ends, searches that need copies raise NotReady."""


@runtime_checkable
class Prepares(Protocol):
    """A `Reader` that can find beforehand what its first searches would wait for. Engines need not implement it."""

    def prepare(self) -> None:
        """Find now what several searches share."""


@runtime_checkable
class SharesLists(Protocol):
    """A `Reader` that can share with other processes what searches take long to make. Engines need not implement it."""

    def share_lists(self, directory: Path, limit: int) -> None:
        """Share it in a directory, within a limit of bytes; without effect where that is not possible."""


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
