"""The HTML pages: search, article, help. Their addresses contain their whole state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from hashlib import blake2b
from math import log10
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.routing import BaseRoute, Route

from newsearch import Article, Clause, Explanation, Hit, Index, QueryError, Request, Results
from newsearch.engine.base import MAX_PAGE, SORTS
from newsearch.outputs.differences import changes, differences
from newsearch.outputs.extract import Marked, extract, title
from newsearch.outputs.page import Page
from newsearch.outputs.words import counted, counted_copies, counted_matches, delay
from newsearch.search.folding import Copy, copy_of
from newsearch.search.fronts import Stories, Story
from newsearch.search.request import MAX_FOLDED
from newsearch.serve.answers import Answer, Body, Made, respond_packed
from newsearch.serve.live import Snapshot
from newsearch.serve.openapi import document
from newsearch.serve.parameters import LISTS, REQUEST_PARAMETERS, address, read_request
from newsearch.serve.site import Site
from newsearch.text.clean import one_line

HTML = "text/html; charset=utf-8"

COLLAPSED = "copies"
"""How the page collapses results by default."""

EVERY = "none"
"""The value of `collapse` in the address of a page that shows every article."""

COLLAPSES = (("copies", "one per text"), ("stories", "one per story"), (EVERY, "every article"))
"""The ways in which a page collapses its results: value, label."""

_FRONT = 10
_REPORTS = 500
"""Stories on the front page, and reports on the page of a story."""

FACETS = (
    ("topic", "topics", "Topics"),
    ("provider", "providers", "Outlets"),
    ("author", "authors", "Authors"),
    ("category", "categories", "Categories"),
    ("type", "types", "Types"),
    ("language", "languages", "Languages"),
)
"""Facets of the page: name, the parameter that filters by it, heading."""

_VALUES = 8
_MANY_VALUES = 100
_MOST_BARS = 36
_THICK = 32.0
"""Maximum width of a bar of the timeline, out of 600."""
_BODY = 1_500
"""Maximum characters of an article's text on its page; the rest is read at the publisher's."""

_HERE = Path(__file__).parent
_STATIC = {
    "style.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def routes(site: Site) -> list[BaseRoute]:
    """The routes of the pages."""

    def route(path: str, handler: Callable[[Site, HttpRequest], Any]) -> Route:
        async def endpoint(http: HttpRequest) -> Answer:
            found: Answer = await handler(site, http)
            return found

        return Route(path, endpoint)

    return [
        route("/", _search),
        route("/article", _article),
        route("/story", _story),
        route("/story/{id:path}", _story),
        route("/saved", _saved),
        route("/help", _help),
        route("/api", _api),
        route("/static/{name}", _static),
    ]


def error_page(site: Site, status: int, heading: str, detail: str) -> str:
    """The page of an error."""
    return _render(site, "error.html", status=status, heading=heading, detail=detail)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["counted"] = counted
    environment.filters["line"] = one_line
    return environment


@cache
def _file(name: str) -> str:
    return (_HERE / "static" / name).read_text(encoding="utf-8")


@cache
def _version(name: str) -> str:
    return blake2b(_file(name).encode(), digest_size=6).hexdigest()


def _render(site: Site, template: str, **values: Any) -> str:
    def asset(name: str) -> str:
        return site.url(f"/static/{name}?v={_version(name)}")

    has_saved = site.settings.saved is not None
    return (
        _environment().get_template(template).render(url=site.url, asset=asset, has_saved=has_saved, **values)
    )


# The search


async def _search(site: Site, http: HttpRequest) -> Answer:
    # A form also sends empty fields, and links may contain parameters of other sites.
    pairs = [
        (name, value)
        for name, value in http.query_params.multi_items()
        if name in REQUEST_PARAMETERS and (value or name == "query")
    ]
    chosen = dict(pairs).get("collapse")
    pairs = [pair for pair in pairs if pair[0] != "collapse"]
    explain = http.query_params.get("explain") == "true"
    more = http.query_params.get("more", "")
    try:
        request = _collapsed(site.within(read_request(pairs)), chosen)
    except QueryError as error:
        values = dict(pairs)
        page = _render(site, "wrong.html", typed=values.get("query", ""), values=values, error=str(error))
        return respond_packed(http, page, HTML, status=400, headers={"Cache-Control": "no-store"})
    is_front = request == Request(limit=request.limit, collapse=COLLAPSED)
    if is_front:
        request = replace(request, sort="newest")

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            results = snapshot.index.run(request)
            stories = _front(site, snapshot.index.stories(limit=_FRONT)) if is_front else []
            return Body(_search_page(site, http, results, explain, more, is_front, stories))

        key = (snapshot.index.fingerprint(request), pairs, explain, more, http.headers.get("host"), _mark())
        return Made(key, body)

    return await site.answer(http, HTML, make)


def warm_up(index: Index) -> None:
    """Compute what the front page and most searches share, which takes far longer than either."""
    results = index.run(Request(sort="newest", collapse=COLLAPSED))
    list(_facets(results, "", ""))
    _timeline(results, lambda **_: "")
    index.stories(limit=_FRONT)
    index.complete("a")


def _collapsed(request: Request, chosen: str | None) -> Request:
    """The request of a page. Without a choice, copies are folded, as deep as they can be."""
    if chosen is None:
        is_deep = request.offset + request.limit > MAX_FOLDED
        return request if is_deep else replace(request, collapse=COLLAPSED)
    return request if chosen == EVERY else replace(request, collapse=chosen)


@cache
def _mark() -> str:
    """A value that changes whenever templates or files do."""
    digest = blake2b(digest_size=8)
    for path in sorted([*(_HERE / "templates").iterdir(), *(_HERE / "static").iterdir()]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _search_page(
    site: Site,
    http: HttpRequest,
    results: Results,
    explain: bool,
    more: str,
    is_front: bool,
    stories: Sequence[dict[str, Any]],
) -> str:
    request = results.request
    root = site.url("/")

    def link(**changes: Any) -> str:
        changes.setdefault("offset", 0)
        return _address(root, replace(request, **changes))

    page = Page(results)
    hits = [_hit(site, results, rank, hit, explain) for rank, hit in page.ranked()]
    first_partial = next((i for i, hit in enumerate(hits) if not hit["complete"]), None)
    related = [_hit(site, results, rank, hit, explain) for rank, hit in page.related()]
    following = request.offset + request.limit
    here = link(offset=request.offset)
    suggestion = results.did_you_mean
    return _render(
        site,
        "search.html",
        request=request,
        typed=request.query,
        is_front=is_front,
        stories=stories,
        collapses=[(value, text, value == (request.collapse or EVERY)) for value, text in COLLAPSES],
        found=_found(results),
        hits=hits,
        first_partial=first_partial if first_partial and not is_front else None,
        related=related,
        notes=[note.message for note in results.notes],
        suggestion=suggestion and {"text": suggestion, "url": link(query=suggestion)},
        clauses=[] if results.total else list(_advice(request, results.diagnose(), link)),
        facets=list(_facets(results, more, root)),
        timeline=_timeline(results, link),
        chips=list(_chips(request, link)),
        sorts=SORTS,
        before=link(offset=max(0, request.offset - request.limit)) if request.offset else None,
        after=(
            link(offset=following)
            if 0 < request.limit == len(results)
            and following < _hits_of(results)
            and following + request.limit <= MAX_PAGE
            else None
        ),
        explain_url=f"{here}{'&' if '?' in here else '?'}explain=true",
        explain=explain,
        feed_url=address(site.url("/search.atom"), replace(request, collapse=None, offset=0)),
        json_url=address(site.url("/api/v1/search"), request),
    )


def _found(results: Results) -> str:
    counts = results.counts
    offset, size = results.request.offset, len(results)
    if not results.total:
        return "Nothing found"
    hits = _hits_of(results)
    place = f"{offset + 1:,} to {offset + size:,} of " if size and size < hits else ""
    if hits == results.total:
        return place + counted_matches(counts)
    one, several = ("text", "texts") if results.request.collapse == "copies" else ("story", "stories")
    return f"{place}{hits:,} {one if hits == 1 else several} in {counted_matches(counts)}"


def _hits_of(results: Results) -> int:
    """The number of hits on all pages: of groups, as far as all articles were grouped, or of articles."""
    folding = results.folding
    return folding.groups if folding and folding.exact else results.total


def _hit(site: Site, results: Results, rank: int, hit: Hit, explain: bool) -> dict[str, Any]:
    article, tree = hit.article, results.query.tree
    parameters = [("id", hit.id)]
    if results.request.query:
        parameters.append(("query", results.request.query))
    return {
        "rank": rank,
        "complete": hit.complete,
        "title": _marked(title(hit, tree)),
        "extract": _marked(extract(hit, tree)),
        "link": _web(hit.url),
        "page": f"{site.url('/article')}?{urlencode(parameters)}",
        **_facts(article, results.tz),
        "explanation": list(_rows(hit.explanation, 0)) if explain else [],
        "others": _others(site, results, hit, parameters),
    }


def _others(
    site: Site, results: Results, hit: Hit, parameters: list[tuple[str, str]]
) -> dict[str, str] | None:
    """The link to the other articles that a hit represents."""
    if not hit.copies:
        return None
    by = results.request.collapse
    text = counted_copies(hit, by)
    if by != "stories" or hit.article.date is None:
        return {"text": text, "url": f"{site.url('/article')}?{urlencode(parameters)}#copies"}
    moments = [hit.article.date, *(copy.date for copy in hit.copies)]
    days = [_date_of(moment, results.tz) for moment in moments if moment is not None]
    return {"text": text, "url": _story_url(site, hit.id, "", min(days), max(days))}


def _date_of(moment: date | datetime, tz: tzinfo) -> date:
    return moment.astimezone(tz).date() if isinstance(moment, datetime) else moment


def _facts(article: Article, tz: tzinfo) -> dict[str, Any]:
    provider = article.provider
    return {
        "outlet": one_line(provider.name or provider.domain) if provider else "",
        "date": _day(article.date, tz),
        "published": article.published,
        "signals": [
            {"name": name, "value": f"{value:g}", "width": _width(value)}
            for name, value in (("heat", article.heat), ("quality", article.quality))
            if value is not None and value >= 0
        ],
    }


def _width(value: float) -> float:
    """Length of the bar of a signal, out of 100; values beyond 100 add less and less."""
    return round(value if value <= 90 else min(100.0, 90 + 5 * log10(value / 90)), 1)


def _marked(marked: Marked) -> Markup:
    text, spans = marked
    parts, at = [], 0
    for start, end in spans:
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


_WEB = re.compile(r"https?://[^\s\\]+", re.IGNORECASE)


def _web(url: str | None) -> str | None:
    """An address that a page may link to."""
    return url if url and _WEB.fullmatch(url) and url.isprintable() else None


def _day(moment: date | datetime | None, tz: tzinfo) -> dict[str, str] | None:
    if moment is None:
        return None
    day = moment.astimezone(tz).date() if isinstance(moment, datetime) else moment
    return {"iso": moment.isoformat(), "text": f"{day.day} {day:%B} {day.year}"}


def _rows(explanation: Explanation, depth: int) -> Iterator[dict[str, Any]]:
    yield {"depth": min(depth, 4), "value": f"{explanation.value:.3f}", "text": explanation.description}
    for detail in explanation.details:
        yield from _rows(detail, depth + 1)


def _facets(results: Results, more: str, root: str) -> Iterator[dict[str, Any]]:
    request = results.request
    for name, parameter, heading in FACETS:
        chosen = getattr(request, parameter)
        limit = _MANY_VALUES if more == name else _VALUES
        values = results.facet(name, limit + 1)
        folded = {value.casefold() for value in chosen}
        shown = [(value, count, value.casefold() in folded) for value, count in values[:limit]]
        known = {value.casefold() for value, _ in values[:limit]}
        # An active filter can always be removed, however few articles match.
        taken = [(value, None, True) for value in chosen if value.casefold() not in known]
        if len(shown) > 1 or chosen:
            has_more = len(values) > limit and more != name
            parted = _address(root, request)
            yield {
                "heading": heading,
                "parameter": parameter,
                "values": [*taken, *shown],
                "more": f"{parted}{'&' if '?' in parted else '?'}more={name}" if has_more else None,
            }


_NAMES = {
    "topics": "topic",
    "providers": "outlet",
    "authors": "author",
    "categories": "category",
    "types": "type",
    "languages": "language",
    "after": "from",
    "as_of": "as of",
    "min_heat": "heat from",
    "min_quality": "quality from",
}
"""Labels of filters."""


def _chips(request: Request, link: Callable[..., str]) -> Iterator[dict[str, str]]:
    """The active filters, each with the address of the search without it."""
    for parameter in LISTS:
        values = getattr(request, parameter)
        for value in values:
            without = tuple(other for other in values if other != value)
            yield {"text": f"{_NAMES[parameter]}: {value}", "url": link(**{parameter: without})}
    for parameter in ("after", "before", "as_of", "min_heat", "min_quality"):
        if (value := getattr(request, parameter)) is not None:
            yield {"text": f"{_NAMES.get(parameter, parameter)} {value}", "url": link(**{parameter: None})}


def _advice(
    request: Request, clauses: Sequence[Clause], link: Callable[..., str]
) -> Iterator[dict[str, Any]]:
    """How each part of a search contributed to finding nothing."""
    for clause in clauses:
        if clause.text == "is:published" and clause.option is None:
            continue
        without = _without(request, clause, link) if len(clauses) > 1 else None
        found = clause.without.complete + clause.without.partial
        yield {
            "text": f"{_NAMES.get(clause.option, clause.option)}: {clause.text}"
            if clause.option
            else clause.text,
            "alone": counted(clause.alone, "article"),
            "near": [{"text": near, "url": _instead(request, clause, near, link)} for near in clause.near],
            "without": counted_matches(clause.without) if found and without else None,
            "url": without,
        }


def _instead(request: Request, clause: Clause, near: str, link: Callable[..., str]) -> str | None:
    """The address of the search with an unknown name replaced by one in the index."""
    if clause.option not in LISTS or clause.text not in getattr(request, clause.option):
        return None
    values = getattr(request, clause.option)
    return link(**{clause.option: tuple(near if value == clause.text else value for value in values)})


def _without(request: Request, clause: Clause, link: Callable[..., str]) -> str | None:
    """The address of the search without one of its parts."""
    if clause.option is None:
        query = request.query.replace(clause.text, " ", 1)
        return link(query=" ".join(query.split()))
    if clause.option == "topics":
        return link(topics=tuple(topic for topic in request.topics if topic != clause.text))
    return link(**{clause.option: () if clause.option in LISTS else None})


def _timeline(results: Results, link: Callable[..., str]) -> dict[str, Any] | None:
    """Bars for days, months or years: the shortest unit that does not give too many."""
    months = results.facet("month", None)
    if not months:
        return None
    span = len(list(_periods(months[0][0], months[-1][0])))
    unit = "day" if span <= 2 else "month" if span <= _MOST_BARS else "year"
    values = months if unit == "month" else results.facet(unit, None)
    if len(values) < 2:
        return None
    periods = list(_periods(values[0][0], values[-1][0]))
    counts = dict(values)
    periods = periods[-_MOST_BARS:]
    most = max(counts.get(period, 0) for period in periods)
    step = 600 / len(periods)
    thick = min(step - 2, _THICK)
    bars = []
    for number, period in enumerate(periods):
        count = counts.get(period, 0)
        height = round(60 * count / most, 1)
        bars.append(
            {
                "x": round(number * step, 1),
                "width": round(step, 1),
                "left": round(number * step + (step - thick) / 2, 1),
                "thick": round(thick, 1),
                "height": max(height, 2) if count else 0,
                "text": f"{period}: {counted(count, 'article')}",
                "url": link(after=period, before=_next(period)) if count else None,
            }
        )
    return {"unit": unit, "bars": bars, "first": periods[0], "last": periods[-1]}


def _periods(first: str, last: str) -> Iterator[str]:
    """The months or years in a range, up to the useful maximum for a page."""
    for _ in range(12_000):
        yield first
        if first >= last:
            return
        first = _next(first)


def _next(period: str) -> str:
    """The day, month or year after this one."""
    year, *rest = map(int, period.split("-"))
    if not rest:
        return f"{year + 1:04}"
    if len(rest) == 2:
        return (date(year, *rest) + timedelta(days=1)).isoformat()
    return f"{year + rest[0] // 12:04}-{rest[0] % 12 + 1:02}"


def _address(root: str, request: Request) -> str:
    """The address of a page of results. It leaves out what is the default of pages."""
    path = address(root, replace(request, collapse=None) if request.collapse == COLLAPSED else request)
    return path if request.collapse else f"{path}{'&' if '?' in path else '?'}collapse={EVERY}"


# Stories


def _front(site: Site, stories: Stories) -> list[dict[str, Any]]:
    """The top stories, if any has several reports."""
    tz = Request().zone()
    found = []
    for story in stories:
        if len(story.articles) > 1 and stories.first and stories.last:
            first, last = stories.first.astimezone(tz).date(), stories.last.astimezone(tz).date()
            found.append({**_told(story, tz), "url": _story_url(site, story.id, "", first, last)})
    return found


def _told(story: Story, tz: tzinfo) -> dict[str, Any]:
    names = [one_line(name) for name in story.outlets]
    more = len(names) - _NAMED
    return {
        "title": one_line(story.title) or one_line(story.id),
        "reports": counted(len(story.articles), "article"),
        "outlets": ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else ""),
        "first": _day(story.first.date, tz),
        "last": _day(story.last.date, tz),
        "trend": story.trend,
    }


_NAMED = 4
"""Maximum number of outlets that are named."""


def _story_url(site: Site, id: str, query: str, first: date, last: date) -> str:
    parameters = [
        ("id", id),
        ("after", first.isoformat()),
        ("before", (last + timedelta(days=1)).isoformat()),
    ]
    if query:
        parameters.append(("query", query))
    return f"{site.url('/story')}?{urlencode(parameters)}"


async def _story(site: Site, http: HttpRequest) -> Answer:
    id = http.path_params.get("id") or http.query_params.get("id", "")
    names = ("query", "after", "before")
    request = site.within(
        read_request([(name, http.query_params[name]) for name in names if http.query_params.get(name)])
    )

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            # The first report may have left the window, and another may have become the first.
            found = snapshot.index.stories(request.query, id=id, after=request.after, before=request.before)
            if not found:
                raise HTTPException(404, "There is no such story here.")
            return Body(_story_page(site, found[0]))

        return Made(("story", id, snapshot.index.fingerprint(request), request.query, _mark()), body)

    return await site.answer(http, HTML, make)


def _story_page(site: Site, story: Story) -> str:
    tz = Request().zone()
    begun = story.first.date
    return _render(
        site,
        "story.html",
        typed="",
        story=_told(story, tz),
        reports=[_report(site, report, begun, tz) for report in story.articles[:_REPORTS]],
        hidden=max(0, len(story.articles) - _REPORTS),
    )


def _report(site: Site, report: Copy, begun: date | datetime | None, tz: tzinfo) -> dict[str, Any]:
    """An article of a story, or a copy of a text, in a list."""
    when = report.date
    is_timed = isinstance(when, datetime) and isinstance(begun, datetime)
    return {
        "title": one_line(report.title) or one_line(report.id),
        "page": f"{site.url('/article')}?{urlencode([('id', report.id)])}",
        "link": _web(report.url),
        "outlet": one_line(report.outlet),
        "date": _moment(when, tz),
        "delay": delay(when - begun) if is_timed and when != begun else "",  # type: ignore[operator]
        "is_first": when == begun and when is not None,
    }


def _moment(moment: date | datetime | None, tz: tzinfo) -> dict[str, str] | None:
    """A day, with the time of day if it is known."""
    shown = _day(moment, tz)
    if shown and isinstance(moment, datetime):
        shown["text"] += f", {moment.astimezone(tz):%H:%M}"
    return shown


# Saved searches


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
            return Body(_render(site, "saved.html", typed="", searches=rows, opml=site.url("/saved.opml")))

        key = [
            (search.name, snapshot.index.fingerprint(search.request), search.request) for search in searches
        ]
        return Made(("saved", key, _mark()), body)

    return await site.answer(http, HTML, make)


# An article


async def _article(site: Site, http: HttpRequest) -> Answer:
    id, query = http.query_params.get("id", ""), http.query_params.get("query", "")

    def make(snapshot: Snapshot) -> Made:
        article = site.readable(snapshot, id)

        def body() -> Body:
            return Body(_article_page(site, snapshot.index, article, query))

        return Made(("article page", id, query, _mark()), body)

    return await site.answer(http, HTML, make)


def _article_page(site: Site, index: Index, article: Article, query: str) -> str:
    root = site.url("/")
    tz = Request().zone()
    paragraphs, room = [], _BODY
    for paragraph in article.body.split("\n"):
        line = one_line(paragraph)
        if line and room > 0:
            paragraphs.append(line if len(line) <= room else line[:room].rpartition(" ")[0] + "…")
            room -= len(line)
    chosen: dict[str, Any] = {
        "topics": article.topics,
        "categories": [article.category],
        "types": [article.type],
    }
    return _render(
        site,
        "article.html",
        typed=query,
        heading=one_line(article.title) or one_line(article.id),
        excerpt=one_line(article.excerpt),
        paragraphs=paragraphs,
        is_whole=room > 0,
        link=_web(article.url),
        back=address(root, Request(query)) if query else root,
        **_facts(article, tz),
        outlet_url=(
            address(root, Request(providers=(article.provider.name or article.provider.domain,)))
            if article.provider
            else None
        ),
        tags=[
            {"text": one_line(value), "url": _narrowed(root, name, value)}
            for name, values in chosen.items()
            for value in values
            if value
        ],
        language=article.language,
        copies=_copies(site, index, article, tz),
        related=_related(site, index, article, tz),
        history=list(_history(article, tz)),
        id=article.id,
        json_url=f"{site.url('/api/v1/article')}?{urlencode([('id', article.id)])}",
    )


def _copies(site: Site, index: Index, article: Article, tz: tzinfo) -> list[dict[str, Any]]:
    """The publications of an article's text, if there are several."""
    found = index.copies(article.id)
    if len(found) < 2:
        return []
    begun = found[0].copy.date
    return [
        {
            **_report(site, one.copy, begun, tz),
            "wire": one_line(one.wire),
            "is_first": one.is_first,
            "is_this": one.copy.id == article.id,
        }
        for one in found[:_REPORTS]
    ]


def _related(site: Site, index: Index, article: Article, tz: tzinfo) -> list[dict[str, Any]]:
    """Articles on the same subject, and those that the article names and the index does not have."""
    found = [_report(site, copy_of(one), None, tz) for one in index.related(article.id, _LIKE)]
    known = {one["link"] for one in found} | {one["title"] for one in found}
    for named in article.related:
        title, link = one_line(named.title) or one_line(named.url or named.id), _web(named.url)
        if title not in known and (link is None or link not in known):
            found.append({"title": title, "page": None, "link": link, "outlet": "", "date": None})
    return found


def _history(article: Article, tz: tzinfo) -> Iterator[dict[str, Any]]:
    """What changed of title and excerpt, the latest change first."""
    for version, changed in changes(article):
        yield {
            "replaced": _moment(version.replaced, tz),
            "changes": [(name, list(differences(before, after))) for name, before, after in changed],
        }


_LIKE = 6
"""Maximum number of articles on the same subject."""


def _narrowed(root: str, name: str, value: str) -> str:
    """The address of the search for all articles with a value."""
    return address(root, Request.from_mapping({name: value}))


# Help, and files

EXAMPLES = (
    ("Words", (("vaccine trial", "articles with both words first, then those with one"),)),
    (
        "Exactly",
        (
            ('"mail-in ballots"', "these words, together"),
            ("+portland ban", "portland must be there"),
            ("ban -amazon", "without amazon"),
            ("(ban OR rule) portland", "one of the two, and portland"),
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
            return Body(_render(site, "help.html", typed="", groups=groups))

        return Made(("help", _mark()), body)

    return await site.answer(http, HTML, make)


async def _api(site: Site, http: HttpRequest) -> Answer:
    described = document(site.settings.base_path, site.settings.max_limit)
    return respond_packed(http, _render(site, "api.html", typed="", paths=described["paths"]), HTML)


async def _static(site: Site, http: HttpRequest) -> Answer:
    name = http.path_params["name"]
    if name not in _STATIC:
        raise HTTPException(404)
    is_current = http.query_params.get("v") == _version(name)
    keep = "public, max-age=31536000, immutable" if is_current else "no-cache"
    return respond_packed(
        http, _file(name), _STATIC[name], tag=_version(name), headers={"Cache-Control": keep}
    )
