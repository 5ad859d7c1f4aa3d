"""The parts that queries of OpenSearch are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, TypeAlias

import orjson

from newsearch.engine.opensearch.scripts import CODE_OF_FIELD
from newsearch.ranking import FIELD_WEIGHTS

Query: TypeAlias = dict[str, Any]

PUBLISHED: Query = {"term": {"published": True}}
NOTHING: Query = {"match_none": {}}


def named(query: Query) -> tuple[str, Query]:
    """A query that is listed with the hits that it matches, and its name, which equal queries share."""
    name = blake2b(orjson.dumps(query), digest_size=6).hexdigest()
    return name, {"bool": {"filter": [query], "_name": name}}


def any_of(queries: Sequence[Query]) -> Query:
    """A filter that passes what any of these does. Stems are looked up together: a text may have hundreds."""
    stems: dict[str, None] = {}
    others = []
    for query in queries:
        if "term" in query and isinstance(found := query["term"].get("stem"), str):
            stems[found] = None
        elif "terms" in query and "stem" in query["terms"]:
            stems.update(dict.fromkeys(query["terms"]["stem"]))
        elif query is not NOTHING:
            others.append(query)
    if stems:
        others.append(terms_query("stem", stems))
    if not others:
        return NOTHING
    return others[0] if len(others) == 1 else {"bool": {"should": others, "minimum_should_match": 1}}


def all_of(queries: Sequence[Query]) -> Query:
    """A filter that passes what all of these do."""
    if any(query is NOTHING for query in queries):
        return NOTHING
    return queries[0] if len(queries) == 1 else {"bool": {"filter": queries}}


def terms_in(query: Any) -> int:
    """The number of terms that a query looks up."""
    if isinstance(query, dict):
        return sum(1 if key in _LEAVES else terms_in(inner) for key, inner in query.items())
    return sum(map(terms_in, query)) if isinstance(query, list) else 0


_LEAVES = frozenset(
    (
        "term",
        "terms",
        "match_phrase",
        "match_phrase_prefix",
        "intervals",
        "prefix",
        "wildcard",
        "range",
        "exists",
    )
)


def some_of(scored: Sequence[Query]) -> Query:
    """The sum of the scores of these queries, of which at least one must match."""
    return scored[0] if len(scored) == 1 else {"bool": {"should": scored, "minimum_should_match": 1}}


def best_of(scored: Sequence[Query]) -> Query:
    """The highest score of these queries, of which at least one must match."""
    return scored[0] if len(scored) == 1 else {"dis_max": {"queries": scored}}


def term_query(field: str, token: str, boost: float = 1.0) -> Query:
    return {"term": {field: {"value": token, "boost": boost}}}


def terms_query(field: str, tokens: Iterable[str]) -> Query:
    listed = sorted(set(tokens))
    return {"term": {field: listed[0]}} if len(listed) == 1 else {"terms": {field: listed}}


def coded(indexed: str, tokens: Sequence[str], field: str, unit: float, divisor: int = 1) -> Query:
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
    return scripted(some_of([term_query(indexed, token) for token in tokens]), CODE_OF_FIELD, params)


def scripted(query: Query, source: str, params: dict[str, Any]) -> Query:
    return {"script_score": {"query": query, "script": {"source": source, "params": params}}}


def stand(field: str, slots: Sequence[Sequence[str]], slop: int, *, ordered: bool) -> Query:
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
            return terms_query(field, slots[0])
    return {"intervals": {field: _in_order(_rules(slots), room, ordered=ordered)}}


def stand_beside(
    field: str, left: Sequence[Sequence[str]], right: Sequence[Sequence[str]], slop: int
) -> Query:
    """Articles in which two phrases stand in a field in either order, with at most `slop` words between them."""
    one, other = (_in_order(_rules(slots), 0, ordered=True) for slots in (left, right))
    orders = [_in_order([one, other], slop, ordered=True), _in_order([other, one], slop, ordered=True)]
    return {"intervals": {field: {"any_of": {"intervals": orders}}}}


def _in_order(rules: list[Query], most: int, *, ordered: bool) -> Query:
    return {"all_of": {"ordered": ordered, "max_gaps": most, "intervals": rules}}


def _rules(slots: Sequence[Sequence[str]]) -> list[Query]:
    """For each slot, the rule that any of its words matches."""
    rules: list[Query] = []
    for tokens in slots:
        matches: list[Query] = [{"match": {"query": token}} for token in tokens]
        rules.append(matches[0] if len(matches) == 1 else {"any_of": {"intervals": matches}})
    return rules
