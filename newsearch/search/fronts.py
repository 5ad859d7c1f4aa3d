"""The front page of a time window: the stories reported by the most outlets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import overload

from newsearch.articles.article import Article
from newsearch.engine.base import MAX_REPORTS, Answer
from newsearch.engine.optional import Grouping, GroupsStories
from newsearch.search.alike import Alike
from newsearch.search.firsts import Publication, publications_of
from newsearch.search.folding import Copy, copy_of, when
from newsearch.search.request import Request
from newsearch.search.results import Results
from newsearch.stories.clusters import Report
from newsearch.stories.front import front_page, headline
from newsearch.stories.wording import bare_title, outlet_of
from newsearch.text import analysis
from newsearch.text.analysis import Stemming

WINDOW = timedelta(days=3)
"""The window before the newest article, where none is given."""

ARTICLES = MAX_REPORTS
"""The maximum number of articles that are grouped: the newest of the window."""

_RECENT = 86_400.0
"""Seconds: what the last day brought is compared with the day before it."""


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about one event.

    Attributes:
        id: the id of the first report. It stays the same while the story grows, unless an earlier report arrives or
            the first one leaves the window. `Index.stories(id=...)` finds the story by the id of any report.
        title: the headline that has the most in common with the others.
        outlets: the outlets that report it, in the order of their first reports. Names whose domains have one owner
            (bbc.com and bbc.co.uk) are one outlet, under the name of its first report.
        articles: its reports, the earliest first.
        publications: the same, with the delay of each after the first, and the wire service that it names.
        trend: rising, falling or steady. Compares the number of reports on the last day of the window with the number
            on the day before.
    """

    id: str
    title: str
    outlets: tuple[str, ...]
    publications: tuple[Publication, ...]
    trend: str

    @property
    def articles(self) -> tuple[Copy, ...]:
        return tuple(publication.copy for publication in self.publications)

    @property
    def first(self) -> Copy:
        """Its first report."""
        return self.articles[0]

    @property
    def last(self) -> Copy:
        """Its latest report."""
        return self.articles[-1]


class Stories(Sequence[Story]):
    """The stories of a window, ordered by the number of outlets, the most first.

    Attributes:
        first, last: publication dates of the earliest and the latest article of the window; None if it is empty.
        articles: the number of articles that were grouped.
        total: the number of stories, including stories of one article.
        exact: whether all articles of the window were grouped; if not, only the newest ARTICLES were.
    """

    def __init__(
        self,
        stories: Sequence[Story],
        first: datetime | None,
        last: datetime | None,
        articles: int,
        total: int,
        exact: bool,
    ) -> None:
        self._stories = tuple(stories)
        self.first = first
        self.last = last
        self.articles = articles
        self.total = total
        self.exact = exact

    def __len__(self) -> int:
        return len(self._stories)

    def __iter__(self) -> Iterator[Story]:
        return iter(self._stories)

    @overload
    def __getitem__(self, index: int) -> Story: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Story]: ...

    def __getitem__(self, index: int | slice) -> Story | Sequence[Story]:
        return self._stories[index]


class Front:
    """The stories among the hits of a search, of which those that are shown are read.

    Args:
        answer: the hits, the newest first.
        windowed: whether the search has a window; if not, the window is WINDOW before the newest article.
    """

    def __init__(self, answer: Answer, alike: Alike, *, windowed: bool) -> None:
        span = None if windowed else WINDOW.total_seconds()
        self._answer = answer
        self._groups = (
            answer.stories(span) if isinstance(answer, GroupsStories) else _grouped(answer, alike, span)
        )
        self._articles = sum(map(len, self._groups.stories))
        self._exact = len(answer) < ARTICLES or self._articles < len(answer)
        self._told: list[Story] = []
        self._ranks: dict[int, int] | None = None

    def story_of(self, id: str) -> Stories:
        """The story that an article reports."""
        number = self._number(id)
        ranks = self._ranks
        if ranks is None:
            ranks = {i: rank for rank, numbers in enumerate(self._groups.stories) for i in numbers}
            self._ranks = ranks
        rank = None if number is None else ranks.get(number)
        return self._stories([] if rank is None else [self._story(self._groups.stories[rank])])

    def _number(self, id: str) -> int | None:
        answer = self._answer
        if isinstance(answer, GroupsStories):
            return answer.number(id)
        return next((i for i, (record, _, _) in enumerate(answer.hits()) if record.id == id), None)

    def stories(self, limit: int) -> Stories:
        """The first stories."""
        groups, told = self._groups, self._told
        while len(told) < min(limit, len(groups.stories)):
            # Another thread may do the same: what is added depends on what is there.
            told = [*told, self._story(groups.stories[len(told)])]
        self._told = max(self._told, told, key=len)
        return self._stories(told[:limit])

    def _stories(self, told: Sequence[Story]) -> Stories:
        groups = self._groups
        first, last = (_moment(groups.oldest), _moment(groups.newest)) if self._articles else (None, None)
        return Stories(told, first, last, self._articles, len(groups.stories), self._exact)

    def _story(self, numbers: Sequence[int]) -> Story:
        articles = [self._answer.article(number) for number in numbers]
        reports = [
            _titled(article, self._answer.stemming(number))
            for article, number in zip(articles, numbers, strict=True)
        ]
        publications = tuple(publications_of(articles))
        known = {copy_of(article): outlet_of(article) for article in articles}
        # As stories are ordered: an outlet counts once, whatever it is called.
        outlets: dict[str, str] = {}
        for one in publications:
            if one.copy.outlet:
                outlets.setdefault(known[one.copy], one.copy.outlet)
        ages = [self._groups.newest - report.time for report in reports]
        now, before = (sum(low <= age < low + _RECENT for age in ages) for low in (0.0, _RECENT))
        trend = "rising" if now > before else "falling" if now < before else "steady"
        title = articles[headline(reports, range(len(reports)))].title
        return Story(publications[0].copy.id, title, tuple(outlets.values()), publications, trend)


def surroundings(article: Article, run: Callable[[Request], Results], request: Request) -> Request:
    """A request for the articles published within WINDOW of another: the ARTICLES // 2 nearest before and after it."""
    moment = when(article)[1]
    start, end = moment - WINDOW, moment + WINDOW
    near = replace(request, limit=1, offset=ARTICLES // 2 - 1)
    for hit in run(replace(near, after=start, before=moment, sort="newest")):
        start = when(hit.article)[1]
    for hit in run(replace(near, after=moment, before=end, sort="oldest")):
        end = when(hit.article)[1] + timedelta(seconds=1)  # the window excludes its end
    return replace(request, after=start, before=end)


def _titled(article: Article, stemming: Stemming) -> Report:
    """What `headline` compares of a dated article."""
    terms = analysis.terms(" ".join(bare_title(article.title.split())))
    return Report(article.id, _time(article), outlet_of(article), stemming.stems(terms), ())


def _time(article: Article) -> float:
    return when(article)[1].timestamp()


def _grouped(answer: Answer, alike: Alike, span: float | None) -> Grouping:
    """What `GroupsStories.stories` returns, for an engine that cannot: every article is read."""
    complete = bool(answer.counts().complete)
    dated = []
    for number, (_, _, held) in enumerate(answer.hits()):
        if held == complete and (article := answer.article(number)).date is not None:
            dated.append((number, article, _time(article)))
    newest = max((time for _, _, time in dated), default=0.0)
    if span is not None:
        dated = [one for one in dated if one[2] > newest - span]
    if not dated:
        return Grouping((), 0.0, 0.0)
    articles = [article for _, article, _ in dated]
    stemmings = [answer.stemming(number) for number, _, _ in dated]
    reports = alike.reports(articles, stemmings)
    labels = alike.stories_of(reports, articles, stemmings, alike.copies(articles))
    found = [[dated[place][0] for place in story.reports] for story in front_page(reports, labels)]
    return Grouping(found, min(time for _, _, time in dated), newest)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
