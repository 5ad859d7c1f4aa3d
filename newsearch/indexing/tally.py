"""What has one run read? The counts of articles, and the faults found in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsearch.articles.article import Article
from newsearch.articles.extra import AMBIGUOUS, UNUSABLE
from newsearch.engine.writing import SourceDifference, SourceState
from newsearch.errors import SourceError

MAX_ERRORS = 100_000
"""The maximum number of broken articles that are listed. The counts are complete."""

_OURS = frozenset((UNUSABLE, AMBIGUOUS))
_EMPTY: tuple[Any, ...] = ("", [], {})


@dataclass(slots=True)
class Tally:
    """What one run has read, over all sources.

    Attributes:
        read, broken: number of articles.
        errors: the first MAX_ERRORS of the broken ones.
        incomplete, empty: locations of sources that could not be read to the end, or have no articles.
        differences: by location, the changes of each source.
        unusable: by key, the number of articles with an unusable value there.
        unused: by key, the number of articles with a value there that newsearch keeps but does not search.
        ambiguous: articles with a date in which day and month could be swapped.
        passed_over: the first MAX_ERRORS of the files that hold no article; they are not broken.
        not_news: number of such files.
        history_lost: why earlier versions of articles could not be kept; empty if they were.
    """

    read: int = 0
    broken: int = 0
    errors: list[SourceError] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    differences: dict[str, SourceDifference] = field(default_factory=dict)
    unusable: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)
    ambiguous: int = 0
    passed_over: list[SourceError] = field(default_factory=list)
    not_news: int = 0
    history_lost: str = ""

    def count(self, articles: Sequence[Article]) -> None:
        """Count articles, and the keys whose values could not be used or are not searched."""
        self.read += len(articles)
        for article in articles:
            if article.extra or article.related:
                self.unusable.update(dict.fromkeys(_unusable(article), 1))
                extra = article.extra.items()
                self.unused.update(key for key, value in extra if key not in _OURS and value not in _EMPTY)
                self.ambiguous += AMBIGUOUS in article.extra

    def pass_over(self, file: SourceError) -> None:
        """Count a file that holds no article."""
        self.not_news += 1
        if len(self.passed_over) < MAX_ERRORS:
            self.passed_over.append(file)

    def note(self, error: SourceError) -> None:
        """Count a broken article."""
        self.broken += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)

    def recall(self, state: SourceState) -> None:
        """Count the articles that were broken when an unchanged source was last read."""
        self.broken += state.broken
        room = MAX_ERRORS - len(self.errors)
        self.errors += [SourceError(*fault) for fault in state.faults[:room]]


def _unusable(article: Article) -> Iterator[str]:
    """The keys of an article and of its related articles that have an unusable value."""
    aside = article.extra.get(UNUSABLE)
    if isinstance(aside, Mapping):
        yield from aside
    for related in article.related:
        yield from _unusable(related)
