"""The page of a search in which one hit represents all copies of a text, or all reports of a story.

Copies are grouped by the engine, among all articles of the index, if it can (see `FoldingReader`). Stories, and copies
in other engines, are grouped here, among the first CANDIDATES hits. If these do not fill the page, the number is
doubled until they do. A group takes the position of its best hit. Grouping does not change the number of matching
articles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from newsearch._cached import cached_property
from newsearch.articles.article import Article, outlet_name
from newsearch.engine.base import Answer, Fold, FoldedAnswer, Options
from newsearch.engine.optional import FoldingReader, FoldsStories
from newsearch.errors import QueryError
from newsearch.query.tree import Node
from newsearch.search.alike import Alike
from newsearch.search.request import MAX_FOLDED, Request
from newsearch.stories.spreading import spread

CANDIDATES = 200
"""The number of hits that are grouped for a page, if they fill it."""


class Copy(NamedTuple):
    """An article represented by a hit.

    Attributes:
        id, title: those of the article.
        url: the address of the article; None if it has none.
        outlet: the name of its outlet, or its domain; empty if it has neither.
        date: the publication date; None if unknown.
    """

    id: str
    title: str
    url: str | None
    outlet: str
    date: date | datetime | None


class Folding:
    """The page of a folded search.

    Attributes:
        answer: the search whose hits are on the page.
        page: for each hit on the page, its number in `answer`, and a function that returns the articles it represents,
            the earliest first.
        exact: whether all matches were grouped, and not only the first hits.
    """

    def __init__(
        self,
        answer: Answer,
        page: Sequence[tuple[int, Callable[[], tuple[Copy, ...]]]],
        exact: bool,
        count: Callable[[], tuple[int, int]],
    ) -> None:
        self.answer = answer
        self.page = page
        self.exact = exact
        self._count = count

    @cached_property
    def _counts(self) -> tuple[int, int]:
        return self._count()

    @property
    def groups(self) -> int:
        """The number of groups among all hits that were grouped."""
        return self._counts[0]

    @property
    def candidates(self) -> int:
        """The number of hits that were grouped."""
        return self._counts[1]


def fold_in_engine(request: Request, reader: FoldingReader, tree: Node, options: Options) -> Folding:
    """The page for a request whose copies the engine knows. All matches are grouped."""
    wanted = Fold(request.collapse == "copies", request.show, request.per_outlet)
    answer = reader.fold(tree, options, wanted)

    def count() -> tuple[int, int]:
        articles = answer.counts()
        return sum(answer.groups() if wanted.copies else articles), sum(articles)

    return Folding(answer, _page(answer), True, count)


def fold_stories(request: Request, reader: FoldsStories, tree: Node, options: Options) -> Folding:
    """The page for a request whose stories the engine forms."""
    answer = reader.fold_stories(tree, options, Fold(False, request.show, request.per_outlet))
    grouped = answer.grouped()
    return Folding(
        answer, _page(answer), grouped == answer.counts(), lambda: (sum(answer.groups()), sum(grouped))
    )


def _page(answer: FoldedAnswer) -> list[tuple[int, Callable[[], tuple[Copy, ...]]]]:
    """Each hit, and a function that returns what it represents."""

    def copies_of(number: int) -> Callable[[], tuple[Copy, ...]]:
        return lambda: tuple(map(copy_of, answer.copies(number)))

    return [(number, copies_of(number)) for number in range(len(answer))]


def fold(request: Request, first: Callable[[int], Answer], alike: Alike, least: int = CANDIDATES) -> Folding:
    """The page for a request, from its first hits.

    Args:
        first: returns the first n hits of the search of the request.
        least: the minimum number of hits that are grouped, if there are as many; at most MAX_FOLDED count.

    Raises:
        QueryError: the page reaches beyond the MAX_FOLDED hits that are grouped at most.
    """
    end = request.offset + request.limit
    if end > MAX_FOLDED:
        name = "collapse" if request.collapse else "per_outlet"
        raise QueryError(
            f"{name}: this index groups {MAX_FOLDED:,} hits at most; offset and limit reach beyond"
        )
    articles: list[Article] = []

    def outlet_of(group: tuple[int, list[int]]) -> str:
        return alike.read(articles[group[0]]).outlet

    size = max(CANDIDATES, min(least, MAX_FOLDED), end)
    while True:
        answer = first(size)
        articles = [answer.article(i) for i in range(len(answer))]
        groups = _groups(request, answer, articles, alike)
        exact = len(articles) < size
        ordered, full = spread(groups, outlet_of, request.per_outlet, request.limit, end)
        if exact or size >= MAX_FOLDED or full:
            break
        size = min(2 * size, MAX_FOLDED)

    def copies_of(others: list[int]) -> Callable[[], tuple[Copy, ...]]:
        by_date = sorted(others, key=lambda i: (*when(articles[i]), i))
        return lambda: tuple(copy_of(articles[i]) for i in by_date)

    page = [(shown, copies_of(others)) for shown, others in ordered[request.offset : end]]
    return Folding(answer, page, exact, lambda: (len(groups), len(articles)))


def _groups(
    request: Request, answer: Answer, articles: Sequence[Article], alike: Alike
) -> list[tuple[int, list[int]]]:
    """For each group, the article that is shown and the others. Groups are ordered by their best hit."""
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
    """The article of a group that is shown. If several qualify, the best hit."""
    dated = [place for place in places if articles[place].date is not None]
    if show == "first" and dated:
        return min(dated, key=lambda i: (when(articles[i]), i))
    if show == "last" and dated:
        return max(dated, key=lambda i: (when(articles[i]), -i))
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


def when(article: Article) -> tuple[bool, datetime]:
    """Sort key by date. A day without a time counts as noon; articles without a date come last."""
    moment = article.date
    if moment is None:
        return True, datetime.max.replace(tzinfo=UTC)
    if not isinstance(moment, datetime):
        return False, datetime(moment.year, moment.month, moment.day, 12, tzinfo=UTC)
    return False, moment


def copy_of(article: Article) -> Copy:
    """An article as the Copy of another."""
    return Copy(article.id, article.title, article.url or None, outlet_name(article), article.date)
