"""The HTML pages: search, saved searches, help. Their addresses contain their whole state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.routing import BaseRoute, Route

from newsearch import Index, QueryError, Request
from newsearch.outputs.words import counted
from newsearch.search.request import MAX_FOLDED
from newsearch.serve.answers import Answer, Body, Made, respond_packed
from newsearch.serve.article_page import answer_article
from newsearch.serve.chart import timeline
from newsearch.serve.live import Snapshot
from newsearch.serve.openapi import document
from newsearch.serve.parameters import REQUEST_PARAMETERS, address, read_request
from newsearch.serve.rendering import HTML, STATIC, drawn_by, render, text_of, version_of
from newsearch.serve.results_page import COLLAPSED, EVERY, FACETS, results_page, shown_facets, wrong_page
from newsearch.serve.site import Site
from newsearch.serve.story_page import answer_story, shown_stories
from newsearch.text.clean import one_line

_FRONT = 10
"""Stories on the front page."""


def routes(site: Site) -> list[BaseRoute]:
    """The routes of the pages."""

    def route(path: str, handler: Callable[[Site, HttpRequest], Any]) -> Route:
        async def endpoint(http: HttpRequest) -> Answer:
            found: Answer = await handler(site, http)
            return found

        return Route(path, endpoint)

    return [
        route("/", _search),
        route("/article", answer_article),
        route("/story", answer_story),
        route("/story/{id:path}", answer_story),
        route("/saved", _saved),
        route("/help", _help),
        route("/api", _api),
        route("/static/{name}", _static),
    ]


async def _search(site: Site, http: HttpRequest) -> Answer:
    # A form also sends empty fields, and links may contain parameters of other sites.
    given = [
        (name, value)
        for name, value in http.query_params.multi_items()
        if name in REQUEST_PARAMETERS and (value or name == "query")
    ]
    try:
        return await _found(site, http, given)
    except QueryError as error:
        page = wrong_page(site, given, error)
        return respond_packed(http, page, HTML, status=400, headers={"Cache-Control": "no-store"})


async def _found(site: Site, http: HttpRequest, given: Sequence[tuple[str, str]]) -> Answer:
    chosen = dict(given).get("collapse")
    explain = http.query_params.get("explain") == "true"
    more = http.query_params.get("more", "")
    more = more if more in {name for name, _, _ in FACETS} else ""
    request = _collapsed(site.within(read_request(pair for pair in given if pair[0] != "collapse")), chosen)
    is_front = request == Request(limit=request.limit, collapse=COLLAPSED)
    if is_front:
        request = replace(request, sort="newest")

    def make(snapshot: Snapshot) -> Made:
        # Which articles are copies is not known at once when an index is first opened.
        is_early = request.collapse == COLLAPSED and snapshot.index.are_copies_pending
        wanted = replace(request, collapse=None) if is_early else request

        def body() -> Body:
            results = snapshot.index.run(wanted)
            stories = shown_stories(site, snapshot.index.stories(limit=_FRONT)) if is_front else []
            return Body(results_page(site, results, request, explain, more, is_front, stories))

        key = (
            snapshot.index.fingerprint(wanted),
            request,
            is_early,
            explain,
            more,
            http.headers.get("host"),
            drawn_by(),
        )
        return Made(key, body)

    return await site.answer(http, HTML, make)


def warm_up(index: Index) -> None:
    """Compute what the front page and most searches share, which takes far longer than either."""
    results = index.run(Request(sort="newest", collapse=COLLAPSED))
    list(shown_facets(results, "", lambda **_: ""))
    timeline(results, lambda *_: "")
    index.stories(limit=_FRONT)
    index.complete("a")


def _collapsed(request: Request, chosen: str | None) -> Request:
    """The request of a page. Without a choice, copies are folded, as deep as they can be."""
    if chosen is None:
        is_deep = request.offset + request.limit > MAX_FOLDED
        return request if is_deep else replace(request, collapse=COLLAPSED)
    return request if chosen == EVERY else replace(request, collapse=chosen)


async def _saved(site: Site, http: HttpRequest) -> Answer:
    def make(snapshot: Snapshot) -> Made:
        searches = site.saved()

        def body() -> Body:
            rows = [
                {
                    "name": one_line(search.name),
                    "url": address(site.url("/"), search.request),
                    "feed": address(site.url("/search.atom"), search.request),
                    "found": counted(
                        snapshot.index.run(replace(search.request, limit=0, offset=0, collapse=None)).total,
                        "article",
                    ),
                }
                for search in searches
            ]
            return Body(render(site, "saved.html", typed="", searches=rows, opml=site.url("/saved.opml")))

        key = [
            (search.name, snapshot.index.fingerprint(search.request), search.request) for search in searches
        ]
        return Made(("saved", key, drawn_by()), body)

    return await site.answer(http, HTML, make)


EXAMPLES = (
    ("Words", (("vaccine trial", "articles with both words first, then those with one"),)),
    (
        "Exactly",
        (
            ('"mail-in ballots"', "these words, together"),
            ("portland AND ban", "both words, never only one"),
            ("ban -amazon", "without amazon"),
            ("(ban OR rule) AND portland", "one of the two, and portland"),
            ("facial NEAR/5 police", "at most five words apart"),
        ),
    ),
    (
        "More loosely",
        (("vaccin*", "words that begin like this"), ("recogniton~", "words that look like this")),
    ),
    (
        "Where",
        (
            ("title:ban", "in the title"),
            ("topic:privacy", "with this topic; also #privacy"),
            ("site:civicwatch.example", "from this outlet"),
            ("lang:fr", "in this language"),
            ("is:video", "videos"),
        ),
    ),
    (
        "When, and how hot",
        (
            ("after:2020-09", "from September 2020 on"),
            ("date:2020-09..2020-10", "between the two"),
            ("after:7d", "of the last seven days"),
            ("heat:>50", "of more than this heat"),
        ),
    ),
)
"""Queries for the help page, by heading, each with what it finds."""


async def _help(site: Site, http: HttpRequest) -> Answer:
    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            groups = [
                (heading, [(query, text, address(site.url("/"), Request(query))) for query, text in examples])
                for heading, examples in EXAMPLES
            ]
            return Body(render(site, "help.html", typed="", groups=groups))

        return Made(("help", drawn_by()), body)

    return await site.answer(http, HTML, make)


async def _api(site: Site, http: HttpRequest) -> Answer:
    described = document(site.settings.base_path, site.settings.max_limit)
    return respond_packed(http, render(site, "api.html", typed="", paths=described["paths"]), HTML)


async def _static(site: Site, http: HttpRequest) -> Answer:
    name = http.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404)
    is_current = http.query_params.get("v") == version_of(name)
    keep = "public, max-age=31536000, immutable" if is_current else "no-cache"
    return respond_packed(http, text_of(name), STATIC[name], headers={"Cache-Control": keep})
