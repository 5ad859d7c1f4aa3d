"""Which articles of an index are copies, and which tell one story? Asks the room of stories, and keeps what it read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
    """What is compared of an article: its words, and its signature."""

    wording: Wording
    signature: tuple[int, int]


class Alike:
    """Compares articles of one generation of an index. Several threads may use one."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._read: dict[str, Read] = {}
        self._frequencies: dict[str, int] = {}

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
        """For each article the place of the one that stands for its group of copies."""
        known = [self.read(article) for article in articles]
        times = [one.wording.time if one.wording.time is not None else float("nan") for one in known]
        pairs = candidates(signatures_array([one.signature for one in known]), times, WINDOW).tolist()
        return groups([one.wording for one in known], [article.id for article in articles], pairs)

    def stories(
        self, articles: Sequence[Article], stemmings: Sequence[Stemming], copies: Sequence[int]
    ) -> list[int]:
        """For each article the place of one that stands for its story; an undated one stays with its copies.

        Args:
            stemmings: how the words of each article are stemmed.
            copies: what `copies` gives for the same articles.
        """
        dated = [i for i, article in enumerate(articles) if article.date is not None]
        place = {i: rank for rank, i in enumerate(dated)}
        forms: set[tuple[str, str]] = set()
        reports = []
        for i in dated:
            words = self.read(articles[i]).wording
            title, text = stemmings[i].stems(words.title), stemmings[i].stems(words.text)
            forms.update(zip(title, words.title, strict=True), zip(text, words.text, strict=True))
            reports.append(Report(articles[i].id, words.time or 0.0, words.outlet, title, text))
        frequencies: Counter[str] = Counter()
        for stem, form in forms:
            frequencies[stem] += self._frequency(form)
        first: dict[int, int] = {}
        together = [first.setdefault(copies[i], place[i]) for i in dated]
        total = self.reader.stats().articles
        labels = stories(reports, frequencies, total, together)
        found = {copies[i]: dated[label] for i, label in zip(dated, labels, strict=True)}
        return [found.get(copies[i], copies[i]) for i in range(len(articles))]

    def _frequency(self, form: str) -> int:
        known = self._frequencies.get(form)
        if known is None:
            known = self._frequencies[form] = self.reader.articles_with(form)
        return known
