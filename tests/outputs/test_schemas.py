"""The JSON of pages and of requests is what the schemas in docs/ say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import newsearch
from newsearch import Index, QueryError, Request
from newsearch.engine.base import SORTS
from newsearch.outputs.json_page import page_mapping, to_json
from newsearch.outputs.page import Page


def schema(name: str) -> Draft202012Validator:
    described = json.loads((ROOT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(described)
    return Draft202012Validator(described)


PAGE, REQUEST = schema("page"), schema("request")


@pytest.fixture(scope="module")
def index(seeds_index: Path) -> Index:
    return newsearch.open(seeds_index)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"query": "facial recogniton ban", "limit": 3},
        {"query": "tiktok", "offset": 1},
        {"query": "titel:ban"},
        {"query": "ban", "topics": "Privcy", "after": "2022"},
        {"query": "ban", "expand": True, "limit": 0},
        {"query": "portland", "collapse": "stories", "per_outlet": 1},
    ],
)
@pytest.mark.parametrize("explain", [True, False])
def test_a_page_is_what_its_schema_says(index: Index, request_: dict[str, Any], explain: bool) -> None:
    results = index.run(Request.from_mapping(request_))
    document = json.loads(to_json(page_mapping(Page(results, newsearch.engine.base.FACETS, explain))))
    PAGE.validate(document)
    assert set(document) == set(PAGE.schema["properties"])
    for clause in document["clauses"]:
        assert set(clause) == set(PAGE.schema["$defs"]["clause"]["properties"])


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests/cli/golden").glob("[qe]*n.json")), ids=lambda p: p.name
)
def test_the_golden_files_are_what_the_schema_says(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert PAGE.is_valid(document) == ("hits" in document)


def test_a_page_that_lacks_a_key_is_not_one(index: Index) -> None:
    document = page_mapping(Page(index.search("ban")))
    for key in document:
        assert not PAGE.is_valid({name: value for name, value in document.items() if name != key})


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SEVERAL = st.lists(TEXTS, max_size=3) | TEXTS
DATES = st.sampled_from(["2020-09-29", "2020-09", "7d", "yesterday", "2020-09-29T10:00:00.5Z"])
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "request": st.just(1),
        "query": TEXTS,
        "limit": st.integers(0, 50_000),
        "offset": st.integers(0, 50_000),
        "sort": st.sampled_from(["relevance", "newest", "oldest", "heat", "quality"]),
        "after": DATES | st.none(),
        "before": DATES | st.none(),
        "topics": SEVERAL,
        "providers": SEVERAL,
        "categories": SEVERAL,
        "types": SEVERAL,
        "authors": SEVERAL,
        "languages": SEVERAL,
        "min_heat": st.none() | st.integers(-5, 100) | st.floats(-5, 100),
        "min_quality": st.none() | st.integers(-5, 100) | st.floats(-5, 100),
        "unpublished": st.booleans(),
        "boosts": st.fixed_dictionaries(
            {}, optional={"heat": st.floats(0, 10), "half_life": st.integers(1, 9)}
        ),
        "as_of": DATES | st.none(),
        "tz": st.sampled_from(["UTC", "Europe/Paris", "Asia/Tokyo"]),
        "expand": st.none() | st.booleans(),
        "show": st.sampled_from(["best", "first", "bbc.com"]),
    },
)


@given(REQUESTS)
def test_a_request_goes_through_json_and_stays_the_same(mapping: dict[str, Any]) -> None:
    REQUEST.validate(mapping)
    request = Request.from_mapping(mapping)
    written = json.loads(json.dumps(request.as_mapping(), allow_nan=False))
    REQUEST.validate(written)
    again = Request.from_mapping(written)
    assert again == request
    assert hash(again) == hash(request)
    assert again.as_mapping() == written


ODD = st.sampled_from(
    [None, True, -1, 0, 1, 1.0, 1.5, 1e9, "", "x", "5", [], [1], ["x"], {}, {"heat": -1}, {"x": 1}]
)


@given(st.sampled_from(sorted(REQUEST.schema["properties"])), ODD)
def test_what_the_schema_refuses_is_refused_by_name_and_nothing_else_is(key: str, value: Any) -> None:
    said = refused({key: value})
    if said is None:
        assert REQUEST.is_valid({key: value})
        return
    assert re.match(rf"{key}[:.]", said)
    # Whether a text is a date or a zone is not for a schema to say.
    assert not REQUEST.is_valid({key: value}) or (key in DATED and isinstance(value, str))


def refused(mapping: dict[str, Any]) -> str | None:
    """What is wrong with a request; None where nothing is."""
    try:
        Request.from_mapping(mapping)
    except QueryError as error:
        return str(error)
    return None


DATED = ("after", "before", "as_of", "tz")


def test_the_schema_has_the_keys_and_the_defaults_of_a_request() -> None:
    keys = REQUEST.schema["properties"]
    attributes = newsearch.Index.search.__kwdefaults__
    assert set(keys) == {"request", "query", *attributes}
    assert keys["sort"]["enum"] == list(SORTS)
    for name, described in keys.items():
        if "default" in described and name != "tz":
            assert described["default"] == attributes[name]
