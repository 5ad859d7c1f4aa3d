"""Lucene, through a small Java program that is compiled when it is first needed (see LucenePeer.java)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.corpus import Corpus, Record, published, read
from bench.peers.base import Answer, Hit
from bench.queries import BenchQuery

VERSION = "9.12.3"
_HERE = Path(__file__).parent
_CLASSES = _HERE / "target" / VERSION
_TOPICS = "\x1f"  # between an article's topics
_SPACES = re.compile(r"[\t\n\r]")

for _program in ("java", "javac", "mvn"):
    if shutil.which(_program) is None:
        raise ImportError(f"Lucene needs a JDK of 17 or later and Maven; there is no {_program}")


class Lucene:
    """Lucene with one indexing thread and its defaults, without boosts: with them it would skip nothing."""

    name = "lucene"
    index = "lucene"
    note = (
        "without boosts and facets, in a process of its own: its time is what it measures itself, after each query was"
        " asked twenty times, without the pipe and Python"
    )

    @property
    def version(self) -> str:
        return VERSION

    def answers(self, query: BenchQuery) -> bool:
        return query.kind != "typed" and not query.facets

    def build(self, corpus: Corpus, index: Path) -> None:
        with _started("build", index) as process:
            assert process.stdin
            for record in read(corpus.path):
                process.stdin.write(_line(record))
        if process.returncode:
            raise RuntimeError(f"Lucene could not index the articles: exit code {process.returncode}")

    def open(self, index: Path) -> LuceneSearcher:
        return LuceneSearcher(index)


def _started(task: str, index: Path) -> subprocess.Popen[str]:
    _compile()
    # Its memory-mapped files are outside of the heap; what it says of the machine's vector units is no error.
    command = ["java", "-Xmx1g", "-cp", f"{_CLASSES}/*:{_CLASSES}", "LucenePeer", task, str(index)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )


def _compile() -> None:
    source, compiled = _HERE / "LucenePeer.java", _CLASSES / "LucenePeer.class"
    if compiled.exists() and compiled.stat().st_mtime > source.stat().st_mtime:
        return
    maven = ["mvn", "--quiet", "--batch-mode", f"--file={_HERE / 'pom.xml'}", f"-Dlucene={VERSION}"]
    jars = ["dependency:copy-dependencies", f"-DoutputDirectory={_CLASSES}"]
    subprocess.run([*maven, *jars], check=True, stdout=subprocess.DEVNULL)
    javac = ["javac", "-cp", f"{_CLASSES}/*", "-d", str(_CLASSES), str(source)]
    subprocess.run(javac, check=True)


def _line(record: Record) -> str:
    signals = int(published(record).timestamp()), record["heat"], record["quality"]
    topics = _TOPICS.join(map(_clean, record["topics"]))
    text = (record["title"], record["excerpt"], topics, record["webUrl"], record["provider"]["name"])
    return "\t".join((*map(_clean, text), *map(str, signals))) + "\n"


def _clean(text: str) -> str:
    return _SPACES.sub(" ", text)


class LuceneSearcher:
    def __init__(self, index: Path) -> None:
        self._process = _started("search", index)

    def search(self, query: BenchQuery) -> Answer:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\t".join(_asked(query)) + "\n")
        self._process.stdin.flush()
        taken, total, *found = self._process.stdout.readline().rstrip("\n").split("\t")
        parts = (found[at::3] for at in range(3))
        hits = [Hit(title, url, float(score)) for score, title, url in zip(*parts, strict=True)]
        return Answer(hits, int(total) if query.count else None, own_us=int(taken) / 1e3)

    def close(self) -> None:
        self._process.communicate()


def _asked(query: BenchQuery) -> Iterator[str]:
    """The names and values of a query; flags are there or not."""
    said = {
        "text": query.text,
        "kind": query.kind,
        "every": query.every or None,
        "count": query.count or None,
        "field": query.field,
        "either": query.either,
        "more": query.more,
        "without": query.without,
        "start": query.start and int(query.start.timestamp()),
        "end": query.end and int(query.end.timestamp()),
        "provider": query.provider,
        "topic": query.topic,
        "heat": query.heat,
        "sort": query.sort,
        "offset": query.offset or None,
    }
    for name, value in said.items():
        if value is not None:
            yield from (name, str(value))
