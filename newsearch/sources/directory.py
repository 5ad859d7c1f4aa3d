"""A directory of documents, in one or more formats."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import Final

from newsearch.articles.article import Article
from newsearch.errors import SourceError
from newsearch.sources.base import NotNews, ReadingOptions, Snapshot, Unread
from newsearch.sources.files import printable, stamp, unreadable
from newsearch.sources.formats import PACKED, SINGLE, SUFFIXES, how_packed, read_many, read_single
from newsearch.sources.listing import DIRECTORY, LINK, listed
from newsearch.sources.processes import unheard

_CHUNK: Final = 256  # files per task: a few tenths of a second of work
_FEW: Final = 16
_WORTH_PROCESSES: Final = 2000
"""Files; with fewer, reading ends before a process has started."""

_AS_IT_SAYS: Final = ReadingOptions()

_CHUNKS_IN_FLIGHT: Final = 3  # per worker: enough to keep it busy, and a limit on memory


class Directory:
    """The documents in a directory and its subdirectories, sorted; an id is a path relative to the directory.

    Hidden files, and files without one of SUFFIXES, are not articles. Links are followed last, and only to targets
    outside the directory: inside, a link is only another name, and the real one is the id. Anything with the name of
    an article that is not a file, such as a dangling link, is a broken article.

    If every file is one article, only changed files are read again. With feeds, JSON or crawls among them, all are.

    Files that are intact but hold no article, such as settings and sitemaps, are given as NotNews, and so are files
    in a compression that is not read.
    """

    lasting = True
    passes_over = True

    def __init__(self, path: Path, options: ReadingOptions = _AS_IT_SAYS) -> None:
        self._path = path
        self._options = options
        self.location = printable(path)
        self.one_each = True
        self._odd: dict[str, str] = {}

    def snapshot(self) -> Snapshot:
        self._odd = {}
        found, self.one_each = _look(str(self._path), self._odd)
        return found

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        if names is None:
            seen = self.snapshot()
            yield from seen.problems
            names = seen.names
        single = names if self.one_each else [name for name in names if _is_single(name)]
        if workers <= 1 or len(single) < _WORTH_PROCESSES:
            yield from (_read((path, name, self._options)) for path, name in self._entries(single))
        else:
            yield from self._read_in_processes(single, workers)
        if len(single) < len(names):
            for path, name in self._entries(name for name in names if not _is_single(name)):
                if name.rpartition("/")[2].lower() in _OF_PROGRAMS and not self._options.format:
                    yield NotNews(printable(path), "a file of a program, by its name")
                    continue
                try:
                    yield from read_many(Path(path), name, self._options, is_named=False)
                except NotNews as error:
                    yield error
                except SourceError as error:
                    yield Unread(error.location, error.reason, error.hides_articles, name)

    def done(self) -> None:
        return None  # progress is counted in files

    def _entries(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        root, odd = f"{self._path}{os.sep}", self._odd
        return ((odd.get(name) or root + name, name) for name in names)

    def _read_in_processes(self, names: Sequence[str], workers: int) -> Iterator[Article | SourceError]:
        at_first = 0
        # Spawned, not forked: the caller may have threads, and a fork copies their locks in their current state.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, context, initializer=_serve)
        waiting: deque[Future[list[Article | _Error]]] = deque()
        try:
            # A process takes a while to start Python and import modules: until then, files are read here.
            with unheard():
                started = [pool.submit(_read_chunk, []) for _ in range(workers)]
            while not started[0].done() and at_first < len(names):
                few = self._entries(names[at_first : at_first + _FEW])
                yield from (_read((path, name, self._options)) for path, name in few)
                at_first += _FEW
            chunks = (
                [(path, name, self._options) for path, name in self._entries(names[i : i + _CHUNK])]
                for i in range(at_first, len(names), _CHUNK)
            )
            for chunk in islice(chunks, workers * _CHUNKS_IN_FLIGHT):
                waiting.append(pool.submit(_read_chunk, chunk))
            while waiting:
                for result in waiting.popleft().result():
                    yield _error(*result) if isinstance(result, tuple) else result
                for chunk in islice(chunks, 1):
                    waiting.append(pool.submit(_read_chunk, chunk))
        except BrokenProcessPool as error:
            raise SourceError(
                self.location, "a process that read articles has died; try one worker"
            ) from error
        finally:
            # A generator closed early is already being stopped, and Python would print an exception raised here.
            with unheard(later=sys.exc_info()[0] is None):
                pool.shutdown(cancel_futures=True)


_SUFFIXES: Final = (*SUFFIXES, *PACKED)

_OF_PROGRAMS: Final = frozenset(
    """package.json package-lock.json composer.json bower.json tsconfig.json jsconfig.json manifest.json deno.json
    angular.json vercel.json netlify.json renovate.json pom.xml build.xml sitemap.xml browserconfig.xml""".split()
)
"""Names of files that are never news, and some of which are not even JSON."""

_Error = tuple[bool, str, str, bool, str]  # whether it is NotNews, and the arguments of a SourceError
_Entry = tuple[str, str, ReadingOptions]  # a file's path, its name in the source, and how it is read


def _is_single(name: str) -> bool:
    """Whether a file gives one article or one error, and is not read again if it has not changed."""
    return name.endswith(SINGLE) or name.lower().endswith(SINGLE) or bool(how_packed(name))


def _is_plain(name: str) -> bool:
    """Whether a name is sure to be printable as it is: see `printable`."""
    return name.isascii() and name.isprintable() and "\\" not in name


def _look(root: str, odd: dict[str, str]) -> tuple[Snapshot, bool]:
    """Walk a directory. Returns what is there, and whether every file is one article.

    `odd` receives the paths of files whose names had to be made printable.
    """
    found, one_each = Snapshot(), True
    names, stamps = found.names, found.stamps
    now = time.time_ns()
    seen: set[tuple[int, int]] = set()
    links: list[tuple[str, str]] = []

    def entries(directory: str) -> Iterator[tuple[str, int, int]]:
        try:
            status = os.stat(directory)
            if (status.st_dev, status.st_ino) in seen:
                return iter(())
            seen.add((status.st_dev, status.st_ino))
            return iter(listed(directory, _SUFFIXES, now))
        except OSError as error:
            problem = unreadable(directory, error)
            found.problems.append(SourceError(problem.location, problem.reason, hides_articles=True))
            return iter(())

    def take(name: str, path: str, looks: int) -> None:
        nonlocal one_each
        one_each = one_each and _is_single(name)
        if not _is_plain(name):
            known_as = printable(name)
            if known_as != name:
                odd[known_as] = path
                name = known_as
        names.append(name)
        stamps.append(looks)

    def walk(prefix: str, directory: str) -> None:
        levels = [(prefix, directory, entries(directory))]
        while levels:
            prefix, directory, level = levels[-1]
            is_plain = _is_plain(prefix)
            for name, kind, looks in level:
                if kind == LINK:
                    links.append((f"{prefix}{name}", os.path.join(directory, name)))
                elif kind == DIRECTORY:
                    inner = os.path.join(directory, name)
                    levels.append((f"{prefix}{name}/", inner, entries(inner)))
                    break
                elif is_plain and name.endswith(SINGLE) and _is_plain(name):
                    names.append(prefix + name)
                    stamps.append(looks)
                elif name.lower().endswith(SUFFIXES) or how_packed(name):
                    take(prefix + name, os.path.join(directory, name), looks)
            else:
                levels.pop()

    walk("", root)
    real = os.path.join(os.path.realpath(root), "")
    # A link inside a directory reached by a link is processed last.
    for name, path in links:
        if os.path.isdir(path):
            walk(f"{name}/", path)
        elif name.lower().endswith(SUFFIXES) and not _is_within(path, real):
            take(name, path, _looks(path, now))
        if not os.path.exists(path):
            found.dangling.append(printable(name))
    return found, one_each


def _looks(path: str, now: int) -> int:
    """The stamp of what a link leads to; 0 if that is not a file, or is the link itself."""
    try:
        status = os.stat(path)
    except OSError:
        return 0
    return stamp(status, now) if S_ISREG(status.st_mode) else 0


def _is_within(path: str, real: str) -> bool:
    """Whether a link leads to a file that is already an article of the directory."""
    target = os.path.realpath(path)
    inner = target.removeprefix(real)
    is_hidden = any(part.startswith(".") for part in inner.split(os.sep))
    return (
        target.startswith(real)
        and not is_hidden
        and inner.lower().endswith(SUFFIXES)
        and os.path.isfile(target)
    )


def _read(entry: _Entry) -> Article | SourceError:
    if reason := how_packed(entry[1]):
        return NotNews(printable(entry[0]), reason)
    return read_single(*entry, is_named=False)


def _read_chunk(chunk: list[_Entry]) -> list[Article | _Error]:
    """Read some files in another process; an error cannot be pickled, and is sent as its parts."""
    results = map(_read, chunk)
    return [
        (isinstance(result, NotNews), result.location, result.reason, result.hides_articles, result.id)
        if isinstance(result, SourceError)
        else result
        for result in results
    ]


def _error(is_not_news: bool, location: str, reason: str, hides_articles: bool, id: str) -> SourceError:
    return (NotNews if is_not_news else SourceError)(location, reason, hides_articles, id)


def _serve() -> None:
    """Leave Ctrl-C to the parent, which shuts the pool down; exit if the parent was killed and could not do that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
