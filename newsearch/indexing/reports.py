"""What did an indexing run do, and how far has it got?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from newsearch.engine.writing import SourceDifference
from newsearch.errors import SourceError
from newsearch.indexing.tally import Tally


@dataclass(frozen=True, slots=True)
class Report:
    """What an indexing run did, or with `dry_run` would do.

    Attributes:
        read: articles read, not counting broken ones.
        added, replaced, deleted, moved: changes to the index, in articles. A moved article has a new id in the same
            source. It counts as neither added nor deleted.
        unchanged: articles of these sources that did not change.
        repeated: articles that were read but occur again later in the same source, under the same id.
        articles: articles that can now be found in the index.
        errors: the broken articles, including those in files that look unchanged; at most 100,000 are kept.
        broken: number of broken articles.
        seconds: duration of the run.
        incomplete: locations of sources that could not be read to the end. The articles read before that point were
            indexed. No article of these sources was deleted.
        empty: locations of sources that have no articles and had none in the index.
        resumed: articles that an interrupted run had already indexed, and that did not have to be indexed again.
        anew: why the index was rebuilt without a request to do that; empty otherwise.
        differences: by location, the same counts for each source, and the first 1,000 ids of each kind.
        unusable: by key of the format, the number of articles read, or of their related articles, with an unusable
            value under that key; `Article.extra` has the value under `unusable`. Most frequent first.
        unused: by key of the source, the number of articles with a value under that key which newsearch keeps in
            `Article.extra` but does not search. Most frequent first.
        ambiguous: articles with a date in which day and month could be swapped.
        nested: locations inside a directory that is also a source, each with that directory. Articles without
            a URL are indexed once for each.
        not_news: files of directories that hold no article, such as settings and sitemaps, in which nothing is broken.
        passed_over: the first 100,000 of these files, each with the reason.
        history_lost: why earlier versions of articles could not be kept, if the index keeps them and was rebuilt;
            empty otherwise.
    """

    read: int
    added: int
    replaced: int
    deleted: int
    articles: int
    errors: tuple[SourceError, ...]
    broken: int
    seconds: float
    incomplete: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    moved: int = 0
    unchanged: int = 0
    repeated: int = 0
    resumed: int = 0
    anew: str = ""
    differences: Mapping[str, SourceDifference] = field(default_factory=dict)
    unusable: Mapping[str, int] = field(default_factory=dict)
    unused: Mapping[str, int] = field(default_factory=dict)
    ambiguous: int = 0
    nested: tuple[tuple[str, str], ...] = ()
    not_news: int = 0
    passed_over: tuple[SourceError, ...] = ()
    history_lost: str = ""

    @property
    def changed(self) -> int:
        """Number of articles added, replaced, deleted or moved."""
        return self.added + self.replaced + self.deleted + self.moved


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has got.

    Attributes:
        read, broken: number of articles read, and of broken ones.
        resumed: articles that an interrupted run had already indexed, and that need not be indexed again.
        source: the location being read; empty once everything is read and the index is being written.
        done: the share of that source that is done, from 0 to 1; None if unknown, as for standard input.
        finished: articles that the next run need not index again if this one is stopped now.
    """

    read: int
    broken: int
    resumed: int = 0
    source: str = ""
    done: float | None = None
    finished: int = 0


Watch = Callable[[Progress], None]
"""Called after every 512 articles, when all articles are read, and when KeyboardInterrupt stops a run."""


def report_of(tally: Tally, articles: int, resumed: int, seconds: float) -> Report:
    """The Report of a run, given what it read and the number of articles that can be found after it."""
    differences = tally.differences.values()
    return Report(
        read=tally.read,
        added=sum(d.added for d in differences),
        replaced=sum(d.replaced for d in differences),
        deleted=sum(d.deleted for d in differences),
        articles=articles,
        errors=tuple(tally.errors),
        broken=tally.broken,
        seconds=seconds,
        incomplete=tuple(tally.incomplete),
        empty=tuple(tally.empty),
        moved=sum(d.moved for d in differences),
        unchanged=sum(d.unchanged for d in differences),
        repeated=sum(d.repeated for d in differences),
        resumed=resumed,
        differences=tally.differences,
        unusable=dict(tally.unusable.most_common()),
        unused=dict(tally.unused.most_common()),
        ambiguous=tally.ambiguous,
        history_lost=tally.history_lost,
        not_news=tally.not_news,
        passed_over=tuple(tally.passed_over),
    )
