"""Finds articles of an index that are copies or report one story. Uses newsearch.stories, and caches what it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

from newsearch.articles.article import Article
from newsearch.engine.base import Reader
from newsearch.stories.clusters import Report, stories
from newsearch.stories.copies import WINDOW, groups
from newsearch.stories.signatures import candidates, signature, signatures_array
from newsearch.stories.wording import Wording, wording
from newsearch.text.analysis import Stemming

_KEPT = 20_000
"""Articles whose words are kept for later questions."""


class Read(NamedTuple):
    """The parts of an article that are compared: its words and its signature."""

    wording: Wording
    signature: tuple[int, int]


class Alike:
    """Compares articles of one generation of an index. Safe to share between threads."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._read: dict[str, Read] = {}
        self._frequencies: dict[str, int] = {}
        self._total: int | None = None
        self.fronts: dict[str, object] = {}
        self.grouping = Lock()
        self.related: dict[str, tuple[int, tuple[Article, ...]]] = {}

    def read(self, article: Article) -> Read:
        """The words of an article."""
        known = self._read.get(article.id)
        if known is None:
            words = wording(article)
            known = Read(words, signature(words.title, words.text))
            if len(self._read) >= _KEPT:
                self._read = {}
            self._read[article.id] = known
        return known

    def copies(self, articles: Sequence[Article]) -> list[int]:
        """For each article, the position of the representative of its group of copies."""
        known = [self.read(article) for article in articles]
        times = [one.wording.time if one.wording.time is not None else float("nan") for one in known]
        pairs = candidates(signatures_array([one.signature for one in known]), times, WINDOW).tolist()
        return groups([one.wording for one in known], [article.id for article in articles], pairs)

    def stories(
        self, articles: Sequence[Article], stemmings: Sequence[Stemming], copies: Sequence[int]
    ) -> list[int]:
        """For each article, the position of the representative of its story. Undated articles stay with their copies.

        Args:
            stemmings: how the words of each article are stemmed.
            copies: the result of `copies` for the same articles.
        """
        dated = [i for i, article in enumerate(articles) if article.date is not None]
        place = {i: rank for rank, i in enumerate(dated)}
        first: dict[int, int] = {}
        together = [first.setdefault(copies[i], place[i]) for i in dated]
        kept = [articles[i] for i in dated]
        labels = self.stories_of(self.reports(kept, [stemmings[i] for i in dated]), kept, together)
        found = {copies[i]: dated[label] for i, label in zip(dated, labels, strict=True)}
        return [found.get(copies[i], copies[i]) for i in range(len(articles))]

    def reports(self, articles: Sequence[Article], stemmings: Sequence[Stemming]) -> list[Report]:
        """Dated articles as reports, the input of story grouping."""
        found = []
        for article, stemming in zip(articles, stemmings, strict=True):
            words = self.read(article).wording
            title, text = stemming.stems(words.title), stemming.stems(words.text)
            found.append(Report(article.id, words.time or 0.0, words.outlet, title, text))
        return found

    def stories_of(
        self, reports: Sequence[Report], articles: Sequence[Article], copies: Sequence[int]
    ) -> list[int]:
        """For each report, the position of the first report of its story.

        Args:
            articles: the articles that the reports were made from.
            copies: the result of `copies` for these articles.
        """
        forms: set[tuple[str, str]] = set()
        for report, article in zip(reports, articles, strict=True):
            words = self.read(article).wording
            forms.update(
                zip(report.title, words.title, strict=True), zip(report.text, words.text, strict=True)
            )
        # A form counts towards each of its stems. Other forms with the stem did not occur here, and are rare.
        frequencies: Counter[str] = Counter()
        for stem, form in forms:
            frequencies[stem] += self.frequency(form)
        return stories(reports, frequencies, self.total, copies)

    @property
    def total(self) -> int:
        """The number of articles in the collection."""
        if self._total is None:
            self._total = self.reader.stats().articles
        return self._total

    def frequency(self, form: str) -> int:
        """The number of articles that contain an exact form."""
        known = self._frequencies.get(form)
        if known is None:
            known = self._frequencies[form] = self.reader.articles_with(form)
        return known
