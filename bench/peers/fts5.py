"""SQLite's full-text index, from the standard library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.corpus import Corpus, Record, month, published, read
from bench.peers.base import TOP, Answer, Hit
from bench.queries import BenchQuery

# The index reads its text from `article`; `signal` is narrow, so that ranking a match reads few pages.
SCHEMA = """
CREATE TABLE article (
    id INTEGER PRIMARY KEY, title TEXT, excerpt TEXT, topics TEXT, url TEXT, provider TEXT, date INTEGER,
    heat INTEGER, quality INTEGER
);
CREATE TABLE signal (id INTEGER PRIMARY KEY, boost REAL, date INTEGER, month INTEGER, provider TEXT);
CREATE TABLE topic (id INTEGER, name TEXT, PRIMARY KEY (id, name)) WITHOUT ROWID;
CREATE VIRTUAL TABLE found USING fts5(
    title, excerpt, topics, content='article', content_rowid='id', tokenize='porter unicode61'
);
"""
RANKED = """
SELECT title, url, score FROM (
    SELECT found.rowid AS id, bm25(found, 3.0, 1.0, 2.0) * signal.boost AS score
    FROM found JOIN signal ON signal.id = found.rowid WHERE {where} ORDER BY score LIMIT ?
) JOIN article USING (id) ORDER BY score
"""
COUNTED = "SELECT count(*) FROM found JOIN signal ON signal.id = found.rowid WHERE {where}"
BY_MONTH = (
    "SELECT month, count(*) FROM found JOIN signal ON signal.id = found.rowid WHERE {where} GROUP BY month"
)
BY_TOPIC = "SELECT name, count(*) FROM found JOIN topic ON topic.id = found.rowid WHERE {where} GROUP BY name"


class Fts5:
    """FTS5 with the porter tokenizer, boosts in ORDER BY, and one merged index."""

    name = "fts5"
    index = "fts5"
    note = "has no fuzzy search"

    @property
    def version(self) -> str:
        return sqlite3.sqlite_version

    def answers(self, query: BenchQuery) -> bool:
        return query.kind not in ("fuzzy", "typed")

    def build(self, corpus: Corpus, index: Path) -> None:
        with closing(sqlite3.connect(index / "articles.db")) as database:
            database.executescript(SCHEMA)
            with database:
                self._fill(database, corpus)
                database.execute("INSERT INTO found(found) VALUES ('optimize')")

    def _fill(self, database: sqlite3.Connection, corpus: Corpus) -> None:
        for number, record in enumerate(read(corpus.path)):
            topics = " ".join(record["topics"])
            date = int(published(record).timestamp())
            provider = record["provider"]["name"]
            text = (record["title"], record["excerpt"], topics)
            rest = (record["webUrl"], provider, date, record["heat"], record["quality"])
            database.execute("INSERT INTO article VALUES (?,?,?,?,?,?,?,?,?)", (number, *text, *rest))
            database.execute(
                "INSERT INTO found(rowid, title, excerpt, topics) VALUES (?,?,?,?)", (number, *text)
            )
            signal = (number, corpus.boost(record), date, month(record), provider)
            database.execute("INSERT INTO signal VALUES (?,?,?,?,?)", signal)
            database.executemany("INSERT OR IGNORE INTO topic VALUES (?,?)", _topics(number, record))

    def open(self, index: Path) -> Fts5Searcher:
        return Fts5Searcher(index / "articles.db")


def _topics(number: int, record: Record) -> Iterator[tuple[int, str]]:
    return ((number, topic) for topic in record["topics"])


class Fts5Searcher:
    def __init__(self, database: Path) -> None:
        self._database = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        self._database.execute("PRAGMA mmap_size = 4294967296")

    def search(self, query: BenchQuery) -> Answer:
        where, values = _where(query)
        rows = self._database.execute(RANKED.format(where=where), (*values, TOP))
        hits = [Hit(title, url, -score) for title, url, score in rows]
        total = (
            self._database.execute(COUNTED.format(where=where), values).fetchone()[0] if query.count else None
        )
        facets = {}
        if query.facets:
            for name, statement in (("topic", BY_TOPIC), ("month", BY_MONTH)):
                counted = self._database.execute(statement.format(where=where), values)
                facets[name] = {str(value): number for value, number in counted}
        return Answer(hits, total, facets)

    def close(self) -> None:
        self._database.close()


def _where(query: BenchQuery) -> tuple[str, list[Any]]:
    words = [f'"{word}"' for word in query.text.split()]
    match = {
        "words": (" " if query.every else " OR ").join(words),
        "phrase": f'"{query.text}"',
        "prefix": f'"{query.text}"*',
    }[query.kind]
    where = ["found MATCH ?"]
    values: list[Any] = [match]
    if query.provider is not None and query.start is not None and query.end is not None:
        where.append("signal.provider = ? AND signal.date >= ? AND signal.date < ?")
        values += [query.provider, int(query.start.timestamp()), int(query.end.timestamp())]
    return " AND ".join(where), values
