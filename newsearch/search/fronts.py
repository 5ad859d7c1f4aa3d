"""The front page of a time window: the stories reported by the most outlets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import overload

from newsearch.search.alike import Alike
from newsearch.search.folding import Copy, copy_of
from newsearch.search.results import Hit, Results
from newsearch.stories.front import front_page

WINDOW = timedelta(days=3)
"""The window before the newest article, where none is given."""

ARTICLES = 10_000
"""Articles that are read at most, the newest of the window."""

_RECENT = 86_400.0
"""Seconds: what the last day brought is compared with the day before it."""


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about one event.

    Attributes:
        id: the id of the first report. It stays the same while the story grows.
        title: the headline that has the most in common with the others.
        outlets: the outlets that report it, in the order of their first reports.
        articles: its reports, the earliest first.
        trend: rising, falling or steady. Compares the number of reports on the last day of the window with the number
            on the day before.
    """

    id: str
    title: str
    outlets: tuple[str, ...]
    articles: tuple[Copy, ...]
    trend: str

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

    def shortened(self, limit: int) -> Stories:
        """A copy limited to the first stories."""
        return Stories(self._stories[:limit], self.first, self.last, self.articles, self.total, self.exact)

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


def stories_of(results: Results, alike: Alike, *, windowed: bool) -> Stories:
    """The stories among the results of a search.

    Args:
        results: sorted by date, the newest first.
        windowed: whether the search has a window; if not, the window is WINDOW before the newest article.
    """
    complete = bool(results.counts.complete)
    hits = [hit for hit in results if hit.article.date is not None and hit.complete == complete]
    known = [alike.read(hit.article).wording.time or 0.0 for hit in hits]
    newest = max(known, default=0.0)
    if not windowed:
        since = newest - WINDOW.total_seconds()
        hits = [hit for hit, time in zip(hits, known, strict=True) if time > since]
    if not hits:
        return Stories((), None, None, 0, 0, True)
    articles = [hit.article for hit in hits]
    reports = alike.reports(articles, [hit.stemming for hit in hits])
    labels = alike.stories_of(reports, articles, alike.copies(articles))
    found = front_page(reports, labels)
    told = [
        _story(story.id, story.headline, story.reports, hits, [r.time for r in reports], newest)
        for story in found
    ]
    exact = len(results) < ARTICLES or len(hits) < len(results)
    oldest = min(report.time for report in reports)
    return Stories(told, _moment(oldest), _moment(newest), len(hits), len(told), exact)


def _story(
    id: str, headline: int, places: Sequence[int], hits: Sequence[Hit], times: Sequence[float], newest: float
) -> Story:
    articles = tuple(copy_of(hits[place].article) for place in places)
    outlets = tuple(dict.fromkeys(article.outlet for article in articles if article.outlet))
    ages = [newest - times[place] for place in places]
    now, before = (sum(low <= age < low + _RECENT for age in ages) for low in (0.0, _RECENT))
    trend = "rising" if now > before else "falling" if now < before else "steady"
    return Story(id, hits[headline].article.title, outlets, articles, trend)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
