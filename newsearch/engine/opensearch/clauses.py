"""What a translation must know, and what a node of a query becomes.

Every scoring node becomes a Clause: a query whose score is that of the node, a filter that matches the same articles,
and a function that computes the score of a hit again, in doubles. The server adds up in floats of 32 bits, which is
enough to find a page. The scores that are shown, and the order of articles whose scores nearly agree, come from the
function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import tzinfo
from math import fsum, inf
from typing import Any, NamedTuple, Protocol, TypeAlias

from newsearch import ranking
from newsearch.engine.opensearch.filters import Shifts
from newsearch.engine.opensearch.hit import Hit

Query: TypeAlias = dict[str, Any]


class Facts(Protocol):
    """What a translation must know about the generation that is searched."""

    @property
    def articles(self) -> int:
        """The number of live articles."""

    @property
    def languages(self) -> Sequence[str]:
        """The languages in which its articles are stemmed."""

    @property
    def protected(self) -> frozenset[str]:
        """Terms that share their stems with no other."""

    @property
    def pivots(self) -> ranking.Pivots:
        """The medians of the signals."""

    @property
    def live(self) -> list[Query]:
        """The filters that its live articles pass."""

    def count(self, query: Query) -> int:
        """The number of live articles that match a query."""

    def spoken(self, query: Query) -> Collection[str]:
        """The languages of the live articles that match a query."""

    def begun(self, prefix: str) -> Sequence[str]:
        """The exact forms of live articles with this prefix, the most frequent first.

        All of them if there are at most MAX_FORMS * MAX_PARTS; otherwise the first MAX_FORMS.
        """

    def pairs(self, half: str) -> Sequence[str]:
        """The exact forms of live articles that contain a character of a script without spaces, as many as `begun`."""

    def like(self, term: str, edits: int) -> Sequence[tuple[int, str]]:
        """The exact forms of live articles within some edits of a term, with their distances, the nearest first."""

    def shifts(self, tz: tzinfo) -> Shifts:
        """How much later than in UTC the days of the articles begin in a zone."""

    def newest(self, tz: tzinfo) -> float:
        """The moment of the newest article that a search finds, or now if that is earlier, in seconds."""


class Clause(NamedTuple):
    """A translated scoring node.

    Attributes:
        name: its text or kind, for explanations.
        scored: a query that scores the articles of the node.
        found: a filter for the same articles.
        value: the score of a hit, 0 if the node does not match it.
        summed: the clauses that it adds up.
        most: the highest score, if it is known.
    """

    name: str
    scored: Query
    found: Query
    value: Callable[[Hit], float]
    summed: tuple[Clause, ...] = ()
    most: float = inf


class Slot(NamedTuple):
    """One place of a phrase.

    Attributes:
        tokens: in every language the tokens that may stand there; under "" if they do not depend on it.
        scored: the query that scores them, given a weight.
        value: the score of a hit, without the weight.
    """

    tokens: dict[str, tuple[str, ...]]
    scored: Callable[[float], Query]
    value: Callable[[Hit], float]


def sum_of(clauses: Sequence[Clause]) -> Callable[[Hit], float]:
    """A function that returns the sum of the scores that a hit has in these clauses."""
    return lambda hit: fsum([clause.value(hit) for clause in clauses])


def sum_if_all(clauses: Sequence[Clause]) -> Callable[[Hit], float]:
    """As `sum_of`, but 0 if one of the clauses does not match the hit."""

    def value(hit: Hit) -> float:
        values = [clause.value(hit) for clause in clauses]
        return fsum(values) if all(values) else 0.0

    return value


def highest_of(clauses: Sequence[Clause]) -> Callable[[Hit], float]:
    """A function that returns the highest of the scores that a hit has in these clauses, at least one."""
    return lambda hit: max([clause.value(hit) for clause in clauses])
