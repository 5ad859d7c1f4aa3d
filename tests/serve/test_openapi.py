"""The description of the API is true: what it allows is answered, and what it refuses is a problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT
from hypothesis import HealthCheck, settings

from newsearch.serve import app
from newsearch.serve.openapi import REQUEST
from newsearch.serve.parameters import REQUEST_PARAMETERS, VIEW_PARAMETERS


def _bare(schema: Any) -> Any:
    """A schema without what it says to people."""
    if isinstance(schema, list):
        return [_bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _bare(part) for key, part in schema.items() if key not in ("description", "default", "examples")
    }


def test_it_describes_the_request_as_the_schema_does() -> None:
    schema = json.loads((ROOT / "docs/request.schema.json").read_text(encoding="utf-8"))
    several = schema["$defs"]["several"]
    expected = {
        name: several if "$ref" in described else _bare(described)
        for name, described in schema["properties"].items()
    }
    assert _bare(REQUEST) == expected


def test_it_has_every_path_and_parameter(client: Any) -> None:
    described = client.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    search = described["paths"]["/api/v1/search"]["get"]
    assert {parameter["name"] for parameter in search["parameters"]} == {
        *REQUEST_PARAMETERS,
        *VIEW_PARAMETERS,
    }
    routes = {route.path for route in client.app._inner.routes if route.path.startswith("/api/")}
    assert set(described["paths"]) == routes


def test_a_posted_request_has_the_limit_of_the_server(serve: Any) -> None:
    client = serve(max_limit=50)
    described = client.get("/openapi.json").json()
    limit = described["components"]["schemas"]["Request"]["properties"]["limit"]
    assert limit["maximum"] == 50
    for size, status in ((50, 200), (51, 400)):
        assert client.post("/api/v1/search", json={"limit": size}).status_code == status


def test_people_have_a_page_of_it(client: Any) -> None:
    answer = client.get("/api")
    assert "GET /api/v1/search" in answer.text
    assert "facet_limit" in answer.text


def test_what_it_allows_is_answered_as_it_says(index: Path) -> None:
    assert _asked(index, examples=15) > 50


@pytest.mark.slow
def test_two_thousand_requests_are_answered_as_it_says(index: Path) -> None:
    # Some operations have only a few requests that differ.
    assert _asked(index, examples=220) >= 2_000


def _described(index: Path) -> list[Any]:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is in the extra dev")
    schema = schemathesis.openapi.from_asgi("/openapi.json", app(index), headers={"Host": "localhost"})
    return [found.ok() for found in schema.get_all_operations()]


def _asked(index: Path, examples: int) -> int:
    """Ask for what the description allows, and check the answers against it. Returns the number of requests."""
    operations = _described(index)
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    # Which texts are dates, and which queries ask for what is not shown, is not for a schema to say.
    held = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    few = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    seen = 0
    for operation in operations:

        @few
        @_given(operation)
        def ask(case: Any) -> None:
            nonlocal seen
            answer = case.call(headers={"Host": "localhost"})
            case.validate_response(answer, checks=held)
            seen += 1

        ask()
    return seen


def _given(operation: Any) -> Any:
    from hypothesis import given

    return given(case=operation.as_strategy())
