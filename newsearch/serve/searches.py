"""A page of hits as the API sends it."""

from __future__ import annotations

from urllib.parse import urlencode

from newsearch import QueryError, Request
from newsearch.engine.base import MAX_PAGE
from newsearch.outputs.json_page import page_bytes
from newsearch.outputs.page import Page
from newsearch.search.results import Results
from newsearch.serve.answers import Body
from newsearch.serve.live import Snapshot
from newsearch.serve.parameters import PLAIN, View, write_request, write_view
from newsearch.serve.site import Site

SEARCH = "/api/v1/search"


def key_of(snapshot: Snapshot, request: Request, view: View, *, linked: bool) -> object:
    """What determines the page, besides the generation: see `Made.key`.

    Dates count as they were asked, which links and explanations repeat, and as what they mean now.
    """
    if view == PLAIN and request.is_plain:
        return plain_key(request, linked=linked)
    return (snapshot.index.fingerprint(request), request, view, not linked)


def plain_key(request: Request, *, linked: bool) -> object:
    """As `key_of`, for a request that is words and a page alone."""
    return (request.query, request.limit, request.offset, not linked)


def page_of(site: Site, results: Results, view: View, *, linked: bool) -> Body:
    """The page.

    Args:
        linked: whether it has the links to other pages.
    """
    page = Page(results, view.facets, view.explain, view.facet_limit)
    return Body(page_bytes(page), _links(site, results, view) if linked else {})


def hits_of(results: Results) -> int:
    """The number of hits on all pages: of groups, as far as all articles were grouped, or of articles."""
    folding = results.folding
    return folding.groups if folding and folding.exact else results.total


def offset_after(results: Results) -> int | None:
    """The offset of the next page; None if there is none."""
    limit, offset = results.request.limit, results.request.offset + results.request.limit
    is_full = 0 < limit == len(results)
    return offset if is_full and offset < hits_of(results) and offset + limit <= MAX_PAGE else None


def offset_before(results: Results) -> int | None:
    """The offset of the page before, or of the last one with hits if this one is past it; None if there is none."""
    limit, offset = results.request.limit, results.request.offset
    if not (limit and offset):
        return None
    last = (hits_of(results) - 1) // limit * limit
    return max(0, min(offset - limit, last))


def _links(site: Site, results: Results, view: View) -> dict[str, str]:
    """Links to the previous and next pages, in the form of RFC 8288."""
    following, preceding = offset_after(results), offset_before(results)
    places = {} if following is None else {"next": following}
    if preceding is not None:
        places |= {"prev": preceding, "first": 0}
    if not places:
        return {}
    try:
        before, after = _around_offset(results.request, view)
    except QueryError:  # a zone without a name cannot be written as a parameter
        return {}
    links = []
    for relation, offset in places.items():
        parameters = "&".join(filter(None, (before, f"offset={offset}" if offset else "", after)))
        url = site.url(SEARCH) + (f"?{parameters}" if parameters else "")
        links.append(f'<{url}>; rel="{relation}"')
    return {"Link": ", ".join(links)}


def _around_offset(request: Request, view: View) -> tuple[str, str]:
    """The parameters that stand before and after the offset in an address."""
    query = request.query
    if view is PLAIN and query.isascii() and request.is_plain and request.limit == Request.limit:
        return f"query={query.replace(' ', '+')}", ""
    pairs = [*write_request(request), *write_view(view)]
    return (
        urlencode([pair for pair in pairs if pair[0] in ("query", "limit")]),
        urlencode([pair for pair in pairs if pair[0] not in ("query", "limit", "offset")]),
    )
