"""The clauses of one query: which articles match them, and with what score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.kernel import Every, InPlace, Mask, Part, shortest_first
from newsearch.engine.arrays.searching.clauses import Compiler, ScoringClause
from newsearch.engine.base import Options
from newsearch.query.plan import Plan
from newsearch.query.tree import Everything, Node, Word

Array: TypeAlias = NDArray[Any]


class QueryClauses:
    """The clauses of one query.

    A page and its scores can do without the lists of all words: some words are then read in place. Everything else
    needs the lists, and asks for them with `make_lists`.

    Args:
        lists: whether all words are read as lists from the start.

    Attributes:
        required: the clauses that every match must match.
        own: the clauses of the query itself, required and optional ones.
        also: the clauses of added words, see `Options.also`.
        parts, scored: the parts of `own`, and of `own` and `also`, in the order in which their scores are summed.
        is_every: whether all of `own` match every article.
        ranks_by_sum: whether articles rank by score alone, complete or not.
        needs_own: whether articles that match only added words must be excluded.
        has_partial: whether articles that do not match all of `own` can match.
    """

    def __init__(self, compiler: Compiler, asked: Plan, options: Options, *, lists: bool) -> None:
        by_score = options.sort == "relevance"
        self._compiler = compiler
        self._nodes = asked.required, asked.optional, options.also if by_score else ()
        # Few articles contain all the words of a text, and those that do tend to be long rather than relevant.
        self.ranks_by_sum = asked.is_text and by_score
        self.has_lists = lists
        optional = self._compile()
        self.has_lists = InPlace not in [type(clause.part) for clause in self.own + self.also]
        # Articles that match only added words must be excluded, but only if no other clause is required.
        self.needs_own = bool(self.also) and not (options.also_finds or self.required)
        self.has_partial = len(optional) > 1 or bool(
            optional and (self.required or (self.also and options.also_finds))
        )

    def _compile(self) -> list[ScoringClause]:
        """Compile the nodes to clauses. Without lists, words may be read in place. Returns the optional clauses."""
        required, optional, also = self._nodes
        clause = self._compiler.clause if self.has_lists else self._compiler.clause_of_page
        of_many = self._compiler.clause if self.has_lists else self._clause_of_many
        self.required = _compiled(required, clause)
        found = _compiled(optional, of_many if self.ranks_by_sum else clause)
        if not self.required and not found and (everything := clause(Everything())):
            self.required = [everything]
        self.own = self.required + found
        self.also = [added for node in also if (added := of_many(node))]
        # Scores are always summed in this order. Otherwise rounding could give equal articles different scores.
        self.parts = _by_length(self.own)
        self.scored = _by_length(self.own + self.also) if self.also else self.parts
        self.is_every = False not in [type(part) is Every for part in self.parts]
        return found

    def _clause_of_many(self, node: Node) -> ScoringClause | None:
        return self._compiler.clause_of_page(node, of_many=True)

    def make_lists(self) -> None:
        """Read the lists of all words."""
        if not self.has_lists:
            self.has_lists = True
            self._compile()

    @property
    def rarest(self) -> int:
        """The number of articles in the shortest list."""
        return min(len(part.doc) for part in self.parts)

    def are_complete(self, docs: Array) -> Mask:
        """For each of some articles, whether it matches all of `own`."""
        return np.frombuffer(kernel.holds(self.parts, docs.astype(np.uint32, copy=False), True), bool)

    def are_own(self, docs: Array) -> Mask:
        """For each of some articles (uint32), whether it matches any of `own`."""
        return np.frombuffer(kernel.holds(self.parts, docs, False), bool)

    def scores(self, docs: Array) -> ranking.Floats:
        """The text scores of some articles."""
        return np.frombuffer(kernel.scores(self.scored, docs.astype(np.uint32, copy=False)))


def _compiled(nodes: Sequence[Node], compiled: Callable[[Node], ScoringClause | None]) -> list[ScoringClause]:
    """The clauses of some nodes, as far as they have any.

    Words are compiled first. Compounds and phrases count theirs, and what has a list is not counted again.
    """
    found = {id(node): compiled(node) for node in sorted(nodes, key=lambda node: not isinstance(node, Word))}
    return [clause for node in nodes if (clause := found[id(node)])]


def _by_length(clauses: Sequence[ScoringClause]) -> list[Part]:
    return shortest_first([clause.part for clause in clauses])
