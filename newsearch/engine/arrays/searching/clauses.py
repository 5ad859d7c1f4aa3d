"""Compile the scoring nodes of a query tree to clauses: sorted articles with scores, over the whole index."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, tzinfo
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.loops import matches, sieve
from newsearch.engine.arrays.loops.kernel import Codes, Part, listed
from newsearch.engine.arrays.loops.matches import Scored
from newsearch.engine.arrays.loops.sieve import LISTED, MARKED
from newsearch.engine.arrays.searching.filters import Filters, Groups
from newsearch.engine.arrays.searching.view import View
from newsearch.query.plan import beside, is_stressed
from newsearch.query.tree import (
    All,
    And,
    DateRange,
    Everything,
    Fuzzy,
    Match,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
    replace,
)
from newsearch.text import analysis
from newsearch.text.english import FUNCTION_WORDS

Array: TypeAlias = NDArray[Any]

MAX_FUZZY_FORMS = 64
"""A fuzzy word expands to at most this many exact forms, the nearest first."""

_FILTER_SCORE = 1e-9
"""The score of a filter among scoring nodes, as in `topic:AI OR robots`."""


class ScoringClause(NamedTuple):
    """A compiled scoring node: its matches, its text or kind and, if it is to be explained, the clauses in it."""

    part: Part
    name: str
    summed: tuple[ScoringClause, ...] = ()


class Compiler:
    """Compiles the nodes of one query, `tree`, to clauses and filters.

    Args:
        tz: the time zone of its days.
        explains: whether a clause has those in it, which are not cached with it.
    """

    def __init__(self, view: View, tree: Node, tz: tzinfo = UTC, *, explains: bool = False) -> None:
        self._view = view
        self._tree = tree
        self._tz = tz
        self._explains = explains

    def clause(self, node: Node) -> ScoringClause | None:
        """The clause of a node, or None for text without words, which constrains nothing."""
        if isinstance(node, Word):
            if node.field is None and node.text.isalpha():
                return self._word(node)
            return self._remembered(node)
        match node:
            case Everything():
                return ScoringClause(self._view.everything, "every article")
            case Match() | Range() | DateRange() | Not():
                return self._passing(node)
            case All(children) | And(children):
                return self._combine(children, matches.intersection, "all of a group")
            case Or() | Phrase() | Near() | Prefix() | Fuzzy():
                return self._remembered(node)

    def clause_of_page(self, node: Node, *, of_many: bool = False) -> ScoringClause | None:
        """As `clause`, but a word may be an `InPlace`.

        Args:
            of_many: whether the node is one of so many that few articles need all of them.
        """
        if isinstance(node, Word) and node.field is None and node.text.isalpha():
            return self._word(node, self._view.word_of_many if of_many else self._view.word_of_page)
        return self.clause(node)

    def _remembered(self, node: Word | Or | Phrase | Near | Prefix | Fuzzy) -> ScoringClause | None:
        """The cached clause of several words or forms searched as one, or of a word in a field, which costs as much."""
        key = self._key(node)
        if key is None or (self._explains and isinstance(node, Or)):
            return self._put_together(node)

        kept: tuple[ScoringClause] | tuple[()] | None = self._view.cache.get(("clause", key))
        if kept is not None:
            return kept[0]._replace(part=self._view.unpacked(kept[0].part)) if kept else None
        clause = self._put_together(node)
        if clause is not None:
            clause = clause._replace(part=self._view.with_bits(clause.part))
        packed = (clause._replace(part=self._view.packed(clause.part)),) if clause else ()
        self._view.cache.put(("clause", key), packed)
        return clause

    def _put_together(self, node: Word | Or | Phrase | Near | Prefix | Fuzzy) -> ScoringClause | None:
        match node:
            case Or(best=True):
                return self._combine(node.children, matches.highest, "best of a group")
            case Or():
                return self._combine(node.children, matches.union, "any of a group")
            case Phrase():
                return self._window(node, [node.text], node.slop, ordered=True)
            case Near():
                return self._near(node)
            case Prefix():
                return self._prefix(node)
            case Fuzzy():
                return self._fuzzy(node)
        # Only words with both letters and digits have another spelling.
        return self._word(node) if node.text.isalpha() else self._either_spelling(node)

    def _key(self, node: Node) -> Hashable:
        """The cache key of a node: all that its clause depends on besides the index. None if that is not only words."""
        if isinstance(node, Word):
            return node.text, node.field, node.weight, is_stressed(node.text, self._tree)
        if isinstance(node, Phrase):
            return node.text, node.field, node.weight, node.slop, Phrase
        if isinstance(node, Near):
            return node.words, node.field, node.weight, node.distance, Near
        if isinstance(node, Prefix):
            return node.text, node.field, node.weight, Prefix
        if isinstance(node, Fuzzy):
            return (
                node.text,
                node.field,
                node.weight,
                node.distance,
                is_stressed(node.text, self._tree),
                Fuzzy,
            )
        if isinstance(node, Or):
            keys = tuple([self._key(child) for child in node.children])
            return None if None in keys else (keys, node.best)
        return None

    def groups(self, nodes: Sequence[Node]) -> Groups:
        """The checks of nodes that are used as filters."""
        if not nodes:
            return []
        made = Filters(self._view, self._docs, self._tz)
        # Dates come last because they usually reject the fewest articles.
        ordered = sorted(nodes, key=lambda node: isinstance(node, DateRange))
        return [group for node in ordered for group in made.groups(node)]

    def filter_bits(self, node: Node) -> Array | None:
        """A bitmap of all articles that pass a node used as a filter, cached. None if the node is not only filters."""
        key = self._filter_key(node)
        if key is None:
            return None
        return self._view.joined(("filter", key), lambda: (self._bits_passing(self.groups([node])),))[0]

    def filter_keys(self, nodes: Sequence[Node]) -> Hashable:
        """The cache key of some filters together; None if there are none, or one is not only filters."""
        keys = tuple([self._filter_key(node) for node in nodes])
        return None if not keys or None in keys else keys

    def _filter_key(self, node: Node) -> Hashable:
        """The cache key of a filter, as `_key` gives it for a scoring node."""
        match node:
            case Match() | Range():
                return node
            case DateRange():
                return node, self._tz
            case Everything():
                return Everything
            case Not(Word() as word):
                return Not, self._key(word)
            case Not(child):
                key = self._filter_key(child)
                return None if key is None else (Not, key)
            case Or(children) | And(children) | All(children):
                keys = self.filter_keys(children)
                return None if keys is None else (isinstance(node, Or), keys)
        return None

    def _docs(self, node: Node) -> Array:
        clause = self.clause(node)
        return listed([clause.part])[0].doc if clause else matches.NONE.doc

    def _passing(self, node: Node) -> ScoringClause:
        docs = self._docs_passing(self.groups([node]))
        return ScoringClause(
            Part(docs, np.ones(len(docs), np.uint8), _FILTER_SCORE, _FILTER_SCORE), "a filter"
        )

    def _docs_passing(self, groups: Groups) -> Array:
        """All articles that pass filters."""
        check = groups[0][0]
        if len(groups) == len(groups[0]) == 1 and check.kind == LISTED and not check.negated:
            return np.asarray(check.column, np.uint32)
        return matches.numbers(self._bits_passing(groups))

    def _bits_passing(self, groups: Groups) -> Array:
        """A bitmap of all articles that pass filters."""
        check, articles = groups[0][0], self._view.articles
        if not (len(groups) == len(groups[0]) == 1 and check.kind in (LISTED, MARKED)):
            return np.frombuffer(sieve.passing_of_all(groups, articles), np.uint64)
        # To look for each article in a list or a bitmap takes far longer than to read it once.
        bits = np.asarray(check.column)
        if check.kind == LISTED:
            bits = np.frombuffer(sieve.union([bits], articles), np.uint64)
        if check.negated:
            bits = ~bits
            if articles % 64:
                bits[-1] &= np.uint64((1 << articles % 64) - 1)
        return bits

    def _combine(
        self, children: Sequence[Node], combine: Callable[[list[Part]], Scored], name: str
    ) -> ScoringClause | None:
        clauses = [clause for child in children if (clause := self.clause(child))]
        if not clauses:
            return None
        combined = _scored(combine(listed([clause.part for clause in clauses])), name)
        return combined._replace(summed=tuple(clauses)) if self._explains else combined

    # Words

    def _either_spelling(self, node: Word) -> ScoringClause | None:
        """A word and its spelling with or without a break between letters and digits, scored as one word.

        The rarity is that of both together. The other spelling is discounted as another form of a word is (see
        ranking).
        """
        clause, other = self._word(node), analysis.other_spelling(node.text)
        if clause is None or other is None:
            return clause
        otherwise = self._word(replace(node, text=other))
        if otherwise is None or not self._count_live(otherwise.part):
            return clause
        parts = []
        for text, part, share in (
            (node.text, clause.part, 1.0),
            (other, otherwise.part, 1 - 1 / ranking.PARTS),
        ):
            units = [self._view.unit_of(term) for term in analysis.terms(text)]
            parts.append(part._replace(unit=part.unit * share / sum(units)))
        found = matches.highest(parts)
        return _scored(found, clause.name, self._view.unit(self._view.count_live(found.doc)))

    def _count_live(self, part: Part) -> int:
        return self._view.count_live(part.doc) if part.live is None else part.live

    def _word(self, node: Word, look_up: Callable[[str], Part] | None = None) -> ScoringClause | None:
        terms = analysis.terms(node.text)
        if not terms:
            return None
        view, name = self._view, terms[0]
        if len(terms) > 1:
            # A typed word of several terms (COVID-19): the terms must be adjacent, in any of their forms.
            return self._together(terms, node, 0, ordered=True, any_form=True)
        weight = node.weight
        if analysis.is_half(name):
            if node.field is None:
                return ScoringClause(view.any_of(view.codes_of_half(name), weight), f"{name} in any pair")
            return ScoringClause(
                view.weighted(*view.in_field(view.places(name), node.field), weight),
                f"{name} in {node.field}",
            )
        if name in FUNCTION_WORDS and not is_stressed(node.text, self._tree):
            weight *= ranking.FUNCTION_SHARE
        if node.field is None:
            part = (look_up or view.word)(name)
            if weight != 1:
                part = part._replace(unit=part.unit * weight, best=part.best * weight)
                name = f"{name}, weight {weight:.3g}"
            return ScoringClause(part, name)
        doc, code = view.in_field(view.places_of_any_form(name), node.field)
        exact_doc, exact_code = view.in_field(view.places(name), node.field)
        both = code.astype(np.uint16) * (ranking.PARTS - 1)
        both[doc.searchsorted(exact_doc)] += exact_code
        return ScoringClause(view.weighted(doc, both, weight / ranking.PARTS), f"{name} in {node.field}")

    def _prefix(self, node: Prefix) -> ScoringClause | None:
        terms = analysis.terms(node.text)
        if not terms:
            return None
        view, prefix = self._view, terms[-1]
        if len(terms) > 1:
            slots = [*map(view.form, terms[:-1]), view.begun(prefix)]
            asked = self._window_of(node, len(slots), 0, ordered=True)
            return _together(*view.slots_together(slots, **asked))
        if node.field is None:
            part = view.any_of(view.codes_of_prefix(prefix), node.weight)
        else:
            part = view.weighted(*view.in_field(view.places_begun(prefix), node.field), node.weight)
        return ScoringClause(part, f"{prefix}*")

    def _fuzzy(self, node: Fuzzy) -> ScoringClause | None:
        terms = analysis.terms(node.text)
        if len(terms) != 1:
            return self._word(Word(node.text, node.field, node.weight, node.span))
        view = self._view
        postings: list[Codes] = []
        for edits, form, codes in view.similar(terms[0], node.distance, MAX_FUZZY_FORMS):
            if node.field is None:
                postings += codes
            else:
                postings.append(Codes(*view.in_field(view.places(form), node.field), 0, 1 + edits))
        return ScoringClause(view.any_of(postings, node.weight), f"{terms[0]}~{node.distance}")

    def _near(self, node: Near) -> ScoringClause | None:
        sides = beside(node)
        if sides is None:
            return self._window(node, node.words, node.distance, ordered=False)
        asked = self._window_of(node, sum(map(len, sides)), node.distance, ordered=False)
        return _together(*self._view.side_by_side(*sides, distance=node.distance, **asked))

    def _window(
        self, node: Phrase | Near, texts: Sequence[str], slop: int, *, ordered: bool
    ) -> ScoringClause | None:
        terms = [term for text in texts for term in analysis.terms(text)]
        # A word near itself must occur twice. Any two occurrences are in order, and ordered matching needs both.
        ordered = ordered or len(set(terms)) == 1 < len(terms)
        return self._together(terms, node, slop, ordered=ordered, any_form=False) if terms else None

    def _together(
        self, terms: Sequence[str], node: Phrase | Near | Word, slop: int, *, ordered: bool, any_form: bool
    ) -> ScoringClause:
        """Articles in which some words occur together, scored as the sum of the words."""
        asked = self._window_of(node, len(terms), slop, ordered=ordered)
        return _together(*self._view.together(terms, any_form=any_form, **asked))

    def _window_of(
        self, node: Phrase | Near | Word | Prefix, words: int, slop: int, *, ordered: bool
    ) -> dict[str, Any]:
        return {
            "weight": node.weight,
            "width": words - 1 + slop,
            "ordered": ordered,
            "field": -1 if node.field is None else ranking.TEXT_FIELDS.index(node.field),
        }


def _together(docs: Array, scores: Array) -> ScoringClause:
    return _scored(Scored(docs, scores), "words together")


def _scored(found: Scored, name: str, unit: float = 1.0) -> ScoringClause:
    docs = found.doc.astype(np.uint32, copy=False)
    best = float(found.score.max()) * unit if len(docs) else 0.0
    return ScoringClause(Part(docs, found.score, unit, best), name)
