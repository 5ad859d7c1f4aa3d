"""The OpenAPI 3.1 description of the API, for client generators."""

from __future__ import annotations

from typing import Any

import newsearch
from newsearch.engine.base import FACETS, MAX_PAGE, SORTS
from newsearch.outputs.json_page import SCHEMA
from newsearch.search.request import COLLAPSES, COUNTS, REQUEST_VERSION
from newsearch.search.request import MAX_VALUES as MAX_ITEMS
from newsearch.search.timelines import UNITS as PERIODS
from newsearch.serve.parameters import LISTS, MAX_COMPLETIONS, MAX_STORIES, MAX_VALUES, MAX_WORDS, UNITS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT, "maxItems": MAX_ITEMS}
_WEIGHT: Schema = {"type": "number", "minimum": 0, "maximum": 10}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_PLACE: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_PAGE}
_HALF_LIFE: Schema = {"type": "number", "minimum": 1e-6, "exclusiveMaximum": 1_000_000}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


REQUEST: Schema = {
    "request": {"const": REQUEST_VERSION},
    "query": _TEXT,
    "limit": _PLACE,
    "offset": _PLACE,
    "sort": {"enum": list(SORTS)},
    "after": _or_null(_TEXT),
    "before": _or_null(_TEXT),
    **{name: {"anyOf": [_TEXTS, _TEXT]} for name in LISTS},
    "min_heat": _or_null({"type": "number"}),
    "min_quality": _or_null({"type": "number"}),
    "unpublished": {"type": "boolean"},
    "boosts": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "heat": _WEIGHT,
            "quality": _WEIGHT,
            "recency": _WEIGHT,
            "half_life": _or_null(_HALF_LIFE),
        },
    },
    "as_of": _or_null(_TEXT),
    "tz": _TEXT,
    "expand": _or_null({"type": "boolean"}),
    "collapse": {"enum": [None, *COLLAPSES]},
    "show": {"type": "string", "pattern": "\\S"},
    "count": {"enum": list(COUNTS)},
    "per_outlet": _or_null({"type": "integer", "minimum": 1, "maximum": MAX_PAGE}),
}
"""The properties of a request, as in docs/request.schema.json, without descriptions."""

_SAID = {
    "query": "the query; any text is one",
    "limit": "hits on the page",
    "offset": "hits before the page",
    "sort": "what comes first",
    "after": "articles from then on: 2020-09-29, 2020-09, 7d",
    "before": "articles before then",
    "topics": "whole topics, all of which an article has",
    "providers": "outlets, by name or domain; an article is from one of them",
    "authors": "authors, by words of the name; an article is by one of them",
    "categories": "categories; an article is in one of them",
    "types": "types; an article is of one of them",
    "languages": "languages, by tag; an article is in one of them",
    "min_heat": "the least heat",
    "min_quality": "the least quality",
    "unpublished": "find unpublished articles too, where the server shows them",
    "as_of": "the moment that relative dates and recency count from",
    "tz": "the zone in which days begin, such as Europe/Paris",
    "expand": "search also for words that the best articles share",
    "collapse": "copies or stories: one hit for all copies of a text, or for all reports of an event",
    "show": "which article of a group is the hit: best, first, last, or the name or domain of an outlet",
    "count": "what facets count; all copies of a text count as one text",
    "per_outlet": "hits of one outlet on a page, as long as others have some",
    "request": "the version of the request",
    "boosts.heat": "how much heat counts",
    "boosts.quality": "how much quality counts",
    "boosts.recency": "how much recency counts",
    "boosts.half_life": "days in which recency halves",
    "facets": "values to count",
    "facet_limit": "values of each facet",
    "explain": "say how each score came about",
}


def document(base_path: str, max_limit: int) -> Schema:
    """The description of the API.

    Args:
        base_path: base path of the server.
        max_limit: maximum number of hits on a page.
    """
    view = [
        _parameter("facets", {"type": "array", "items": {"enum": list(FACETS)}}),
        _parameter("facet_limit", {"type": "integer", "minimum": 1, "maximum": MAX_VALUES}),
        _parameter("explain", {"type": "boolean"}),
    ]
    asked = _request_parameters(max_limit)
    window = [one for one in asked if one["name"] in ("query", "after", "before", "as_of", "tz")]
    keys = {**REQUEST, "limit": {**REQUEST["limit"], "maximum": max_limit}}
    body = {"type": "object", "additionalProperties": False, "properties": keys}
    counted = {"type": "object", "required": ["schema", "query", "total"]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "newsearch",
            "version": newsearch.__version__,
            "summary": "Search a collection of news.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_path or "/"}],
        "paths": {
            "/api/v1/search": {
                "get": _get("search", "Find articles", "Page", [*asked, *view], 304),
                "post": {
                    **_get(
                        "searchByRequest", "Find articles, by a request as JSON", "Page", view, 408, 413, 415
                    ),
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": _ref("Request")}},
                    },
                },
            },
            "/api/v1/article": {"get": _get("article", "Give one article", "Article", [_ID], 304, 404)},
            "/api/v1/complete": {
                "get": _get(
                    "complete",
                    "Complete the last word of a query",
                    "Completions",
                    [
                        {"name": "text", "in": "query", "schema": _TEXT, "description": "the query so far"},
                        _most("completions to give", MAX_COMPLETIONS),
                    ],
                    304,
                )
            },
            "/api/v1/facets": {
                "get": _get("facets", "Count values of the found articles", "Facets", [*asked, *view], 304)
            },
            "/api/v1/timeline": {
                "get": _get(
                    "timeline",
                    "Count the found articles by time",
                    "Timeline",
                    [
                        {
                            "name": "unit",
                            "in": "query",
                            "schema": {"enum": list(UNITS)},
                            "description": "what to count by; by default, months",
                        },
                        *asked,
                    ],
                    304,
                )
            },
            "/api/v1/stories": {
                "get": _get(
                    "stories",
                    "Say what is big: the stories that most outlets report",
                    "Stories",
                    [
                        *window,
                        _most("stories to give; by default, 10", MAX_STORIES),
                        {
                            "name": "id",
                            "in": "query",
                            "schema": _TEXT,
                            "description": "only the story that the article with this id reports",
                        },
                    ],
                    304,
                    404,
                )
            },
            "/api/v1/coverage": {
                "get": _get(
                    "coverage",
                    "Say how much each outlet published on a query",
                    "Coverage",
                    [
                        *window,
                        {
                            "name": "by",
                            "in": "query",
                            "schema": {"enum": list(PERIODS)},
                            "description": "count each of these, too",
                        },
                    ],
                    304,
                )
            },
            "/api/v1/words": {
                "get": _get(
                    "words",
                    "Give the words most distinctive for a query",
                    "Words",
                    [*window, _most("words to give; by default, 20", MAX_WORDS)],
                    304,
                )
            },
            "/api/v1/related": {
                "get": _get(
                    "related",
                    "Give articles on the subject of another",
                    "Related",
                    [
                        _ID,
                        _most("articles to give; by default, 10", max_limit),
                    ],
                    304,
                    404,
                )
            },
            "/api/v1/copies": {
                "get": _get(
                    "copies",
                    "Say where else a text was published, and who ran it first",
                    "Copies",
                    [_ID],
                    304,
                    404,
                )
            },
            "/api/v1/saved": {"get": _get("saved", "List the saved searches", "Saved", [], 304)},
            "/api/v1/stats": {"get": _get("stats", "Say what the index holds", "Stats", [], 304)},
        },
        "components": {
            "schemas": {
                "Request": body,
                "Page": _PAGE,
                "Article": {"type": "object", "required": ["schema", "article"]},
                "Completions": {"type": "object", "required": ["schema", "query", "completions"]},
                "Facets": {**counted, "required": [*counted["required"], "facets", "notes"]},
                "Timeline": {**counted, "required": [*counted["required"], "unit", "values"]},
                "Stories": {
                    "type": "object",
                    "required": ["schema", "query", "articles", "total", "exact", "stories"],
                },
                "Coverage": {
                    "type": "object",
                    "required": ["schema", "query", "periods", "articles", "total", "outlets"],
                },
                "Words": {"type": "object", "required": ["schema", "query", "words"]},
                "Related": {"type": "object", "required": ["schema", "id", "related"]},
                "Copies": {"type": "object", "required": ["schema", "id", "copies"]},
                "Saved": {"type": "object", "required": ["schema", "saved"]},
                "Stats": {"type": "object", "required": ["schema", "articles", "generation"]},
                "Problem": _PROBLEM,
            }
        },
    }


_PAGE: Schema = {
    "type": "object",
    "description": "docs/page.schema.json describes it further.",
    "required": [
        "schema",
        "query",
        "total",
        "hits",
        "related",
        "facets",
        "notes",
        "did_you_mean",
        "clauses",
    ],
    "properties": {
        "schema": {"const": SCHEMA},
        "query": _TEXT,
        "total": {
            "type": "object",
            "required": ["complete", "partial"],
            "properties": {"complete": _COUNT, "partial": _COUNT},
        },
        "hits": {
            "type": "array",
            "items": {"type": "object", "required": ["rank", "score", "complete", "id"]},
        },
        "related": {"type": "array"},
        "facets": {"type": "object"},
        "notes": {"type": "array"},
        "did_you_mean": {"type": ["string", "null"]},
        "clauses": {"type": "array"},
    },
}

_PROBLEM: Schema = {
    "type": "object",
    "description": "An error, as RFC 9457 has it.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "parameter": {"type": "string", "description": "the parameter, or the key of the request, to blame"},
        "position": {"type": "integer", "description": "where in the body its JSON ends to be JSON"},
    },
}


def _request_parameters(max_limit: int) -> list[Schema]:
    parameters = []
    for name, schema in REQUEST.items():
        if name == "boosts":
            for weight in schema["properties"]:
                parameters.append(
                    _parameter(f"boosts.{weight}", _HALF_LIFE if weight == "half_life" else _WEIGHT)
                )
        elif name in LISTS:
            parameters.append(_parameter(name, _TEXTS))
        elif name == "limit":
            parameters.append(_parameter(name, {**schema, "maximum": max_limit}))
        elif isinstance(schema.get("type"), list):
            parameters.append(_parameter(name, {**schema, "type": schema["type"][0]}))
        elif None in schema.get("enum", ()):
            named = [value for value in schema["enum"] if value is not None]
            parameters.append(_parameter(name, {"enum": named}))
        else:
            parameters.append(_parameter(name, schema))
    return parameters


def _parameter(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": _SAID[name]}


def _most(text: str, most: int) -> Schema:
    limit = {"type": "integer", "minimum": 1, "maximum": most}
    return {"name": "limit", "in": "query", "schema": limit, "description": text}


_ID: Schema = {
    "name": "id",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "description": "the article's id",
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _get(id: str, summary: str, answer: str, parameters: list[Schema], *more: int) -> Schema:
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    responses: Schema = {
        "200": {
            "description": "what was asked for",
            "content": {"application/json": {"schema": _ref(answer)}},
        },
        "400": {"description": "a parameter, or the body, cannot be used", "content": problem},
        "401": {"description": "a token is needed", "content": problem},
        "403": {"description": "a page of another site asks", "content": problem},
        "414": {"description": "the address is too long", "content": problem},
        "421": {"description": "the server does not answer to this name", "content": problem},
        "503": {"description": "too many searches wait, or the index cannot be read", "content": problem},
    }
    meanings = {
        304: "the client has it",
        404: "there is no such article",
        408: "the body came too slowly",
        413: "the body is too long",
        415: "the body is not JSON",
    }
    for status in more:
        responses[str(status)] = {"description": meanings[status]} | (
            {"content": problem} if status != 304 else {}
        )
    return {
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": dict(sorted(responses.items())),
    }
