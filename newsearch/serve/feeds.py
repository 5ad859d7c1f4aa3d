"""Searches as feeds, and the description that lets browsers search here from their address bar."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request as HttpRequest
from starlette.routing import BaseRoute, Route

from newsearch import Hit, QueryError
from newsearch.outputs.feeds import Feed, atom, json_feed, rss
from newsearch.outputs.json_page import to_json
from newsearch.serve.answers import Answer, Body, Made, respond_packed
from newsearch.serve.live import Snapshot
from newsearch.serve.parameters import address, write_view
from newsearch.serve.site import Site
from newsearch.serve.values import web_address
from newsearch.text.clean import one_line

FORMATS: dict[str, tuple[str, Callable[[Feed], str]]] = {
    "/search.atom": ("application/atom+xml; charset=utf-8", atom),
    "/search.rss": ("application/rss+xml; charset=utf-8", rss),
    "/search.json": ("application/feed+json; charset=utf-8", lambda feed: to_json(json_feed(feed))),
}

_ARTICLES = 30
"""Default number of articles in a feed."""

_SUGGESTED = 8


def routes(site: Site) -> list[BaseRoute]:
    """The routes of the feeds."""

    def feed(path: str) -> Route:
        async def endpoint(http: HttpRequest) -> Answer:
            return await _feed(site, http, path)

        return Route(path, endpoint)

    async def opensearch(http: HttpRequest) -> Answer:
        return _opensearch(site, http)

    async def saved(http: HttpRequest) -> Answer:
        return await _opml(site, http)

    async def suggest(http: HttpRequest) -> Answer:
        return await _suggest(site, http)

    return [
        *map(feed, FORMATS),
        Route("/opensearch.xml", opensearch),
        Route("/suggest", suggest),
        Route("/saved.opml", saved),
    ]


async def _feed(site: Site, http: HttpRequest, path: str) -> Answer:
    media_type, write = FORMATS[path]
    request, view = site.asked(http)
    for name, _ in write_view(view):
        raise QueryError(f"{name}: a feed has no facets and no explanations")
    # A feed shows the newest articles, and feed readers do not request pages.
    if "sort" not in http.query_params:
        request = replace(request, sort="newest")
    if "limit" not in http.query_params:
        request = replace(request, limit=min(_ARTICLES, site.settings.max_limit))
    url = site.absolute(http, address(path, request))
    page = site.absolute(http, address("/", request))

    about = site.absolute(http, "/article")

    def link(hit: Hit) -> str:
        return web_address(hit.url) or f"{about}?{urlencode([('id', hit.id)])}"

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            results = snapshot.index.run(request)
            return Body(write(Feed(results, url, page, snapshot.stats.created, link)))

        return Made((snapshot.index.fingerprint(request), url), body)

    return await site.answer(http, media_type, make)


def _opensearch(site: Site, http: HttpRequest) -> Answer:
    page, suggest = site.absolute(http, "/"), site.absolute(http, "/suggest")
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
<ShortName>newsearch</ShortName>
<Description>Search the news</Description>
<InputEncoding>UTF-8</InputEncoding>
<Url type="text/html" template="{escape(page)}?query={{searchTerms}}"/>
<Url type="application/atom+xml" template="{escape(site.absolute(http, "/search.atom"))}?query={{searchTerms}}"/>
<Url type="application/x-suggestions+json" template="{escape(suggest)}?query={{searchTerms}}"/>
</OpenSearchDescription>
"""
    return respond_packed(http, text, "application/opensearchdescription+xml")


async def _opml(site: Site, http: HttpRequest) -> Answer:
    """The feeds of the saved searches, for a feed reader."""

    def make(snapshot: Snapshot) -> Made:
        lines = [
            f'<outline type="rss" text={quoteattr(one_line(search.name))}'
            f" xmlUrl={quoteattr(site.absolute(http, address('/search.atom', search.request)))}"
            f" htmlUrl={quoteattr(site.absolute(http, address('/', search.request)))}/>"
            for search in site.saved()
        ]
        text = "\n".join(
            [
                '<?xml version="1.0" encoding="utf-8"?>',
                '<opml version="2.0">',
                "<head><title>newsearch</title></head>",
                "<body>",
                *lines,
                "</body>",
                "</opml>",
                "",
            ]
        )
        return Made(("opml", text), lambda: Body(text))

    return await site.answer(http, "text/x-opml; charset=utf-8", make)


async def _suggest(site: Site, http: HttpRequest) -> Answer:
    typed = http.query_params.get("query", "")

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            found = snapshot.index.complete(typed, _SUGGESTED)
            return Body(json.dumps([typed, [completion.text for completion in found]], ensure_ascii=False))

        return Made(("suggest", typed), body)

    return await site.answer(http, "application/x-suggestions+json", make)
