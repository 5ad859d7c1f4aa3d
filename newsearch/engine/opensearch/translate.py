"""Translates a query tree to the JSON of OpenSearch. Asks no server: what it must know, it asks of `Facts`.

Every scoring node becomes a Clause: a query whose score is that of the node, a filter that matches the same articles,
and a function that computes the score of a hit again, in doubles. The server adds up in floats of 32 bits, which is
enough to find a page. The scores that are shown, and the order of articles whose scores nearly agree, come from the
function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import tzinfo
from hashlib import blake2b
from math import fsum, inf
from typing import Any, NamedTuple, Protocol, TypeAlias

import orjson

from newsearch import ranking
from newsearch.engine.base import Options
from newsearch.engine.opensearch import filters
from newsearch.engine.opensearch.documents import best_form
from newsearch.engine.opensearch.hit import Hit
from newsearch.query.plan import plan
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
    texts,
)
from newsearch.ranking import CODE_SCALE, FIELD_WEIGHTS, K1, PARTS, TEXT_FIELDS
from newsearch.text import analysis
from newsearch.text.english import FUNCTION_WORDS

Query: TypeAlias = dict[str, Any]

MAX_FUZZY_FORMS = 64
"""A fuzzy word expands to at most this many exact forms, the nearest first."""

MAX_FORMS = 600
"""A prefix is scored by at most this many exact forms, the most frequent first. OpenSearch refuses queries of more than
1,024 terms. Articles with other forms of the prefix only are found, and count as the weakest matches."""

MAX_TERMS = 900
"""Of a text with more terms than this, the words with the highest weights find the page. All words count in the scores
of its articles."""

_FILTER_SCORE = 1e-9
"""The score of a filter among scoring nodes, as in `topic:AI OR robots`."""

CODE_OF_FIELD = f"""
double w = params.weight / (1 - params.b + params.b * (doc[params.length].value / params.pivot)) * _score;
double code = Math.max(1, Math.min(255, Math.rint(255 * w / ({K1} + w))));
return Math.max(1, Math.floor(code / params.divisor)) * params.unit;
"""
"""The score of a word in one text field, from the number of its occurrences there."""

CODE_DIVIDED = "return Math.max(1, Math.floor(_score / params.divisor)) * params.unit;"
"""The score of a form that is some edits away from the word that was typed, from its code."""

BOOST = """
double exponent = 0;
if (params.heat > 0 && doc['heat'].size() != 0) {
  double heat = doc['heat'].value;
  exponent += params.heat * (heat - params.heat_pivot) / (heat + params.heat_pivot);
}
if (params.quality > 0 && doc['quality'].size() != 0) {
  double quality = doc['quality'].value;
  exponent += params.quality * (quality - params.quality_pivot) / (quality + params.quality_pivot);
}
return _score * Math.pow(2, exponent);
"""
"""The boost of heat and quality (see ranking). A pivot of 0 comes with a weight of 0."""

_MOMENT = """
double moment(def doc, def params, String name, String day) {
  double seconds = doc[name].value;
  if (params.days.size() != 0 && doc[day].size() != 0) {
    double wanted = doc[day].value;
    int low = 0; int high = params.days.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) / 2;
      if (params.days[middle] <= wanted) { low = middle; } else { high = middle - 1; }
    }
    seconds += params.shifts[low];
  }
  return seconds;
}
"""

BOOST_WITH_RECENCY = (
    _MOMENT
    + BOOST.replace("return", "double boosted =")
    + """
if (doc['date'].size() == 0) { return boosted; }
double age = Math.max(0, (params.as_of - moment(doc, params, 'date', 'day')) / 86400);
return boosted * Math.pow(2, params.recency * (2 * Math.pow(2, -age / params.half_life) - 1));
"""
)

MOMENT = (
    _MOMENT
    + """
if (doc[params.name].size() == 0) { return params.missing; }
return moment(doc, params, params.name, params.day);
"""
)
"""The moment of an article, in seconds. A day counts as its start in the zone of the search."""


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
        """The most frequent exact forms of live articles with this prefix, at most MAX_FORMS."""

    def pairs(self, half: str) -> Sequence[str]:
        """The exact forms of live articles that contain a character of a script without spaces, likewise."""

    def like(self, term: str, edits: int) -> Sequence[tuple[int, str]]:
        """The exact forms of live articles within some edits of a term, with their distances, the nearest first."""

    def shifts(self, tz: tzinfo) -> filters.Shifts:
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


class Translator:
    """Translates the nodes of one query."""

    def __init__(self, tree: Node, facts: Facts, tz: tzinfo) -> None:
        self._tree = tree
        self._facts = facts
        self._tz = tz
        # All prefixes of a query share the terms that a query may have.
        self._most_forms = max(1, MAX_FORMS // max(1, _expanding(tree)))
        self._stemmings = [analysis.Stemming(language, facts.protected) for language in facts.languages]

    def clause(self, node: Node) -> Clause | None:
        """The clause of a scoring node, or None for text without words, which constrains nothing."""
        match node:
            case Word():
                return self._word(node)
            case Phrase():
                return self._window(node, [node.text], node.slop, ordered=True)
            case Near():
                return self._window(node, node.words, node.distance, ordered=False)
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
        name, named = self._named(found)
        scored = {"constant_score": {"filter": named, "boost": _FILTER_SCORE}}
        return Clause("a filter", scored, named, lambda hit: _FILTER_SCORE if name in hit.matched else 0.0)

    def _named(self, query: Query) -> tuple[str, Query]:
        """A query that is listed with the hits that it matches, and its name, which equal queries share."""
        name = blake2b(orjson.dumps(query), digest_size=6).hexdigest()
        return name, {"bool": {"filter": [query], "_name": name}}

    def _all(self, children: Sequence[Node]) -> Clause | None:
        clauses = self._clauses(children)
        if not clauses:
            return None
        scored = {"bool": {"must": [clause.scored for clause in clauses]}}
        found = all_of([clause.found for clause in clauses])
        return Clause("all of a group", scored, found, _sum_if_all(clauses), clauses)

    def _either(self, children: Sequence[Node], *, best: bool) -> Clause | None:
        clauses = self._clauses(children)
        if not clauses:
            return None
        scored = [clause.scored for clause in clauses]
        found = any_of([clause.found for clause in clauses])
        if best:
            return Clause("best of a group", _best(scored), found, _best_of(clauses), clauses)
        return Clause("any of a group", _some(scored), found, _sum_of(clauses), clauses)

    def _clauses(self, children: Sequence[Node]) -> tuple[Clause, ...]:
        return tuple([clause for child in children if (clause := self.clause(child))])

    # Words

    def _word(self, node: Word) -> Clause | None:
        """A word, and its spelling with or without a break between letters and digits, scored as one word."""
        clause, other = self._spelling(node, node.text), analysis.other_spelling(node.text)
        if clause is None or other is None:
            return clause
        otherwise = self._spelling(node, other)
        if otherwise is None or otherwise.found is _NOTHING or not self._facts.count(otherwise.found):
            return clause
        both = any_of([clause.found, otherwise.found])
        together = self._weight(both)
        spellings = []
        for text, share in ((node.text, 1.0), (other, 1 - 1 / PARTS)):
            own = sum(self._weight(self._holding(term)) for term in analysis.terms(text))
            spelling = self._spelling(node, text, share * together / own)
            assert spelling is not None
            spellings.append(spelling)
        scored = _best([spelling.scored for spelling in spellings])
        return Clause(clause.name, scored, both, _best_of(spellings))

    def _spelling(self, node: Word, text: str, factor: float = 1.0) -> Clause | None:
        """A word in one spelling. Its score is multiplied by `factor`."""
        terms = analysis.terms(text)
        if not terms:
            return None
        weight, name = node.weight * factor, terms[0]
        if len(terms) > 1:
            slots = [self._any_form(term) for term in terms]
            return self._together(slots, "s", node.field, weight, 0, ordered=True)
        if analysis.is_half(name):
            return self._of_forms(
                self._facts.pairs(name), node.field, weight, f"{name} in {node.field or 'any pair'}"
            )
        if name in FUNCTION_WORDS and not self._is_stressed(text):
            weight *= ranking.FUNCTION_SHARE
        if node.field is not None:
            return self._word_in_field(name, node.field, weight)
        kin = self._kin(name)
        unit = weight * CODE_SCALE * self._weight(self._holding(name)) / PARTS
        if not kin:
            return Clause(name, _NOTHING, _NOTHING, lambda hit: 0.0)
        found = _terms("stem", kin.values())
        scored = {
            "bool": {
                "must": [_some([_term("stem", token, (PARTS - 1) * unit) for token in kin.values()])],
                "should": [_term("exact", name, unit)],
            }
        }
        shown = name if weight == 1 else f"{name}, weight {weight:.3g}"

        def value(hit: Hit) -> float:
            code = hit.code("stem", kin.get(hit.language, ""))
            return unit * ((PARTS - 1) * code + hit.code("exact", name)) if code else 0.0

        return Clause(shown, scored, found, value, most=255 * PARTS * unit)

    def _word_in_field(self, term: str, field: str, weight: float) -> Clause:
        kin = self._every_kin(term)
        any_form, found = list(kin.values()), _terms(f"s_{field}", kin.values())
        unit = weight * CODE_SCALE * self._weight(found) / PARTS
        scored = {
            "bool": {
                "must": [_coded(f"s_{field}", any_form, field, (PARTS - 1) * unit)],
                "should": [_coded(f"x_{field}", [term], field, unit)],
            }
        }

        def value(hit: Hit) -> float:
            code = hit.code_in(field, f"s_{field}", (kin.get(hit.language, ""),))
            return unit * ((PARTS - 1) * code + hit.code_in(field, f"x_{field}", (term,))) if code else 0.0

        return Clause(f"{term} in {field}", scored, found, value)

    def _kin(self, term: str) -> dict[str, str]:
        """The token of a word's stem in every language in which articles contain the word.

        Looking for the others takes longer than scoring the word.
        """
        every = self._every_kin(term)
        spoken = self._facts.spoken(_terms("stem", every.values()))
        return {language: token for language, token in every.items() if language in spoken}

    def _every_kin(self, term: str) -> dict[str, str]:
        """The token of a word's stem in every language."""
        return {
            stemming.language: f"{stemming.language}:{stemming.stem(term)}" for stemming in self._stemmings
        }

    def _holding(self, term: str) -> Query:
        """The articles that contain a word in any form."""
        if analysis.is_half(term):
            return _terms("exact", self._facts.pairs(term))
        return _terms("stem", self._every_kin(term).values())

    def _weight(self, found: Query) -> float:
        return ranking.word_weight(self._facts.articles, self._facts.count(found))

    def _is_stressed(self, word: str) -> bool:
        """Whether a word is in capitals in a query that is not: WHO and IT are names unless everything is capitals."""
        return len(word) > 1 and word.isupper() and any(map(_has_lower_case, texts(self._tree)))

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
            found = _terms("exact" if field is None else f"x_{field}", forms)
        unit = weight * CODE_SCALE * self._weight(found)
        if not forms:
            return Clause(name, _NOTHING, _NOTHING, lambda hit: 0.0)
        some, is_cut = forms[: self._most_forms], len(forms) >= self._most_forms
        if field is not None:
            scored = _coded(f"x_{field}", some, field, unit)
            if is_cut:
                # The others are found too.
                weak = {"constant_score": {"filter": found, "boost": unit}}
                scored = {"dis_max": {"queries": [scored, weak]}}
            return Clause(name, scored, found, lambda hit: unit * hit.code_in(field, f"x_{field}", forms))
        queries = [_term("exact", form, unit) for form in some]
        if is_cut:
            # The others are found too.
            queries.append({"constant_score": {"filter": found, "boost": unit}})
        return Clause(
            name, _best(queries), found, lambda hit: unit * max([hit.code("exact", f) for f in forms])
        )

    def _prefix(self, node: Prefix) -> Clause | None:
        terms = analysis.terms(node.text)
        if not terms:
            return None
        prefix = terms[-1]
        forms = self._facts.begun(prefix)
        if len(terms) > 1:
            slots = [*map(self._form, terms[:-1]), self._slot_of_forms(forms)]
            return self._together(slots, "x", node.field, node.weight, 0, ordered=True)
        field = "exact" if node.field is None else f"x_{node.field}"
        found: Query = {"prefix": {field: {"value": prefix}}}
        clause = self._of_forms(forms, node.field, node.weight, f"{prefix}*", found)
        if len(forms) < MAX_FORMS:
            return clause
        unit = node.weight * CODE_SCALE * self._weight(found)
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
            return Clause(name, _NOTHING, _NOTHING, lambda hit: 0.0)
        field = node.field
        indexed = "exact" if field is None else f"x_{field}"
        found = _terms(indexed, [form for _, form in near])
        unit = node.weight * CODE_SCALE * self._weight(found)
        queries = []
        for edits, form in near:
            if field is not None:
                queries.append(_coded(indexed, [form], field, unit, 1 + edits))
            elif edits:
                queries.append(
                    _scripted(_term("exact", form, 1.0), CODE_DIVIDED, {"divisor": 1.0 + edits, "unit": unit})
                )
            else:
                queries.append(_term("exact", form, unit))

        def value(hit: Hit) -> float:
            codes = [
                (hit.code("exact", form) if field is None else hit.code_in(field, indexed, (form,)), edits)
                for edits, form in near
            ]
            return unit * max(max(1, code // (1 + edits)) if code else 0 for code, edits in codes)

        return Clause(name, _best(queries), found, value)

    # Words that stand together

    def _window(
        self, node: Phrase | Near, typed: Sequence[str], slop: int, *, ordered: bool
    ) -> Clause | None:
        terms = [term for text in typed for term in analysis.terms(text)]
        if not terms:
            return None
        # A word near itself must occur twice. Any two occurrences are in order, and ordered matching needs both.
        ordered = ordered or len(set(terms)) == 1 < len(terms)
        slots = [self._form(term) for term in terms]
        return self._together(slots, "x", node.field, node.weight, slop, ordered=ordered)

    def _form(self, term: str) -> _Slot:
        """An exact form; of a character of a script without spaces, all pairs that contain it."""
        return self._slot_of_forms(self._facts.pairs(term) if analysis.is_half(term) else [term])

    def _slot_of_forms(self, forms: Sequence[str]) -> _Slot:
        found = _terms("exact", forms)
        unit = CODE_SCALE * self._weight(found)

        def scored(weight: float) -> Query:
            queries = [_term("exact", form, weight * unit) for form in forms[: self._most_forms]]
            if len(forms) > self._most_forms:
                # The others are found too.
                queries.append({"constant_score": {"filter": found, "boost": weight * unit}})
            return _best(queries)

        return _Slot(
            {"": tuple(forms)},
            scored,
            lambda hit: unit * max([hit.code("exact", form) for form in forms], default=0),
        )

    def _any_form(self, term: str) -> _Slot:
        """A word in any of its forms, scored by the best of them."""
        if analysis.is_half(term):
            slot = self._form(term)
            tokens = {
                stemming.language: tuple(
                    f"{stemming.language}:{stem}" for stem in stemming.stems(slot.tokens[""])
                )
                for stemming in self._stemmings
            }
            return slot._replace(tokens=tokens)
        kin = self._kin(term)
        unit = CODE_SCALE * self._weight(self._holding(term))

        def scored(weight: float) -> Query:
            queries = []
            for token in kin.values():
                best = best_form(token)
                alone = {
                    "must": [_term("stem", token, weight * unit)],
                    "must_not": [_term("stem", best)],
                }
                queries += [{"bool": alone}, _term("stem", best, weight * unit)]
            return _some(queries)

        def value(hit: Hit) -> float:
            token = kin.get(hit.language, "")
            return unit * (hit.code("stem", best_form(token)) or hit.code("stem", token))

        return _Slot({language: (token,) for language, token in kin.items()}, scored, value)

    def _together(
        self,
        slots: Sequence[_Slot],
        words: str,
        field: str | None,
        weight: float,
        slop: int,
        *,
        ordered: bool,
    ) -> Clause:
        """Articles in which some words occur together, scored as the sum of the words.

        Args:
            words: where the tokens of the slots are: in the fields x_... or s_...
        """
        searched = [f"{words}_{name}" for name in ([field] if field else TEXT_FIELDS)]
        stands = [
            _stand(name, [slot.tokens[language] for slot in slots], slop, ordered=ordered)
            for language in slots[0].tokens
            if all(slot.tokens.get(language) for slot in slots)
            for name in searched
        ]
        if not stands:
            return Clause("words together", _NOTHING, _NOTHING, lambda hit: 0.0)
        if len(slots) == 1:
            stands = [
                _terms(name, [t for tokens in slots[0].tokens.values() for t in tokens]) for name in searched
            ]
        name, found = self._named(any_of(stands))
        scored = {"bool": {"filter": [found], "must": [slot.scored(weight) for slot in slots]}}

        def value(hit: Hit) -> float:
            return weight * fsum(slot.value(hit) for slot in slots) if name in hit.matched else 0.0

        return Clause("words together", scored, found, value)


class _Slot(NamedTuple):
    """One place of a phrase.

    Attributes:
        tokens: in every language the tokens that may stand there; under "" if they do not depend on it.
        scored: the query that scores them, given a weight.
        value: the score of a hit, without the weight.
    """

    tokens: dict[str, tuple[str, ...]]
    scored: Callable[[float], Query]
    value: Callable[[Hit], float]


def _stand(field: str, slots: Sequence[Sequence[str]], slop: int, *, ordered: bool) -> Query:
    """Articles in which a word of every slot stands within a stretch of len(slots) + slop words of a field."""
    if ordered and not slop and all(len(tokens) == 1 for tokens in slots):
        return {"match_phrase": {field: {"query": " ".join([tokens[0] for tokens in slots])}}}
    room = slop
    if not ordered:
        # One occurrence serves for all slots of the same word.
        distinct = list(dict.fromkeys(tuple(tokens) for tokens in slots))
        room += len(slots) - len(distinct)
        slots = distinct
        if len(slots) == 1:
            return _terms(field, slots[0])
    rules = []
    for tokens in slots:
        matches = [{"match": {"query": token}} for token in tokens]
        rules.append(matches[0] if len(matches) == 1 else {"any_of": {"intervals": matches}})
    return {"intervals": {field: {"all_of": {"ordered": ordered, "max_gaps": room, "intervals": rules}}}}


# The query as a whole


class Translation:
    """A query tree and its options, translated.

    Attributes:
        required, optional: the clauses that must match, and those of which incomplete articles match only some.
        also: the clauses of the words that are added.
        has_words: whether it has any scoring nodes.
        by_sum: whether the query is a text, whose results are sorted by score alone.
    """

    def __init__(self, tree: Node, options: Options, facts: Facts) -> None:
        self._options = options
        self._facts = facts
        translator = Translator(tree, facts, options.tz)
        asked = plan(tree)
        self.required = [clause for node in asked.required if (clause := translator.clause(node))]
        self.optional = [clause for node in asked.optional if (clause := translator.clause(node))]
        self.has_words = bool(self.required or self.optional)
        if not self.required and not self.optional and (everything := translator.clause(Everything())):
            self.required = [everything]
        by_score = options.sort == "relevance"
        self.also = [clause for node in options.also if by_score and (clause := translator.clause(node))]
        self.by_sum = asked.is_text and by_score
        self._filters = [*facts.live]
        if not (options.unpublished or asked.unpublished):
            self._filters.append(PUBLISHED)
        self._filters += [found for node in asked.filters if (found := translator.filter(node)) is not None]

    @property
    def clauses(self) -> list[Clause]:
        """The clauses of the query itself."""
        return self.required + self.optional

    @property
    def has_partial(self) -> bool:
        """Whether there can be incomplete articles on the page."""
        return self.counts_partial or bool(self.optional and self.also and self._options.also_finds)

    @property
    def counts_partial(self) -> bool:
        """Whether articles can match some of the words only."""
        return len(self.optional) > 1 or bool(self.optional and self.required)

    def complete(self) -> Query:
        """A filter for the complete articles."""
        return all_of([*self._filters, *_found_of(self.clauses)])

    def partial(self) -> Query:
        """A filter for the incomplete articles that contain a word of the query itself."""
        return {"bool": {"filter": self._own(), "must_not": [self._all_optional()]}}

    def any(self) -> Query:
        """A filter for both."""
        return {"bool": {"filter": self._own()}}

    def _own(self) -> list[Query]:
        """What articles pass that contain any word of the query itself and every word that is required."""
        found = [*self._filters, *(clause.found for clause in self.required)]
        if not self.required:
            found.append(any_of([clause.found for clause in self.optional]))
        return found

    def _all_optional(self) -> Query:
        return all_of(_found_of(self.optional))

    def scored_complete(self) -> Query:
        """A query that scores the complete articles."""
        scored: Query = {"filter": self._filters, "must": [clause.scored for clause in self.clauses]}
        if self.also:
            scored["should"] = [clause.scored for clause in self.also]
        return {"bool": scored}

    def scored_some(self, *, incomplete: bool) -> Query:
        """A query that scores the articles with any of the words, or only the incomplete ones."""
        filters, some = list(self._filters), _scored_of([*self.optional, *self.also])
        scored: Query = {"filter": filters, "must": [clause.scored for clause in self.required]}
        if some:
            scored |= {"should": some, "minimum_should_match": 0 if self.required else 1}
        if self.also and not self.required and not self._options.also_finds:
            filters.append(any_of([clause.found for clause in self.optional]))
        if incomplete:
            scored["must_not"] = [self._all_optional()]
        return {"bool": scored}

    def boosted(self, query: Query) -> Query:
        """A query whose scores are multiplied by the boosts."""
        boosts, pivots = self._options.boosts, self._facts.pivots
        heat, quality = boosts.heat * (pivots.heat > 0), boosts.quality * (pivots.quality > 0)
        recency = boosts.recency if boosts.half_life is not None else 0
        if not heat and not quality and not recency:
            return query
        params: dict[str, Any] = {
            "heat": float(heat),
            "heat_pivot": float(pivots.heat),
            "quality": float(quality),
            "quality_pivot": float(pivots.quality),
        }
        if not recency or boosts.half_life is None:
            return _scripted(query, BOOST, params)
        shifts = self._facts.shifts(self._options.tz)
        params |= {
            "recency": float(recency),
            "half_life": float(boosts.half_life),
            "as_of": self.as_of,
            "days": shifts.days,
            "shifts": shifts.seconds,
        }
        return _scripted(query, BOOST_WITH_RECENCY, params)

    @property
    def as_of(self) -> float:
        """The moment from which recency is measured, in seconds."""
        if self._options.as_of is not None:
            return self._options.as_of.timestamp()
        return self._facts.newest(self._options.tz)

    def sort(self) -> list[Query]:
        """The order of the results. Ties are broken by date, newest first, then by id."""
        sort, newest = self._options.sort, self._by_time("date", "desc")
        key: list[Query]
        match sort:
            case "relevance":
                key = [{"_score": {"order": "desc"}}, newest]
            case "newest":
                key = [newest]
            case "oldest":
                key = [self._by_time("date", "asc")]
            case "modified":
                key = [self._by_time("modified", "desc"), newest]
            case _:
                key = [{sort: {"order": "desc", "missing": "_last"}}, newest]
        return [*key, {"id": {"order": "asc"}}]

    def _by_time(self, name: str, order: str) -> Query:
        shifts = self._facts.shifts(self._options.tz)
        if not shifts.days:
            return {name: {"order": order, "missing": "_last"}}
        missing = _NEVER if order == "asc" else -_NEVER
        day = "day" if name == "date" else "modified_day"
        params = {"name": name, "day": day, "missing": missing, "days": shifts.days, "shifts": shifts.seconds}
        script = {"source": MOMENT, "params": params}
        return {"_script": {"type": "number", "order": order, "script": script}}


_NEVER = 1e15
"""Seconds: after every date."""

PUBLISHED: Query = {"term": {"published": True}}
_NOTHING: Query = {"match_none": {}}


# Queries


def any_of(queries: Sequence[Query]) -> Query:
    """A filter that passes what any of these does. Stems are looked up together: a text may have hundreds."""
    stems: dict[str, None] = {}
    others = []
    for query in queries:
        if "term" in query and isinstance(found := query["term"].get("stem"), str):
            stems[found] = None
        elif "terms" in query and "stem" in query["terms"]:
            stems.update(dict.fromkeys(query["terms"]["stem"]))
        elif query is not _NOTHING:
            others.append(query)
    if stems:
        others.append(_terms("stem", stems))
    if not others:
        return _NOTHING
    return others[0] if len(others) == 1 else {"bool": {"should": others, "minimum_should_match": 1}}


def all_of(queries: Sequence[Query]) -> Query:
    """A filter that passes what all of these do."""
    if any(query is _NOTHING for query in queries):
        return _NOTHING
    return queries[0] if len(queries) == 1 else {"bool": {"filter": queries}}


def _scored_of(clauses: Sequence[Clause]) -> list[Query]:
    """The scoring queries of some clauses or, of so many that OpenSearch would refuse them, of the heaviest."""
    some = [clause for clause in clauses if clause.scored is not _NOTHING]
    return _heaviest(some, [clause.scored for clause in some]) or [_NOTHING]


def _found_of(clauses: Sequence[Clause]) -> list[Query]:
    """The filters of some clauses or, of so many that OpenSearch would refuse them, of the heaviest."""
    return _heaviest(clauses, [clause.found for clause in clauses])


def _heaviest(clauses: Sequence[Clause], queries: list[Query]) -> list[Query]:
    sizes = list(map(_terms_in, queries))
    if sum(sizes) <= MAX_TERMS:
        return queries
    kept, room = [], MAX_TERMS
    for at in sorted(range(len(clauses)), key=lambda at: -clauses[at].most):
        if sizes[at] > room:
            break
        room -= sizes[at]
        kept.append(at)
    return [queries[at] for at in sorted(kept)]


def _terms_in(query: Any) -> int:
    """The number of terms that a query looks up."""
    if isinstance(query, dict):
        return sum(1 if key in _LEAVES else _terms_in(inner) for key, inner in query.items())
    return sum(map(_terms_in, query)) if isinstance(query, list) else 0


_LEAVES = frozenset(("term", "terms", "match_phrase", "intervals", "prefix", "wildcard", "range", "exists"))


def _some(scored: Sequence[Query]) -> Query:
    """The sum of the scores of these queries, of which at least one must match."""
    return scored[0] if len(scored) == 1 else {"bool": {"should": scored, "minimum_should_match": 1}}


def _best(scored: Sequence[Query]) -> Query:
    """The highest score of these queries, of which at least one must match."""
    return scored[0] if len(scored) == 1 else {"dis_max": {"queries": scored}}


def _term(field: str, token: str, boost: float = 1.0) -> Query:
    return {"term": {field: {"value": token, "boost": boost}}}


def _terms(field: str, tokens: Iterable[str]) -> Query:
    listed = sorted(set(tokens))
    return {"term": {field: listed[0]}} if len(listed) == 1 else {"terms": {field: listed}}


def _coded(indexed: str, tokens: Sequence[str], field: str, unit: float, divisor: int = 1) -> Query:
    """Some words in one text field as one word, scored by a code for that field alone."""
    weight = FIELD_WEIGHTS[field]
    params = {
        "weight": float(weight.weight),
        "b": float(weight.b),
        "pivot": float(weight.pivot),
        "length": f"length_{field}",
        "divisor": float(divisor),
        "unit": unit,
    }
    return _scripted(_some([_term(indexed, token) for token in tokens]), CODE_OF_FIELD, params)


def _scripted(query: Query, source: str, params: dict[str, Any]) -> Query:
    return {"script_score": {"query": query, "script": {"source": source, "params": params}}}


def _sum_of(clauses: Sequence[Clause]) -> Callable[[Hit], float]:
    return lambda hit: fsum([clause.value(hit) for clause in clauses])


def _sum_if_all(clauses: Sequence[Clause]) -> Callable[[Hit], float]:
    def value(hit: Hit) -> float:
        values = [clause.value(hit) for clause in clauses]
        return fsum(values) if all(values) else 0.0

    return value


def _best_of(clauses: Sequence[Clause]) -> Callable[[Hit], float]:
    return lambda hit: max([clause.value(hit) for clause in clauses])


def _expanding(node: Node) -> int:
    """The number of nodes in a tree that each stand for any number of forms."""
    match node:
        case Prefix():
            return 1
        case Word() | Phrase():
            return sum(map(analysis.is_half, analysis.terms(node.text)))
        case Near(words):
            return sum(analysis.is_half(term) for word in words for term in analysis.terms(word))
        case All(children) | And(children) | Or(children):
            return sum(map(_expanding, children))
        case Not(child):
            return _expanding(child)
    return 0


def _has_lower_case(text: str) -> bool:
    return any(map(str.islower, text))
