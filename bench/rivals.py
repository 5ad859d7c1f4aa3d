"""Other servers that search the same articles: Datasette with FTS5, `tantivy serve` of tantivy-cli, and OpenSearch.

Each is asked for the ten best articles as JSON, with everything that is known of them. Datasette searches for articles
with every word; the others for those with any, as they do by default.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from socket import create_connection, socket
from typing import NamedTuple, TypeAlias
from urllib.parse import quote_plus

from bench.corpus import Corpus, read
from bench.measure import PROJECT

_SQL = (
    "select articles.* from articles_fts join articles on articles.id = articles_fts.rowid"
    " where articles_fts match :q order by articles_fts.rank limit 10"
)
_TEXT = {
    "type": "text",
    "options": {
        "indexing": {"record": "position", "fieldnorms": True, "tokenizer": "en_stem"},
        "stored": True,
        "fast": False,
    },
}
_SCHEMA = [
    {"name": "title", **_TEXT},
    {"name": "excerpt", **_TEXT},
    {"name": "rest", "type": "text", "options": {"stored": True, "fast": False}},
]


Started: TypeAlias = AbstractContextManager[tuple[int, int] | None]
"""The port and the process of a server, or None if it cannot be had here."""


class Rival(NamedTuple):
    """A server to compare with.

    Attributes:
        needs: what it needs.
        start: runs it on a corpus. Its index is kept in a directory.
        address: the address of a search.
    """

    name: str
    needs: str
    start: Callable[[Corpus, Path], Started]
    address: Callable[[str], str]


@contextmanager
def _program(
    name: str,
    build: Callable[[Corpus, Path, str], None],
    command: Callable[[Path, int], list[str]],
    corpus: Corpus,
    work: Path,
) -> Iterator[tuple[int, int] | None]:
    """A server that is a command on PATH."""
    program = shutil.which(name)
    if program is None:
        yield None
        return
    place = work / f"{name}-{corpus.size}"
    if not place.exists():
        place.mkdir()
        build(corpus, place, program)
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with subprocess.Popen(
        [program, *command(place, port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(600):
                try:
                    create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield port, process.pid
        finally:
            process.terminate()


def _build_sqlite(corpus: Corpus, place: Path, program: str) -> None:
    with closing(sqlite3.connect(place / "news.db")) as database:
        database.execute(
            "create table articles (id integer primary key, title text, excerpt text, rest text)"
        )
        rows = ((r["title"], r["excerpt"], json.dumps(r, ensure_ascii=False)) for r in read(corpus.path))
        database.executemany("insert into articles (title, excerpt, rest) values (?, ?, ?)", rows)
        database.execute(
            "create virtual table articles_fts using fts5"
            " (title, excerpt, content=articles, content_rowid=id, tokenize='porter unicode61')"
        )
        for command in ("rebuild", "optimize"):
            database.execute("insert into articles_fts (articles_fts) values (?)", (command,))
        database.commit()


def _build_tantivy(corpus: Corpus, place: Path, program: str) -> None:
    settings = {"docstore_compression": "lz4", "docstore_blocksize": 16_384}
    meta = {"index_settings": settings, "segments": [], "schema": _SCHEMA, "opstamp": 0}
    (place / "meta.json").write_text(json.dumps(meta))
    command = [program, "index", "-i", str(place), "-t", "2", "-m", "200000000"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        for record in read(corpus.path):
            found = {"title": record["title"] or "", "excerpt": record["excerpt"] or ""}
            process.stdin.write(json.dumps({**found, "rest": json.dumps(record, ensure_ascii=False)}) + "\n")
    if process.returncode:
        raise RuntimeError("tantivy could not index the articles")


@contextmanager
def _opensearch(corpus: Corpus, work: Path) -> Iterator[tuple[int, int] | None]:
    """One node of OpenSearch, as tests/opensearch starts them. Its index is built each time."""
    sys.path.insert(0, str(PROJECT / "tests" / "opensearch"))
    from nodes import Nodes, Unavailable  # type: ignore[import-not-found]  # of the tests

    place = work / f"opensearch-{corpus.size}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        nodes = Nodes(place, heap=1024, options=())
    except Unavailable:
        yield None
        return
    with nodes:
        port = int(nodes.urls[0].rpartition(":")[2])
        _send(port, "PUT", "/news", json.dumps(_MAPPING))
        actions = (f'{{"index":{{}}}}\n{json.dumps(record)}\n' for record in read(corpus.path))
        while lines := "".join(islice(actions, _BATCH)):
            _send(port, "POST", "/news/_bulk", lines)
        _send(port, "POST", "/news/_forcemerge?max_num_segments=1")
        _send(port, "POST", "/news/_refresh")
        yield port, nodes.pid(0)


def _send(port: int, method: str, path: str, body: str = "") -> None:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request(method, path, body.encode(), {"Content-Type": "application/json"})
        answer = json.load(connection.getresponse())
    if answer.get("error") or answer.get("errors"):
        raise RuntimeError(f"OpenSearch answers {str(answer)[:500]}")


_BATCH = 2_000
_TEXTS = ("title", "excerpt")
_MAPPING = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0, "query.default_field": list(_TEXTS)},
    "mappings": {
        "dynamic": False,
        "properties": {name: {"type": "text", "analyzer": "english"} for name in _TEXTS},
    },
}

RIVALS = (
    Rival(
        "Datasette with FTS5",
        "datasette on PATH",
        partial(
            _program,
            "datasette",
            _build_sqlite,
            lambda place, port: ["serve", "-i", str(place / "news.db"), "-p", str(port)],
        ),
        lambda query: f"/news.json?sql={quote_plus(_SQL)}&q={quote_plus(query)}",
    ),
    Rival(
        "tantivy-cli serve",
        "tantivy on PATH",
        partial(
            _program,
            "tantivy",
            _build_tantivy,
            lambda place, port: ["serve", "-i", str(place), "-p", str(port)],
        ),
        lambda query: f"/api/?nhits=10&q={quote_plus(query)}",
    ),
    Rival(
        "OpenSearch",
        "Java and Maven",
        _opensearch,
        lambda query: f"/news/_search?size=10&q={quote_plus(query)}",
    ),
)
