"""Markdown files: one, or a directory of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from newsearch.article import Article, article_from_mapping
from newsearch.errors import SourceError
from newsearch.sources.base import MAX_ARTICLE_SIZE, open_file, printable, unreadable

SUFFIXES: Final = (".md", ".markdown", ".txt")

_CHUNK: Final = 256  # files a task: some tenths of a second's work
_CHUNKS_IN_FLIGHT: Final = 3  # for each worker: enough to keep it busy, and a bound on memory


def read_article(path: str | os.PathLike[str], *, id: str) -> Article:
    """Read one Markdown file with YAML front matter.

    Raises:
        SourceError: the file cannot be read, is not UTF-8, is too large, or is not a usable article.
    """
    from newsearch.sources import front_matter  # imports yaml, which only those who read Markdown need

    location = printable(path)
    with open_file(Path(path)) as file:
        try:
            data = file.read(MAX_ARTICLE_SIZE + 1)
        except OSError as error:
            raise unreadable(path, error) from error
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

    def __init__(self, path: Path) -> None:
        self._path = path
        self.location = printable(path)

    def articles(self, workers: int = 1) -> Iterator[Article | SourceError]:
        yield _read((str(self._path), printable(self._path.name), ""))


class MarkdownDirectory:
    """The Markdown files in a directory and in those under it, sorted; an id is a path from the directory.

    Files that are hidden, or whose names do not end in one of SUFFIXES, are no articles. Links are followed;
    a directory that was read already is not read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.location = printable(path)

    def articles(self, workers: int = 1) -> Iterator[Article | SourceError]:
        files = _walk(str(self._path))
        chunks = iter(lambda: list(islice(files, _CHUNK)), [])
        first = next(chunks, [])
        if workers <= 1 or len(first) < _CHUNK:  # starting processes takes longer than so few files
            yield from map(_read, first)
            for chunk in chunks:
                yield from map(_read, chunk)
        else:
            yield from self._read_in_processes(first, chunks, workers)

    def _read_in_processes(
        self, first: list[_Entry], chunks: Iterator[list[_Entry]], workers: int
    ) -> Iterator[Article | SourceError]:
        # Spawned, not forked: the caller may have threads, and a fork copies their locks as they are.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, context, initializer=_ignore_interrupts)
        waiting: deque[Future[list[Article | _Error]]] = deque([pool.submit(_read_chunk, first)])
        try:
            while waiting:
                for chunk in islice(chunks, workers * _CHUNKS_IN_FLIGHT - len(waiting)):
                    waiting.append(pool.submit(_read_chunk, chunk))
                for result in waiting.popleft().result():
                    yield SourceError(*result) if isinstance(result, tuple) else result
        except BrokenProcessPool as error:
            raise SourceError(
                self.location, "a process that read articles has died; try one worker"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


_Error = tuple[str, str, bool]  # what a SourceError is made of

# A file's path, its id, and "", or a directory's path, its id, and why it cannot be listed.
_Entry = tuple[str, str, str]


def _walk(root: str) -> Iterator[_Entry]:
    seen = set()
    pending = [(root, "", True)]
    while pending:
        path, prefix, is_directory = pending.pop()
        if not is_directory:
            yield path, printable(prefix), ""
            continue
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                pending += _list(path, prefix)
        except OSError as error:
            yield path, printable(prefix), unreadable(path, error).reason


def _list(directory: str, prefix: str) -> list[tuple[str, str, bool]]:
    """List the files and directories to read, the last one first."""
    with os.scandir(directory) as scan:
        entries = sorted(scan, key=lambda entry: entry.name, reverse=True)
    found = []
    for entry in entries:
        if not entry.name.startswith("."):
            with suppress(OSError):  # a link that leads to itself leads to no article
                if entry.is_dir():
                    found.append((entry.path, f"{prefix}{entry.name}/", True))
                elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                    found.append((entry.path, prefix + entry.name, False))
    return found


def _read(entry: _Entry) -> Article | SourceError:
    path, id, problem = entry
    if problem:
        return SourceError(printable(path), problem, hides_articles=True)
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


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets Ctrl-C too, and shuts the pool down
