"""Other servers that search the same articles: Datasette with FTS5, and `tantivy serve` of tantivy-cli.

Each is asked for the ten best articles as JSON, with everything that is known of them. Datasette searches for articles
with every word; tantivy-cli for those with any, as it does by default.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_connection, socket
from typing import NamedTuple
from urllib.parse import quote_plus

from bench.corpus import Corpus, read

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


class Rival(NamedTuple):
    """A server to compare with.

    Attributes:
        program: the name of its command.
        build: makes its index from a corpus in a directory, with the command's path.
        command: the arguments that start it, given the directory and a port.
        address: the address of a search.
    """

    name: str
    program: str
    build: Callable[[Corpus, Path, str], None]
    command: Callable[[Path, int], list[str]]
    address: Callable[[str], str]


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


RIVALS = (
    Rival(
        "Datasette with FTS5",
        "datasette",
        _build_sqlite,
        lambda place, port: ["serve", "-i", str(place / "news.db"), "-p", str(port)],
        lambda query: f"/news.json?sql={quote_plus(_SQL)}&q={quote_plus(query)}",
    ),
    Rival(
        "tantivy-cli serve",
        "tantivy",
        _build_tantivy,
        lambda place, port: ["serve", "-i", str(place), "-p", str(port)],
        lambda query: f"/api/?nhits=10&q={quote_plus(query)}",
    ),
)


@contextmanager
def serving(rival: Rival, corpus: Corpus, work: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]] | None]:
    """A port and the process of a rival's server, or None if its command is not on PATH."""
    program = shutil.which(rival.program)
    if program is None:
        yield None
        return
    place = work / f"{rival.program}-{corpus.size}"
    if not place.exists():
        place.mkdir()
        rival.build(corpus, place, program)
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with subprocess.Popen(
        [program, *rival.command(place, port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(600):
                try:
                    create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield port, process
        finally:
            process.terminate()
