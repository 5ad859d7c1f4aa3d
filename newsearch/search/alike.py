"""Finds articles of an index that are copies or report one story. Uses newsearch.stories, and caches what it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from threading import Lock

from newsearch.articles.article import Article
from newsearch.engine.base import Reader
from newsearch.stories.clusters import Report, stories
from newsearch.stories.comparing import Comparer, comparer
from newsearch.stories.copies import WINDOW, groups
from newsearch.stories.pairing import candidates
from newsearch.stories.publishers import publishers
from newsearch.stories.signatures import signature, signatures_array
from newsearch.stories.wording import LEAD, Wording, wording
from newsearch.text import analysis
from newsearch.text.analysis import Stemming

_KEPT = 20_000
"""Articles whose words are kept for later questions."""


class Alike:
    """Compares articles of one generation of an index. Safe to share between threads."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._read: dict[str, Wording] = {}
        self._comparers: list[Comparer] = []
        self._frequencies: dict[str, int] = {}
        self._total: int | None = None
        self.fronts: dict[str, object] = {}
        self.grouping = Lock()
        self.related: dict[str, tuple[int, tuple[Article, ...]]] = {}

    def read(self, article: Article) -> Wording:
        """The words of an article."""
        known = self._read.get(article.id)
        if known is None:
            known = wording(article)
            if len(self._read) >= _KEPT:
                self._read = {}
            self._read[article.id] = known
        return known

    @contextmanager
    def comparer(self) -> Iterator[Comparer]:
        """A Comparer without articles. What it knows of words is kept for the next caller."""
        found = self._comparers.pop() if self._comparers else comparer()
        yield found
        found.forget()
        self._comparers = [found]

    def copies(self, articles: Sequence[Article]) -> list[int]:
        """For each article, the position of the representative of its group of copies."""
        known = [self.read(article) for article in articles]
        times = [one.time if one.time is not None else float("nan") for one in known]
        signed = signatures_array([signature(one.title, one.text) for one in known])
        pairs = candidates(signed, times, WINDOW).tolist()
        return groups(known, [article.id for article in articles], pairs)

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
        stemmed = [stemmings[i] for i in dated]
        labels = self.stories_of(self.reports(kept, stemmed), kept, stemmed, together)
        found = {copies[i]: dated[label] for i, label in zip(dated, labels, strict=True)}
        return [found.get(copies[i], copies[i]) for i in range(len(articles))]

    def reports(self, articles: Sequence[Article], stemmings: Sequence[Stemming]) -> list[Report]:
        """Dated articles as reports, the input of story grouping. Publishers at the ends of titles are left out."""
        titles = [
            stemming.stems(analysis.terms(article.title))
            for article, stemming in zip(articles, stemmings, strict=True)
        ]
        words = [self.read(article) for article in articles]
        names = [article.provider.name if article.provider else "" for article in articles]
        ends = publishers(titles, names, [one.outlet for one in words])
        found = []
        for article, stemming, title, end, one in zip(articles, stemmings, titles, ends, words, strict=True):
            text = stemming.stems(_text(article))
            found.append(
                Report(_key(article.id), one.time or 0.0, one.outlet, title[: len(title) - end], text)
            )
        return found

    def stories_of(
        self,
        reports: Sequence[Report],
        articles: Sequence[Article],
        stemmings: Sequence[Stemming],
        copies: Sequence[int],
    ) -> list[int]:
        """For each report, the position of the first report of its story.

        Args:
            articles, stemmings: what the reports were made from.
            copies: the result of `copies` for these articles.
        """
        forms: set[tuple[str, str]] = set()
        for article, stemming in zip(articles, stemmings, strict=True):
            terms = [*analysis.terms(article.title), *_text(article)]
            forms.update(zip(stemming.stems(terms), terms, strict=True))
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


def _key(id: str) -> str:
    """A key that sorts articles as an index does: see `Reader.exported`."""
    return blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest()[::-1].hex()


def _text(article: Article) -> list[str]:
    """The terms of excerpt and body that are compared."""
    terms = analysis.terms(article.excerpt)
    return [*terms, *(analysis.terms(article.body) if len(terms) < LEAD else ())][:LEAD]
