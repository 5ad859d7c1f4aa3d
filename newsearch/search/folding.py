"""Which hits become one? Copies of a text, or reports of a story, among the first hits of a search.

The first CANDIDATES hits are grouped, and twice as many each time that they do not fill the page. A group takes the
place of its best hit. How many articles a search matches does not depend on it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from newsearch.articles.article import Article
from newsearch.engine.base import Answer
from newsearch.search.alike import Alike
from newsearch.search.request import MAX_FOLDED, Request

CANDIDATES = 200
"""Hits that are grouped for a page that they fill."""


class Copy(NamedTuple):
    """An article that a hit stands for.

    Attributes:
        id, title: the article's.
        url: where to read it; None where it has none.
        outlet: the name of its outlet, or its domain; empty where it has none.
        date: when it was published; None where that is not known.
    """

    id: str
    title: str
    url: str | None
    outlet: str
    date: date | datetime | None


class Folding(NamedTuple):
    """The page of a folded search.

    Attributes:
        answer: the search whose hits were grouped.
        page: of each hit of the page its number among these, and the articles that it stands for, the earliest first.
        groups: groups among all hits that were read.
        candidates: how many were read.
        exact: whether these are all that the search finds.
    """

    answer: Answer
    page: Sequence[tuple[int, tuple[Copy, ...]]]
    groups: int
    candidates: int
    exact: bool


def fold(request: Request, first: Callable[[int], Answer], alike: Alike) -> Folding:
    """The page that a request asks for.

    Args:
        first: gives so many of the first hits of its search.
    """
    end = request.offset + request.limit
    size = max(CANDIDATES, end)
    while True:
        answer = first(size)
        articles = [answer.article(i) for i in range(len(answer))]
        groups = _groups(request, answer, articles, alike)
        exact = len(articles) < size
        ordered, full = _spread(groups, articles, request, alike)
        if exact or size >= MAX_FOLDED or full:
            break
        size = min(2 * size, MAX_FOLDED)
    page = [
        (shown, tuple(copy_of(articles[i]) for i in sorted(others, key=lambda i: (*_when(articles[i]), i))))
        for shown, others in ordered[request.offset : end]
    ]
    return Folding(answer, page, len(groups), len(articles), exact)


def _groups(
    request: Request, answer: Answer, articles: Sequence[Article], alike: Alike
) -> list[tuple[int, list[int]]]:
    """The article of each group that is shown and the others, in the order of the best of each."""
    labels: Sequence[int] = range(len(articles))
    if request.collapse:
        labels = alike.copies(articles)
    if request.collapse == "stories":
        labels = alike.stories(articles, [answer.stemming(i) for i in range(len(articles))], labels)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        members[label].append(place)
    found = []
    for places in members.values():
        shown = _shown(request.show, places, articles)
        found.append((shown, [place for place in places if place != shown]))
    return found


def _shown(show: str, places: Sequence[int], articles: Sequence[Article]) -> int:
    """Which of the articles of a group is shown; the better hit of several."""
    dated = [place for place in places if articles[place].date is not None]
    if show == "first" and dated:
        return min(dated, key=lambda i: (_when(articles[i]), i))
    if show == "last" and dated:
        return max(dated, key=lambda i: (_when(articles[i]), -i))
    if show not in ("best", "first", "last"):
        wanted = show.strip().casefold()
        for place in places:
            provider = articles[place].provider
            if provider and wanted in (
                provider.name.casefold(),
                provider.domain.casefold().removeprefix("www."),
            ):
                return place
    return places[0]


def _spread(
    groups: list[tuple[int, list[int]]], articles: Sequence[Article], request: Request, alike: Alike
) -> tuple[list[tuple[int, list[int]]], bool]:
    """The groups page by page, with so many of an outlet as a page may have; and whether that fills the page asked for.

    What an outlet has beyond that goes to the next page; pages that nothing else fills are filled with it.
    """
    end = request.offset + request.limit
    if request.per_outlet is None:
        return groups, len(groups) >= end
    waiting, full = groups, True
    ordered: list[tuple[int, list[int]]] = []
    while waiting and len(ordered) < end:
        page: list[tuple[int, list[int]]] = []
        later: list[tuple[int, list[int]]] = []
        counts: Counter[str] = Counter()
        for group in waiting:
            outlet = alike.read(articles[group[0]]).wording.outlet
            if len(page) == request.limit or (outlet and counts[outlet] == request.per_outlet):
                later.append(group)
            else:
                counts[outlet] += 1
                page.append(group)
        missing = request.limit - len(page)
        full = full and not missing
        ordered += page + later[:missing]
        waiting = later[missing:]
    return ordered, full and len(ordered) >= end


def _when(article: Article) -> tuple[bool, datetime]:
    """Sorts by date: a day alone counts as its noon, and articles without a date come last."""
    moment = article.date
    if moment is None:
        return True, datetime.max.replace(tzinfo=UTC)
    if not isinstance(moment, datetime):
        return False, datetime(moment.year, moment.month, moment.day, 12, tzinfo=UTC)
    return False, moment


def copy_of(article: Article) -> Copy:
    """An article as another stands for it."""
    provider = article.provider
    outlet = (provider.name or provider.domain) if provider else ""
    return Copy(article.id, article.title, article.url or None, outlet, article.date)
