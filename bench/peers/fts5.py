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
CREATE TABLE signal (
    id INTEGER PRIMARY KEY, boost REAL, date INTEGER, month INTEGER, provider TEXT, heat INTEGER
);
CREATE TABLE topic (id INTEGER, name TEXT, PRIMARY KEY (id, name)) WITHOUT ROWID;
CREATE VIRTUAL TABLE found USING fts5(
    title, excerpt, topics, content='article', content_rowid='id', tokenize='porter unicode61'
);
"""
RANKED = """
SELECT title, url, score FROM (
    SELECT found.rowid AS id, {score} AS score
    FROM found JOIN signal ON signal.id = found.rowid WHERE {where} ORDER BY score LIMIT ? OFFSET ?
) JOIN article USING (id) ORDER BY score
"""
SCORES = {None: "bm25(found, 3.0, 1.0, 2.0) * signal.boost", "newest": "-signal.date", "heat": "-signal.heat"}
COUNTED = "SELECT count(*) FROM found JOIN signal ON signal.id = found.rowid WHERE {where}"
BY_MONTH = (
    "SELECT month, count(*) FROM found JOIN signal ON signal.id = found.rowid WHERE {where} GROUP BY month"
)
BY_TOPIC = "SELECT name, count(*) FROM found JOIN topic ON topic.id = found.rowid WHERE {where} GROUP BY name"


class Fts5:
    """FTS5 with the porter tokenizer, boosts in ORDER BY, and one merged index."""

    name = "fts5"
    index = "fts5"
    note = "has no fuzzy search, and ranks no articles without words"

    @property
    def version(self) -> str:
        return sqlite3.sqlite_version

    def answers(self, query: BenchQuery) -> bool:
        return query.kind not in ("fuzzy", "typed") and query.text != ""

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
            signal = (number, corpus.boost(record), date, month(record), provider, record["heat"])
            database.execute("INSERT INTO signal VALUES (?,?,?,?,?,?)", signal)
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
        ranked = RANKED.format(where=where, score=SCORES[query.sort])
        rows = self._database.execute(ranked, (*values, TOP, query.offset))
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
    where = ["found MATCH ?"]
    values: list[Any] = [_match(query)]
    for condition, value in (
        ("signal.provider = ?", query.provider),
        ("signal.date >= ?", query.start and int(query.start.timestamp())),
        ("signal.date < ?", query.end and int(query.end.timestamp())),
        ("signal.heat >= ?", query.heat),
        ("signal.id IN (SELECT id FROM topic WHERE name = ?)", query.topic),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    return " AND ".join(where), values


def _match(query: BenchQuery) -> str:
    words = [_quoted(word) for word in query.text.split()]
    match = {
        "words": (" " if query.every else " OR ").join(words),
        "phrase": _quoted(query.text),
        "prefix": f"{_quoted(query.text)}*",
    }[query.kind]
    if query.field:
        match = f"{{{query.field}}} : ({match})"
    if query.either:
        match = f"({match}) OR {_quoted(query.either)}"
    if query.more:
        match = f"({match}) AND {_quoted(query.more)}"
    if query.without:
        match = f"({match}) NOT {_quoted(query.without)}"
    return match


def _quoted(words: str) -> str:
    return f'"{words}"'
