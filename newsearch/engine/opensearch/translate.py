"""Translates a query tree to the JSON of OpenSearch. Asks no server: what it must know, it asks of `Facts`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, TypeAlias

from newsearch import ranking
from newsearch.engine.opensearch import filters
from newsearch.engine.opensearch.clauses import Clause, Facts, highest_of, sum_if_all, sum_of
from newsearch.engine.opensearch.hit import Hit
from newsearch.engine.opensearch.lexicon import Lexicon
from newsearch.engine.opensearch.queries import (
    NOTHING,
    all_of,
    any_of,
    best_of,
    coded,
    named,
    scripted,
    some_of,
    term_query,
    terms_query,
)
from newsearch.engine.opensearch.scripts import CODE_DIVIDED
from newsearch.engine.opensearch.together import Together
from newsearch.query.plan import is_stressed
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
)
from newsearch.ranking import CODE_SCALE, PARTS
from newsearch.text import analysis
from newsearch.text.english import FUNCTION_WORDS

Query: TypeAlias = dict[str, Any]

MAX_FUZZY_FORMS = 64
"""A fuzzy word expands to at most this many exact forms, the nearest first."""

MAX_FORMS = 600
"""One query scores a prefix by at most this many exact forms, the most frequent first. OpenSearch refuses queries of
more than 1,024 terms. Articles with other forms of the prefix only are found, and count as the weakest matches. More
queries score the other forms of the only prefix of a search (see `Translator.parts`)."""

MAX_PARTS = 40
"""The maximum number of queries for one prefix. For a prefix with more forms, the first query alone decides the
order."""

_FILTER_SCORE = 1e-9
"""The score of a filter among scoring nodes, as in `topic:AI OR robots`."""


class Translator:
    """Translates the nodes of one query.

    Attributes:
        parts: how many queries score all forms of its only prefix; known when it is translated. A prefix counts by the
            best of its forms. The score of an article is therefore the highest one that any of the queries gives it,
            and the best articles are among the best ones of each.

    Args:
        part: which of these queries to make. All but the first find articles with forms of their own only.
    """

    def __init__(self, tree: Node, facts: Facts, tz: tzinfo, part: int = 0) -> None:
        self._tree = tree
        self._facts = facts
        self._tz = tz
        # All prefixes of a query share the terms that a query may have.
        expanding = _expanding(tree)
        self._most_forms = max(1, MAX_FORMS // max(1, expanding))
        self._has_one_prefix = expanding == 1
        self._part = part
        self.parts = 1
        self._lexicon = Lexicon(facts)
        self._together = Together(facts, self._lexicon, self._most_forms)

    def clause(self, node: Node) -> Clause | None:
        """The clause of a scoring node, or None for text without words, which constrains nothing."""
        match node:
            case Word():
                return self._word(node)
            case Phrase():
                return self._together.window(node, [node.text], node.slop, ordered=True)
            case Near():
                return self._together.near(node)
            case Prefix():
                return self._prefix(node)
            case Fuzzy():
                return self._fuzzy(node)
            case Everything():
                every: Query = {"match_all": {}}
                return Clause("every article", every, every, lambda hit: 1.0)
            case All(children) | And(children):
                return self._all(children)
            case Or(children, best=best):
                return self._either(children, best=best)
            case Match() | Range() | DateRange() | Not():
                found = self.filter(node)
                return None if found is None else self._of_filter(found)

    def filter(self, node: Node) -> Query | None:
        """The articles that pass a node, or None for text without words."""
        match node:
            case Match() | Range():
                return filters.looked_up(node)
            case DateRange():
                return filters.dated(node, self._tz)
            case Not(child):
                inner = self.filter(child)
                return None if inner is None else {"bool": {"must_not": [inner]}}
            case All(children) | And(children) | Or(children):
                found = [query for child in children if (query := self.filter(child)) is not None]
                if not found:
                    return None
                return any_of(found) if isinstance(node, Or) else all_of(found)
        clause = self.clause(node)
        return clause.found if clause else None

    def _of_filter(self, found: Query) -> Clause:
        name, told = named(found)
        scored = {"constant_score": {"filter": told, "boost": _FILTER_SCORE}}
        return Clause("a filter", scored, told, lambda hit: _FILTER_SCORE if name in hit.matched else 0.0)

    def _all(self, children: Sequence[Node]) -> Clause | None:
        clauses = self._clauses(children)
        if not clauses:
            return None
        scored = {"bool": {"must": [clause.scored for clause in clauses]}}
        found = all_of([clause.found for clause in clauses])
        return Clause("all of a group", scored, found, sum_if_all(clauses), clauses)

    def _either(self, children: Sequence[Node], *, best: bool) -> Clause | None:
        clauses = self._clauses(children)
        if not clauses:
            return None
        scored = [clause.scored for clause in clauses]
        found = any_of([clause.found for clause in clauses])
        if best:
            return Clause("best of a group", best_of(scored), found, highest_of(clauses), clauses)
        return Clause("any of a group", some_of(scored), found, sum_of(clauses), clauses)

    def _clauses(self, children: Sequence[Node]) -> tuple[Clause, ...]:
        return tuple([clause for child in children if (clause := self.clause(child))])

    # Words

    def _word(self, node: Word) -> Clause | None:
        """A word, and its spelling with or without a break between letters and digits, scored as one word."""
        clause, other = self._spelling(node, node.text), analysis.other_spelling(node.text)
        if clause is None or other is None:
            return clause
        otherwise = self._spelling(node, other)
        if otherwise is None or otherwise.found is NOTHING or not self._facts.count(otherwise.found):
            return clause
        both = any_of([clause.found, otherwise.found])
        together = self._lexicon.weight(both)
        spellings = []
        for text, share in ((node.text, 1.0), (other, 1 - 1 / PARTS)):
            own = sum(self._lexicon.weight(self._lexicon.holding(term)) for term in analysis.terms(text))
            spelling = self._spelling(node, text, share * together / own)
            assert spelling is not None
            spellings.append(spelling)
        scored = best_of([spelling.scored for spelling in spellings])
        return Clause(clause.name, scored, both, highest_of(spellings))

    def _spelling(self, node: Word, text: str, factor: float = 1.0) -> Clause | None:
        """A word in one spelling. Its score is multiplied by `factor`."""
        terms = analysis.terms(text)
        if not terms:
            return None
        weight, name = node.weight * factor, terms[0]
        if len(terms) > 1:
            slots = [self._together.any_form(term) for term in terms]
            return self._together.clause(slots, "s", node.field, weight, 0, ordered=True)
        if analysis.is_half(name):
            return self._of_forms(
                self._facts.pairs(name), node.field, weight, f"{name} in {node.field or 'any pair'}"
            )
        if name in FUNCTION_WORDS and not is_stressed(text, self._tree):
            weight *= ranking.FUNCTION_SHARE
        if node.field is not None:
            return self._word_in_field(name, node.field, weight)
        kin = self._lexicon.kin(name)
        unit = weight * CODE_SCALE * self._lexicon.weight(self._lexicon.holding(name)) / PARTS
        if not kin:
            return Clause(name, NOTHING, NOTHING, lambda hit: 0.0)
        found = terms_query("stem", kin.values())
        scored = {
            "bool": {
                "must": [some_of([term_query("stem", token, (PARTS - 1) * unit) for token in kin.values()])],
                "should": [term_query("exact", name, unit)],
            }
        }
        shown = name if weight == 1 else f"{name}, weight {weight:.3g}"

        def value(hit: Hit) -> float:
            code = hit.code("stem", kin.get(hit.language, ""))
            return unit * ((PARTS - 1) * code + hit.code("exact", name)) if code else 0.0

        return Clause(shown, scored, found, value, most=255 * PARTS * unit)

    def _word_in_field(self, term: str, field: str, weight: float) -> Clause:
        kin = self._lexicon.every_kin(term)
        any_form, found = list(kin.values()), terms_query(f"s_{field}", kin.values())
        unit = weight * CODE_SCALE * self._lexicon.weight(found) / PARTS
        scored = {
            "bool": {
                "must": [coded(f"s_{field}", any_form, field, (PARTS - 1) * unit)],
                "should": [coded(f"x_{field}", [term], field, unit)],
            }
        }

        def value(hit: Hit) -> float:
            code = hit.code_in(field, f"s_{field}", (kin.get(hit.language, ""),))
            return unit * ((PARTS - 1) * code + hit.code_in(field, f"x_{field}", (term,))) if code else 0.0

        return Clause(f"{term} in {field}", scored, found, value)

    # Several forms as one word

    def _of_forms(
        self, forms: Sequence[str], field: str | None, weight: float, name: str, found: Query | None = None
    ) -> Clause:
        """Several exact forms as one word: the best of their codes or, in a field, the code of all together.

        Args:
            found: a filter for the articles with one of these forms, if it is shorter than the list of them. It may
                find articles with further forms.
        """
        if found is None:
            found = terms_query("exact" if field is None else f"x_{field}", forms)
        unit = weight * CODE_SCALE * self._lexicon.weight(found)
        if not forms:
            return Clause(name, NOTHING, NOTHING, lambda hit: 0.0)
        some, is_cut = forms[: self._most_forms], len(forms) >= self._most_forms
        if field is not None:
            scored = coded(f"x_{field}", some, field, unit)
            if is_cut:
                # The others are found too.
                weak = {"constant_score": {"filter": found, "boost": unit}}
                scored = {"dis_max": {"queries": [scored, weak]}}
            return Clause(name, scored, found, lambda hit: unit * hit.code_in(field, f"x_{field}", forms))
        if self._has_one_prefix:
            self.parts = max(1, -(-len(forms) // self._most_forms))
            some = forms[self._part * self._most_forms :][: self._most_forms]
        queries = [term_query("exact", form, unit) for form in some]
        if is_cut and not self._part:
            # The others are found too.
            queries.append({"constant_score": {"filter": found, "boost": unit}})
        return Clause(
            name, best_of(queries), found, lambda hit: unit * max([hit.code("exact", f) for f in forms])
        )

    def _prefix(self, node: Prefix) -> Clause | None:
        terms = analysis.terms(node.text)
        if not terms:
            return None
        prefix = terms[-1]
        forms = self._facts.begun(prefix)
        if len(terms) > 1:
            last = self._together.slot_of_forms(forms)
            if len(forms) > MAX_FORMS:
                unit = CODE_SCALE * self._lexicon.weight(terms_query("exact", forms))
                last = last._replace(value=lambda hit: unit * hit.best_begun(prefix))
            slots = [*map(self._together.form, terms[:-1]), last]
            return self._together.clause(
                slots, "x", node.field, node.weight, 0, ordered=True, begins=" ".join(terms)
            )
        field = "exact" if node.field is None else f"x_{node.field}"
        found: Query = {"prefix": {field: {"value": prefix}}}
        clause = self._of_forms(forms, node.field, node.weight, f"{prefix}*", found)
        if len(forms) < MAX_FORMS:
            return clause
        unit = node.weight * CODE_SCALE * self._lexicon.weight(found)
        # With so many forms, looking each of them up takes longer than looking through the article.
        if node.field is None:
            return clause._replace(value=lambda hit: unit * hit.best_begun(prefix))
        return clause._replace(value=lambda hit: unit * hit.code_begun(node.field or "", prefix))

    def _fuzzy(self, node: Fuzzy) -> Clause | None:
        terms = analysis.terms(node.text)
        if len(terms) != 1:
            return self._spelling(Word(node.text, node.field, node.weight), node.text)
        near = self._facts.like(terms[0], node.distance)[:MAX_FUZZY_FORMS]
        name = f"{terms[0]}~{node.distance}"
        if not near:
            return Clause(name, NOTHING, NOTHING, lambda hit: 0.0)
        field = node.field
        indexed = "exact" if field is None else f"x_{field}"
        found = terms_query(indexed, [form for _, form in near])
        unit = node.weight * CODE_SCALE * self._lexicon.weight(found)
        queries = []
        for edits, form in near:
            if field is not None:
                queries.append(coded(indexed, [form], field, unit, 1 + edits))
            elif edits:
                queries.append(
                    scripted(
                        term_query("exact", form, 1.0), CODE_DIVIDED, {"divisor": 1.0 + edits, "unit": unit}
                    )
                )
            else:
                queries.append(term_query("exact", form, unit))

        def value(hit: Hit) -> float:
            codes = [
                (hit.code("exact", form) if field is None else hit.code_in(field, indexed, (form,)), edits)
                for edits, form in near
            ]
            return unit * max(max(1, code // (1 + edits)) if code else 0 for code, edits in codes)

        return Clause(name, best_of(queries), found, value)


def _expanding(node: Node, *, scores: bool = True) -> int:
    """The number of nodes in a tree that each stand for any number of forms."""
    match node:
        case Prefix():
            # If it does not score, no form of a lone word is named.
            return int(scores or len(analysis.terms(node.text)) > 1)
        case Word() | Phrase():
            return sum(map(analysis.is_half, analysis.terms(node.text)))
        case Near(words):
            return sum(analysis.is_half(term) for word in words for term in analysis.terms(word))
        case All(children) | And(children) | Or(children):
            return sum(_expanding(child, scores=scores) for child in children)
        case Not(child):
            return _expanding(child, scores=False)
    return 0
