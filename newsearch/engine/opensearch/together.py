"""Translates words that stand together: phrases, NEAR, and words of several terms such as covid-19."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Any, TypeAlias

from newsearch.engine.opensearch.clauses import Clause, Facts, Slot
from newsearch.engine.opensearch.coding import best_form
from newsearch.engine.opensearch.hit import Hit
from newsearch.engine.opensearch.lexicon import Lexicon
from newsearch.engine.opensearch.queries import (
    NOTHING,
    any_of,
    best_of,
    named,
    some_of,
    stand,
    stand_beside,
    term_query,
    terms_query,
)
from newsearch.query.plan import beside
from newsearch.query.tree import Near, Phrase
from newsearch.ranking import CODE_SCALE, TEXT_FIELDS
from newsearch.text import analysis

Query: TypeAlias = dict[str, Any]

MAX_STANDING = 400
"""The maximum number of words, over all fields, that may be at one place of a phrase. They count as terms of the
query."""

_EXPANSIONS = 1 << 20
"""The maximum number of words with which a phrase may end. They do not count as terms of the query."""


class Together:
    """Translates the places of phrases, and how they stand.

    Args:
        most_forms: how many exact forms a place is scored by.
    """

    def __init__(self, facts: Facts, lexicon: Lexicon, most_forms: int) -> None:
        self._facts = facts
        self._lexicon = lexicon
        self._most_forms = most_forms

    def window(self, node: Phrase | Near, typed: Sequence[str], slop: int, *, ordered: bool) -> Clause | None:
        terms = [term for text in typed for term in analysis.terms(text)]
        if not terms:
            return None
        # A word near itself must occur twice. Any two occurrences are in order, and ordered matching needs both.
        ordered = ordered or len(set(terms)) == 1 < len(terms)
        slots = [self.form(term) for term in terms]
        return self.clause(slots, "x", node.field, node.weight, slop, ordered=ordered)

    def near(self, node: Near) -> Clause | None:
        sides = beside(node)
        if sides is None:
            return self.window(node, node.words, node.distance, ordered=False)
        slots = [self.form(term) for terms in sides for term in terms]
        return self.clause(
            slots, "x", node.field, node.weight, node.distance, ordered=False, left=len(sides[0])
        )

    def form(self, term: str) -> Slot:
        """An exact form; of a character of a script without spaces, all pairs that contain it."""
        return self.slot_of_forms(self._facts.pairs(term) if analysis.is_half(term) else [term])

    def slot_of_forms(self, forms: Sequence[str]) -> Slot:
        found = terms_query("exact", forms)
        unit = CODE_SCALE * self._lexicon.weight(found)

        def scored(weight: float) -> Query:
            queries = [term_query("exact", form, weight * unit) for form in forms[: self._most_forms]]
            if len(forms) > self._most_forms:
                # The others are found too.
                queries.append({"constant_score": {"filter": found, "boost": weight * unit}})
            return best_of(queries)

        return Slot(
            {"": tuple(forms)},
            scored,
            lambda hit: unit * max([hit.code("exact", form) for form in forms], default=0),
        )

    def any_form(self, term: str) -> Slot:
        """A word in any of its forms, scored by the best of them."""
        if analysis.is_half(term):
            slot = self.form(term)
            tokens = {
                stemming.language: tuple(
                    f"{stemming.language}:{stem}" for stem in stemming.stems(slot.tokens[""])
                )
                for stemming in self._lexicon.stemmings
            }
            return slot._replace(tokens=tokens)
        kin = self._lexicon.kin(term)
        unit = CODE_SCALE * self._lexicon.weight(self._lexicon.holding(term))

        def scored(weight: float) -> Query:
            queries = []
            for token in kin.values():
                best = best_form(token)
                alone = {
                    "must": [term_query("stem", token, weight * unit)],
                    "must_not": [term_query("stem", best)],
                }
                queries += [{"bool": alone}, term_query("stem", best, weight * unit)]
            return some_of(queries)

        def value(hit: Hit) -> float:
            token = kin.get(hit.language, "")
            return unit * (hit.code("stem", best_form(token)) or hit.code("stem", token))

        return Slot({language: (token,) for language, token in kin.items()}, scored, value)

    def clause(
        self,
        slots: Sequence[Slot],
        words: str,
        field: str | None,
        weight: float,
        slop: int,
        *,
        ordered: bool,
        begins: str = "",
        left: int = 0,
    ) -> Clause:
        """Articles in which some words occur together, scored as the sum of the words.

        Args:
            words: where the tokens of the slots are: in the fields x_... or s_...
            begins: the typed words, if the last slot has all words that begin as the last of these does.
            left: if the words are two phrases in any order, the number of words of the first one.
        """
        searched = [f"{words}_{name}" for name in ([field] if field else TEXT_FIELDS)]
        spoken = [
            language for language in slots[0].tokens if all(slot.tokens.get(language) for slot in slots)
        ]
        several = sum(any(len(tokens) > 1 for tokens in slot.tokens.values()) for slot in slots)
        most = max(1, MAX_STANDING // max(1, len(spoken) * len(searched) * several))
        of_languages = [[slot.tokens[language][:most] for slot in slots] for language in spoken]
        stands = [
            stand_beside(name, tokens[:left], tokens[left:], slop)
            if left
            else stand(name, tokens, slop, ordered=ordered)
            for tokens in of_languages
            for name in searched
        ]
        if stands and begins and all(len(slot.tokens[""]) == 1 for slot in slots[:-1]):
            phrase = {"query": begins, "max_expansions": _EXPANSIONS}
            stands = [{"match_phrase_prefix": {name: phrase}} for name in searched]
        if not stands:
            return Clause("words together", NOTHING, NOTHING, lambda hit: 0.0)
        if len(slots) == 1:
            stands = [
                terms_query(name, [t for tokens in slots[0].tokens.values() for t in tokens])
                for name in searched
            ]
        name, found = named(any_of(stands))
        scored = {"bool": {"filter": [found], "must": [slot.scored(weight) for slot in slots]}}

        def value(hit: Hit) -> float:
            return weight * fsum(slot.value(hit) for slot in slots) if name in hit.matched else 0.0

        return Clause("words together", scored, found, value)
