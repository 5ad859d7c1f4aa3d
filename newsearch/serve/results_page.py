"""The page of a search: hits, facets, filters, and help where nothing is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from newsearch import Clause, Hit, QueryError, Request, Results
from newsearch.articles.article import date_of
from newsearch.engine.base import SORTS
from newsearch.outputs.extract import extract, title
from newsearch.outputs.page import Page
from newsearch.outputs.words import counted, counted_copies, counted_matches
from newsearch.serve.answers import blamed
from newsearch.serve.chart import timeline
from newsearch.serve.parameters import LISTS, address, write_request
from newsearch.serve.rendering import render
from newsearch.serve.searches import hits_of, offset_after, offset_before
from newsearch.serve.site import Site
from newsearch.serve.story_page import story_url
from newsearch.serve.values import facts_of, html_of, rows_of, web_address

COLLAPSED = "copies"
"""How the page collapses results by default."""

EVERY = "none"
"""The value of `collapse` in the address of a page that shows every article."""

COLLAPSES = (("copies", "one per text"), ("stories", "one per story"), (EVERY, "every article"))
"""The ways in which a page collapses its results: value, label."""

FACETS = (
    ("topic", "topics", "Topics"),
    ("provider", "providers", "Outlets"),
    ("author", "authors", "Authors"),
    ("category", "categories", "Categories"),
    ("type", "types", "Types"),
    ("language", "languages", "Languages"),
)
"""Facets of the page: name, the parameter that filters by it, heading."""

_EMPTY = "There are no articles here yet"

_EARLY = "Every article is shown: which of them are copies is still being found out"

_FEEDS = (
    ("Atom", "application/atom+xml", "/search.atom"),
    ("RSS", "application/rss+xml", "/search.rss"),
    ("JSON Feed", "application/feed+json", "/search.json"),
)
"""The feeds of a search: format, media type, path."""

_VALUES = 8

_MANY_VALUES = 100

_FIELDS = frozenset({"query", "sort", "collapse", "after", "before", "offset", *LISTS})
"""Parameters that have a field of their own on the page, and the offset, which means nothing in another search."""

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


def results_page(
    site: Site,
    results: Results,
    request: Request,
    explain: bool,
    more: str,
    is_front: bool,
    stories: Sequence[dict[str, Any]],
) -> str:
    """The page.

    Args:
        request: what was asked for. It folds copies where `results` do not, as long as copies are not known.
        explain: whether each hit shows why it ranks where it does.
        more: the facet with many values.
        is_front: whether nothing was asked.
        stories: those of the front page.
    """
    root = site.url("/")

    def link(*, explain: bool = explain, more: str = more, **changes: Any) -> str:
        changes.setdefault("offset", 0)
        return page_address(root, replace(request, **changes), explain, more)

    noted = [note.message for note in results.notes]
    if results.total and request.collapse and not results.request.collapse:
        noted = [_EARLY, *noted]
    elif is_front and not results.total:
        noted = [_EMPTY, *noted]
    page = Page(results)
    asked = _pairs(request, explain, more)
    back = [] if is_front else asked
    hits = [_hit(site, results, rank, hit, explain, back) for rank, hit in page.ranked()]
    first_partial = next((i for i, hit in enumerate(hits) if not hit["complete"]), None)
    related = [_hit(site, results, rank, hit, explain, back) for rank, hit in page.related()]
    before, after = offset_before(results), offset_after(results)
    suggestion = results.did_you_mean
    return render(
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
        notes=noted,
        suggestion=suggestion and {"text": suggestion, "url": link(query=suggestion)},
        clauses=[] if results.total else list(_advice(request, results.diagnose(), link)),
        facets=list(shown_facets(results, more, link)),
        kept=[pair for pair in asked if pair[0] not in _FIELDS],
        timeline=timeline(results, period_links(root, request, explain, more)),
        chips=list(_chips(request, link)),
        sorts=SORTS,
        before=None if before is None else link(offset=before),
        after=None if after is None else link(offset=after),
        explain_url=link(explain=not explain, offset=request.offset),
        explain=explain,
        feeds=[
            (name, media_type, address(site.url(path), replace(request, collapse=None, offset=0)))
            for name, media_type, path in _FEEDS
        ],
        json_url=address(site.url("/api/v1/search"), request),
    )


def wrong_page(site: Site, given: Sequence[tuple[str, str]], error: QueryError) -> str:
    """The page for a search that cannot be run, with a field for each parameter.

    Args:
        given: the parameters.
    """
    # An offset means nothing in another search.
    given = [pair for pair in given if pair[0] != "offset"]
    wrong = blamed(error)

    def is_wrong(name: str) -> bool:
        return wrong is not None and name.partition(".")[0] == wrong.partition(".")[0]

    return render(
        site,
        "wrong.html",
        typed=dict(given).get("query", ""),
        error=str(error),
        fields=[
            {"name": name, "value": value, "label": _NAMES.get(name, name), "wrong": is_wrong(name)}
            for name, value in given
            if name != "query"
        ],
        without=_joined(site.url("/"), [pair for pair in given if wrong and not is_wrong(pair[0])]),
    )


def _found(results: Results) -> str:
    counts = results.counts
    offset, size = results.request.offset, len(results)
    if not results.total:
        return "Nothing found"
    hits = hits_of(results)
    place = f"{offset + 1:,} to {offset + size:,} of " if size and size < hits else ""
    if offset >= hits:
        place = "Past the last of "
    if hits == results.total:
        return place + counted_matches(counts)
    one, several = ("text", "texts") if results.request.collapse == "copies" else ("story", "stories")
    return f"{place}{hits:,} {one if hits == 1 else several} in {counted_matches(counts)}"


def _hit(
    site: Site, results: Results, rank: int, hit: Hit, explain: bool, back: list[tuple[str, str]]
) -> dict[str, Any]:
    """A hit as the page shows it.

    Args:
        back: the parameters of this search, to which the page of the article leads back.
    """
    article, tree = hit.article, results.query.tree
    parameters = [("id", hit.id), *back]
    return {
        "rank": rank,
        "complete": hit.complete,
        "title": html_of(title(hit, tree)),
        "extract": html_of(extract(hit, tree)),
        "link": web_address(hit.url),
        "page": f"{site.url('/article')}?{urlencode(parameters)}",
        **facts_of(article, results.tz),
        "explanation": list(rows_of(hit.explanation, 0)) if explain else [],
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
    days = [date_of(moment, results.tz) for moment in moments if moment is not None]
    return {"text": text, "url": story_url(site, hit.id, min(days), max(days))}


def shown_facets(results: Results, more: str, link: Callable[..., str]) -> Iterator[dict[str, Any]]:
    """The facets that have a choice, each with the values to show."""
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
            # A link to the heading leads a phone back to the panel, which it otherwise folds.
            parted = f"{link(more=name, offset=request.offset)}#{parameter}" if has_more else None
            yield {
                "heading": heading,
                "parameter": parameter,
                "values": [*taken, *shown],
                "more": parted,
            }


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
        yield {
            "text": f"{_NAMES.get(clause.option, clause.option)}: {clause.text}"
            if clause.option
            else clause.text,
            "alone": counted(clause.alone, "article"),
            "near": [{"text": near, "url": _instead(request, clause, near, link)} for near in clause.near],
            "without": counted_matches(clause.without) if clause.without.total and without else None,
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
        assert clause.span
        start, end = clause.span
        before, after = request.query[:start], request.query[end:]
        # An operator that has nothing to join becomes a word.
        left = _JOINED_BEFORE.sub("", before)
        right = _JOINED_AFTER.sub("", after) if left == before else after
        return link(query=" ".join(f"{left} {right}".split()))
    if clause.option == "topics":
        return link(topics=tuple(topic for topic in request.topics if topic != clause.text))
    return link(**{clause.option: () if clause.option in LISTS else None})


_JOINED_BEFORE = re.compile(r"(?:^|(?<=[\s()]))(?:AND|&&)\s*$")
_JOINED_AFTER = re.compile(r"^\s*(?:AND|&&)(?=[\s()]|$)")


def page_address(root: str, request: Request, explain: bool = False, more: str = "") -> str:
    """The address of a page of results."""
    return _joined(root, _pairs(request, explain, more))


def _pairs(request: Request, explain: bool, more: str) -> list[tuple[str, str]]:
    """The parameters of a page. They leave out what is the default of pages."""
    pairs = write_request(replace(request, collapse=None) if request.collapse == COLLAPSED else request)
    if not request.collapse:
        pairs.append(("collapse", EVERY))
    if explain:
        pairs.append(("explain", "true"))
    return [*pairs, ("more", more)] if more else pairs


def _joined(root: str, pairs: list[tuple[str, str]]) -> str:
    return f"{root}?{urlencode(pairs)}" if pairs else root


def period_links(
    root: str, request: Request, explain: bool = False, more: str = ""
) -> Callable[[str, str], str]:
    """A function from the start and the end of a period to the address of a page with its articles.

    It takes a tenth of the time of making a request of each, and a timeline has many periods.
    """
    pairs = _pairs(replace(request, offset=0, after=None, before=None), explain, more)
    number = sum(name in ("query", "limit", "sort") for name, _ in pairs)
    first, last = urlencode(pairs[:number]), urlencode(pairs[number:])
    start, end = f"{root}?{first}&" if first else f"{root}?", f"&{last}" if last else ""
    return lambda after, before: f"{start}{urlencode((('after', after), ('before', before)))}{end}"
