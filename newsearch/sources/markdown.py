"""Markdown files: one, or a directory of them."""

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
from operator import attrgetter
from pathlib import Path
from typing import Final

from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_mapping
from newsearch.errors import SourceError
from newsearch.sources.base import Snapshot
from newsearch.sources.files import (
    MAX_ARTICLE_SIZE,
    printable,
    read_file,
    snapshot_of_file,
    stamp,
    unreadable,
)
from newsearch.sources.processes import unheard

SUFFIXES: Final = (".md", ".markdown", ".txt")

_CHUNK: Final = 256  # files a task: some tenths of a second's work
_FEW: Final = 16
_WORTH_PROCESSES: Final = 2000
"""Files; fewer are read before a process has started."""

_CHUNKS_IN_FLIGHT: Final = 3  # for each worker: enough to keep it busy, and a bound on memory


def read_article(path: str | os.PathLike[str], *, id: str) -> Article:
    """Read one Markdown file with YAML front matter.

    Raises:
        SourceError: the file cannot be read, is not UTF-8, is too large, or is not a usable article.
    """
    from newsearch.sources import front_matter  # imports yaml, which only those who read Markdown need

    location = printable(path)
    data = read_file(path, MAX_ARTICLE_SIZE)
    if len(data) > MAX_ARTICLE_SIZE:
        raise SourceError(location, f"larger than {MAX_ARTICLE_SIZE // 1_000_000} MB")
    try:
        mapping, body = front_matter.parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SourceError(location, f"not UTF-8: byte {error.start}") from error
    except front_matter.FrontMatterError as error:
        raise SourceError(location, str(error)) from error
    return article_from_mapping(mapping, id=id, body=body, location=location)


class MarkdownFile:
    """A source of one article, whose id is the file's name."""

    one_each = True
    lasting = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.location = printable(path)

    def snapshot(self) -> Snapshot:
        return snapshot_of_file(self._path)

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        for name in self.snapshot().names if names is None else names:
            yield _read((str(self._path), name))

    def done(self) -> None:
        return None  # its files are counted


class MarkdownDirectory:
    """The Markdown files in a directory and in those under it, sorted; an id is a path from the directory.

    Files that are hidden, or whose names do not end in one of SUFFIXES, are no articles. Links are followed;
    a directory that was read already is not read again. What has the name of an article and is no file, such as a
    link that leads nowhere, is a broken article.
    """

    one_each = True
    lasting = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.location = printable(path)
        self._odd: dict[str, str] = {}

    def snapshot(self) -> Snapshot:
        self._odd = {}
        return _look(str(self._path), self._odd)

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        if names is None:
            seen = self.snapshot()
            yield from seen.problems
            names = seen.names
        if workers <= 1 or len(names) < _WORTH_PROCESSES:
            yield from map(_read, self._entries(names))
        else:
            yield from self._read_in_processes(names, workers)

    def done(self) -> None:
        return None  # its files are counted

    def _entries(self, names: Iterable[str]) -> Iterator[_Entry]:
        root, odd = f"{self._path}{os.sep}", self._odd
        return ((odd.get(name) or root + name, name) for name in names)

    def _read_in_processes(self, names: Sequence[str], workers: int) -> Iterator[Article | SourceError]:
        at_first = 0
        # Spawned, not forked: the caller may have threads, and a fork copies their locks as they are.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, context, initializer=_serve)
        waiting: deque[Future[list[Article | _Error]]] = deque()
        try:
            # Python and the imports take a process a while to start: until then, files are read here.
            with unheard():
                started = [pool.submit(_read_chunk, []) for _ in range(workers)]
            while not started[0].done() and at_first < len(names):
                yield from map(_read, self._entries(names[at_first : at_first + _FEW]))
                at_first += _FEW
            chunks = (list(self._entries(names[i : i + _CHUNK])) for i in range(at_first, len(names), _CHUNK))
            for chunk in islice(chunks, workers * _CHUNKS_IN_FLIGHT):
                waiting.append(pool.submit(_read_chunk, chunk))
            while waiting:
                for result in waiting.popleft().result():
                    yield SourceError(*result) if isinstance(result, tuple) else result
                for chunk in islice(chunks, 1):
                    waiting.append(pool.submit(_read_chunk, chunk))
        except BrokenProcessPool as error:
            raise SourceError(self.location, "a process that reads articles died; try one worker") from error
        finally:
            # Where it is left before its end, it is being stopped already, and Python would print what is raised here.
            with unheard(later=sys.exc_info()[0] is None):
                pool.shutdown(cancel_futures=True)


_Error = tuple[str, str, bool]  # what a SourceError is made of
_Entry = tuple[str, str]  # a file's path, and its name in the source


def _look(root: str, odd: dict[str, str]) -> Snapshot:
    """Walk through a directory; `odd` takes the paths of files whose names had to be made printable."""
    found = Snapshot()
    names, stamps = found.names, found.stamps
    now = time.time_ns()
    seen: set[tuple[int, int]] = set()

    def entries(directory: str) -> Iterator[os.DirEntry[str]]:
        try:
            status = os.stat(directory)
            if (status.st_dev, status.st_ino) in seen:
                return iter(())
            seen.add((status.st_dev, status.st_ino))
            return iter(_list(directory))
        except OSError as error:
            problem = unreadable(directory, error)
            found.problems.append(SourceError(problem.location, problem.reason, hides_articles=True))
            return iter(())

    levels = [("", entries(root))]
    while levels:
        prefix, level = levels[-1]
        for entry in level:
            name = entry.name
            if name[0] == ".":
                continue
            try:
                is_file = name.endswith(SUFFIXES) and entry.is_file()
                if not is_file:
                    if entry.is_dir():
                        levels.append((f"{prefix}{name}/", entries(entry.path)))
                        break
                    if not name.lower().endswith(SUFFIXES):
                        continue
                    is_file = entry.is_file()
                looks = stamp(entry.stat(), now) if is_file else 0
            except OSError:
                # It is gone by now, or a link that leads to itself: reading it says what is wrong.
                if not name.lower().endswith(SUFFIXES):
                    continue
                looks = 0
            name = prefix + name
            if not (name.isascii() and name.isprintable()):
                known_as = printable(name)
                if known_as != name:
                    odd[known_as] = entry.path
                    name = known_as
            names.append(name)
            stamps.append(looks)
        else:
            levels.pop()
    return found


def _list(directory: str) -> list[os.DirEntry[str]]:
    with os.scandir(directory) as scan:
        return sorted(scan, key=attrgetter("name"))


def _read(entry: _Entry) -> Article | SourceError:
    path, id = entry
    try:
        return read_article(path, id=id)
    except SourceError as error:
        return error


def _read_chunk(chunk: list[_Entry]) -> list[Article | _Error]:
    """Read some files in another process; an error cannot be pickled, so it travels as its parts."""
    results = map(_read, chunk)
    return [
        (result.location, result.reason, result.hides_articles) if isinstance(result, SourceError) else result
        for result in results
    ]


def _serve() -> None:
    """Leave Ctrl-C to the parent, which shuts the pool down; and end when the parent was killed and could not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
