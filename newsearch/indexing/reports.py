"""What did a run of indexing do, and how far is it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from newsearch.engine.base import SourceDifference
from newsearch.errors import SourceError
from newsearch.indexing.updating import Reading


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of indexing did, or with `dry_run` would do.

    Attributes:
        read: articles that were read, the broken ones not among them.
        added, replaced, deleted, moved: changes to the index, in articles. A moved one has another id in the same
            source, and is counted as neither added nor deleted.
        unchanged: articles of these sources that are as they were.
        repeated: articles that were read, but stand again later, under the same id, in the same source.
        articles: articles that can be found in the index now.
        errors: the broken articles, those of files that look as they did included; at most 100,000 of them are kept.
        broken: how many there are.
        seconds: how long it took.
        incomplete: locations of sources that could not be read to their end. What was read of them went in, and
            nothing that the index had of them was deleted.
        empty: locations of sources without any article, and of which the index had none.
        resumed: articles that an interrupted run had indexed, and that needed not be indexed again.
        anew: why the index was built anew, if it was and that had not been asked for; else empty.
        differences: by location, the same counts for each source, and the ids of the first 1,000 of each kind.
        unusable: by key of the format, how many of the articles that were read, or their related ones, have a value
            there that could not be used; `Article.extra` has it under `unusable`. The commonest first.
        unused: by key of the source, how many of the articles have something there that newsearch keeps in
            `Article.extra` and does not search. The commonest first.
        ambiguous: articles with a date whose day and month could be the other way round.
        nested: locations that lie within a directory which is a source too, each with that directory. Articles without
            a URL are in the index once for each.
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

    @property
    def changed(self) -> int:
        """All articles that were added, replaced, deleted or moved."""
        return self.added + self.replaced + self.deleted + self.moved


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        read, broken: articles that were read, and broken ones.
        resumed: articles that an interrupted run had indexed, and that need not be indexed again.
        source: the location of what is being read; empty when all is read, and the index is written.
        done: the share of that source that is done, from 0 to 1; None if nobody knows, as of standard input.
        finished: articles that the next run need not index again if this one is stopped now.
    """

    read: int
    broken: int
    resumed: int = 0
    source: str = ""
    done: float | None = None
    finished: int = 0


Watch = Callable[[Progress], None]
"""Called after every 512 articles, when all are read, and when a run is stopped by KeyboardInterrupt."""


def report_of(reading: Reading, articles: int, resumed: int, seconds: float) -> Report:
    """The Report of a run that has read so much, and after which so many articles can be found."""
    differences = reading.differences.values()
    return Report(
        read=reading.read,
        added=sum(d.added for d in differences),
        replaced=sum(d.replaced for d in differences),
        deleted=sum(d.deleted for d in differences),
        articles=articles,
        errors=tuple(reading.errors),
        broken=reading.broken,
        seconds=seconds,
        incomplete=tuple(reading.incomplete),
        empty=tuple(reading.empty),
        moved=sum(d.moved for d in differences),
        unchanged=sum(d.unchanged for d in differences),
        repeated=sum(d.repeated for d in differences),
        resumed=resumed,
        differences=reading.differences,
        unusable=dict(reading.unusable.most_common()),
        unused=dict(reading.unused.most_common()),
        ambiguous=reading.ambiguous,
    )
