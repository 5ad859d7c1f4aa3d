"""One source -> its changes to an index: check its files, read those that changed, keep the articles that differ."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from newsearch.articles.article import Article
from newsearch.articles.history import with_history
from newsearch.engine.base import SourceSettings
from newsearch.engine.writing import MAX_NAMES, Held, Ledger, SourceDifference, SourceState, Writer
from newsearch.errors import IndexCorrupt, SourceError
from newsearch.indexing.tally import Tally
from newsearch.outputs.words import counted
from newsearch.sources.base import NotNews, Snapshot, Source, Unread
from newsearch.sources.formats import SINGLE

_BATCH = 512
"""Articles that are read before they are compared with the index and progress is reported."""


@dataclass(frozen=True, slots=True)
class Outlived:
    """Which articles of feeds are too old to be kept?

    Attributes:
        before: articles dated before this day or moment are too old; None to keep all. Articles without a date are
            always kept.
        kept: returns the indexed articles of a source.
    """

    before: datetime | None
    kept: Callable[[str], Iterable[Article]]

    def has(self, article: Article) -> bool:
        """Whether an article is too old. A day is over when its last instant has passed."""
        if self.before is None or article.date is None:
            return False
        if isinstance(article.date, datetime):
            return article.date < self.before
        return article.date < self.before.date()

    def ids(self, location: str) -> list[str]:
        """The ids of a source's indexed articles that are too old."""
        return [] if self.before is None else [a.id for a in self.kept(location) if self.has(a)]


@dataclass(frozen=True, slots=True)
class Task:
    """A source to index.

    Attributes:
        source: the source.
        outlived: decides which of its articles, indexed or new, are too old to be kept.
        settings: to store with the source; None to store none.
        is_window: whether articles that it no longer has are kept, unless they are too old.
        is_as_before: whether it is read as it was the last time.
        may_be_empty: whether having no articles is not worth a report.
        given: collects the ids of the articles; None to collect none.
        is_rest: whether these are the rest of the articles of a source that has been read before.
    """

    source: Any
    outlived: Outlived
    settings: SourceSettings | None = None
    is_window: bool = False
    is_as_before: bool = True
    may_be_empty: bool = False
    given: set[str] | None = None
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Histories:
    """The earlier versions of articles, for an index that keeps them.

    Attributes:
        now: when articles are replaced.
        past: what is published, if the changes start from an empty index instead; None if they start from it.
    """

    now: datetime
    past: Held | None = None

    def ledger(self, source: str, current: Ledger) -> Ledger:
        """The ledger that has the committed articles of a source."""
        return self.past.ledger(source) if self.past else current


@dataclass(frozen=True, slots=True)
class Updater:
    """Indexes sources, one after the other.

    Args:
        index: path of the index, for messages.
        held: current content of the index.
        writer: takes the changes; None to only determine them.
        whole: a source must be readable to the end and have articles.
        past: what is published, if the changes start from an empty index instead; None if they start from it.
        histories: adds their earlier versions to articles; None if the index keeps none.
    """

    index: Path | str
    held: Held
    writer: Writer | None
    whole: bool
    past: Held | None = None
    histories: Histories | None = None

    def update(self, task: Task, tally: Tally, workers: int, tell: Callable[[float | None], None]) -> None:
        """Determine what a source changes, and pass it to the writer.

        Args:
            task: the source.
            tally: counts what is read.
            workers: number of processes that parse Markdown.
            tell: called after each batch of articles with the share of the source that is done, or None if unknown.

        Raises:
            SourceError: the source cannot be read; or it has no articles although the index has some of it. A window
                may: that is an error to report.
        """
        source: Source = task.source
        location = source.location
        if hasattr(source, "recall"):
            self._update_remote(task, tally, tell)
            return
        seen = source.snapshot()
        problems = [*seen.problems, *self._unmounted(location, seen)]
        known = self.held.state(location) if task.is_as_before and source.lasting else None
        outlived = task.outlived.ids(location) if task.is_window else []
        if known and not problems and _is_same(known, seen.names, seen.stamps):
            tally.recall(known)
            self._configure(task)
            self._expire(location, outlived, tally)
            return
        ledger = self.held.ledger(location)
        former = self._former(location, ledger)
        wanted = seen.names
        is_partial = known is not None and source.one_each and not _had_many(known, seen)
        old = known.looks if known and is_partial else {}
        # The work of an interrupted run is more recent.
        ahead = self.held.state_ahead(location).looks if source.one_each else {}
        old |= ahead
        if old:
            looks = zip(seen.names, seen.stamps, strict=True)
            wanted = [name for name, stamp in looks if not stamp or old.get(name) != stamp]
            ledger.pass_over(ahead.keys() & set(seen.names) - set(wanted))
        for problem in problems:
            tally.note(problem)
        read, broken, told = tally.read, tally.broken - len(problems), len(tally.errors)
        names = wanted if source.one_each else None
        batch: list[Article] = []
        failed: set[str] = set()  # ids, where they can be determined
        cut, is_unsure, has_old = next(iter(problems), None), False, False
        passes_over, passed = getattr(source, "passes_over", False), list[str]()
        # Walking a directory twice could find other files, and would report its problems twice.
        results = source.articles(workers, wanted if source.one_each or wanted else None)
        for number, result in enumerate(_reported(results) if task.is_window else results):
            if isinstance(result, NotNews) and passes_over:
                tally.pass_over(result)
                passed += [] if names is None else [names[number]]
                continue
            if isinstance(result, SourceError):
                tally.note(result)
                cut = result if result.hides_articles and not cut else cut
                is_unsure |= isinstance(result, Unread)
                failed.add(result.id if names is None else names[number])
                continue
            if task.is_window and task.outlived.has(result):
                has_old = True
                continue
            batch.append(result)
            if len(batch) == _BATCH:
                finished = partial(_finished, seen, names, number, failed, ahead)
                self._take(batch, task, ledger, former, tally, finished)
                batch = []
                tell((number + 1) / len(names) if names else source.done())
        self._take(batch, task, ledger, former, tally)
        if cut and self.whole and not task.is_window:
            raise self._refusal(location, f"cannot be read to its end because of {cut}")
        if cut:
            tally.incomplete.append(location)
        elif tally.read == read and (len(wanted) == len(seen.names) or not source.one_each):
            if not task.is_window and not task.may_be_empty:
                self._note_empty(source, tally.broken - broken, tally)
                return
            if not (task.may_be_empty or has_old or self.held.count(location)):
                tally.empty.append(location)

        if task.is_window:
            ledger.drop(outlived)
        elif not cut and source.lasting:
            present = set(seen.names)
            # A broken article may be half written. Its indexed version stays until the article can be read again.
            ledger.pass_over(failed)
            gone = [name for name in old if name not in present]
            if is_partial:
                ledger.drop([*gone, *passed])
            elif not is_unsure:
                ledger.drop_unseen()
        difference = ledger.difference()
        if task.is_rest:
            difference = _sum(tally.differences[location], difference)
        tally.differences[location] = difference
        if task.is_window or not cut or tally.read > read:
            self._configure(task)
        if self.writer:
            self.writer.delete_dropped(location, ledger)
            if cut and not task.is_as_before and (before := self.held.state(location)):
                # Its files were read in another way, and some have not been read since.
                stale = before._replace(stamps=[0] * len(before.names))
                self.writer.remember(location, stale)
            if not cut and not task.is_rest:
                again = failed if source.one_each or is_unsure else ()
                stamps = [0 if name in again else s for name, s in zip(seen.names, seen.stamps, strict=True)]
                faults = [(error.location, error.reason) for error in tally.errors[told:]]
                state = SourceState(seen.names, stamps, tally.broken - broken, faults)
                self.writer.remember(location, state if source.lasting else None)

    def _configure(self, task: Task) -> None:
        if self.writer and task.settings is not None:
            self.writer.configure(task.source.location, task.settings)

    def _expire(self, location: str, outlived: Sequence[str], tally: Tally) -> None:
        """Delete what is too old of an unchanged source."""
        if not outlived:
            count = self.held.count(location)
            tally.differences[location] = SourceDifference(0, 0, 0, 0, count, 0, (), (), (), ())
            return
        ledger = self.held.ledger(location)
        ledger.drop(outlived)
        tally.differences[location] = ledger.difference()
        if self.writer:
            self.writer.delete_dropped(location, ledger)

    def _update_remote(self, task: Task, tally: Tally, tell: Callable[[float | None], None]) -> None:
        """Add and replace what a feed has now. What rolled off it stays until it is too old. No error stops a run."""
        source, location = task.source, task.source.location
        ledger = self.held.ledger(location)
        former = self._former(location, ledger)
        broken, told = tally.broken, len(tally.errors)
        batch: list[Article] = []
        try:
            for result in source.articles():
                if isinstance(result, SourceError):
                    tally.note(result)
                    tally.incomplete += [location] if result.hides_articles else []
                    continue
                if task.outlived.has(result):
                    continue
                batch.append(result)
                if len(batch) == _BATCH:
                    self._take(batch, task, ledger, former, tally)
                    batch = []
                    tell(None)
        except SourceError as error:
            tally.note(error)
            tally.incomplete.append(location)
        self._take(batch, task, ledger, former, tally)
        ledger.drop(task.outlived.ids(location))
        tally.differences[location] = ledger.difference()
        if self.writer:
            self.writer.delete_dropped(location, ledger)
            lines = source.memory.lines()
            faults = [(error.location, error.reason) for error in tally.errors[told:]]
            state = SourceState(lines, [0] * len(lines), tally.broken - broken, faults)
            self.writer.remember(location, state)
            self._configure(task)

    def _take(
        self,
        batch: list[Article],
        task: Task,
        ledger: Ledger,
        former: Ledger | None,
        tally: Tally,
        finished: Callable[[], SourceState] | None = None,
    ) -> None:
        differing = ledger.differing(batch)
        if self.writer and differing:
            if former and self.histories:
                differing = _grown(differing, former, self.histories.now, tally)
            self.writer.add_all(differing, task.source.location, finished)
        tally.count(batch)
        if task.given is not None:
            task.given.update(article.id for article in batch)

    def _unmounted(self, location: str, seen: Snapshot) -> list[SourceError]:
        """The links that lead nowhere now, although there were files in the directories that they led to."""
        state = (self.past or self.held).state(location) if seen.dangling else None
        return [
            SourceError(f"{location}/{link}", _UNMOUNTED, hides_articles=True)
            for link in seen.dangling
            if state and any(name.startswith(f"{link}/") for name in state.names)
        ]

    def _former(self, location: str, ledger: Ledger) -> Ledger | None:
        return self.histories.ledger(location, ledger) if self.histories else None

    def _note_empty(self, source: Source, broken: int, tally: Tally) -> None:
        had = self.held.count(source.location)
        if source.lasting and (had or self.whole):
            some = counted(had, "article") if had else "articles"
            why = f" ({broken:,} broken)" if broken else ""
            raise self._refusal(
                source.location, f"has no articles now{why}, but the index has {some} from it"
            )
        tally.empty.append(source.location)

    def _refusal(self, location: str, reason: str) -> SourceError:
        return refusal(location, reason, self.index)


_UNMOUNTED = "a link that leads nowhere, and the index has articles from it; delete the link if they are gone"


def refusal(location: str, reason: str, index: Path | str) -> SourceError:
    """The error for a source that is not as it should be, with advice on what to do."""
    command = shlex.join(["newsearch", "forget", location, "--index", str(index)])
    return SourceError(location, f"{reason}; nothing was changed. To drop its articles: {command}")


def _sum(one: SourceDifference, other: SourceDifference) -> SourceDifference:
    """What two parts of a source add to an empty index."""
    return one._replace(
        added=one.added + other.added,
        repeated=one.repeated + other.repeated,
        added_ids=tuple(sorted((*one.added_ids, *other.added_ids)))[:MAX_NAMES],
    )


def _reported(results: Iterator[Article | SourceError]) -> Iterator[Article | SourceError]:
    """The results of a source; an error that ends them is one of them."""
    try:
        yield from results
    except SourceError as error:
        yield SourceError(error.location, error.reason, hides_articles=True)


def _grown(articles: Sequence[Article], former: Ledger, now: datetime, tally: Tally) -> list[Article]:
    """The articles with their histories. Where the old index is damaged, they are lost."""
    try:
        earlier = former.former(articles)
    except IndexCorrupt as error:
        if len(articles) > 1:
            return [grown for article in articles for grown in _grown([article], former, now, tally)]
        tally.history_lost = error.reason
        earlier = [None]
    return [with_history(article, old, now) for article, old in zip(articles, earlier, strict=True)]


def _finished(
    seen: Snapshot, names: list[str] | None, number: int, failed: set[str], ahead: dict[str, int]
) -> SourceState:
    """The files whose articles were added before the batch that ends with the name at this index."""
    if names is None:
        return SourceState((), ())
    stamps = dict(zip(seen.names, seen.stamps, strict=True))
    # With broken files, a batch spans more files than it has articles, and some files may be read twice.
    before = max(0, number + 1 - _BATCH - len(failed))
    done = ahead | {name: stamps[name] for name in names[:before] if name not in failed}
    return SourceState(list(done), list(done.values()))


def _had_many(known: SourceState, seen: Snapshot) -> bool:
    """Whether a file is gone that may have contained several articles, whose ids are not the file's name."""
    gone = set(known.names).difference(seen.names)
    return any(not name.lower().endswith(SINGLE) for name in gone)


def _is_same(known: SourceState, names: list[str], stamps: list[int]) -> bool:
    return known.stamps == stamps and 0 not in stamps and known.names == names
