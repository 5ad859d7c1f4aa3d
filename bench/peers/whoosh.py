"""Whoosh with its own codec: what newsearch stands on, without newsearch."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import whoosh
from whoosh import fields, index, scoring, sorting
from whoosh.analysis.analyzers import StemmingAnalyzer
from whoosh.qparser.default import MultifieldParser
from whoosh.qparser.syntax import OrGroup
from whoosh.query.compound import And, Or
from whoosh.query.qcore import Query
from whoosh.query.ranges import DateRange
from whoosh.query.terms import FuzzyTerm, Term

from bench.corpus import Corpus, month, published, read
from bench.peers.base import TOP, Answer, Hit
from bench.queries import BenchQuery

WEIGHTS = {"title": 3.0, "topics": 2.0, "excerpt": 1.0}


class Boosted(scoring.BM25F):  # type: ignore[misc]
    """BM25F whose scores are multiplied by the articles' boosts."""

    use_final = True

    def __init__(self) -> None:
        super().__init__()
        self._columns: dict[int, Any] = {}

    def final(self, searcher: Any, docnum: int, score: float) -> float:
        # A searcher hands out one sub-searcher a segment, and each numbers its own articles.
        column = self._columns.get(id(searcher))
        if column is None:
            column = self._columns[id(searcher)] = searcher.reader().column_reader("boost")
        return float(score * column[docnum])


class Whoosh:
    """Plain Whoosh with StemmingAnalyzer, no stop words (no other peer drops any), and boosts."""

    name = "whoosh"
    index = "whoosh"
    note = "whoosh3, its own codec"

    @property
    def version(self) -> str:
        return ".".join(map(str, whoosh.__version__))

    def answers(self, query: BenchQuery) -> bool:
        plain = query.kind != "typed" and query.text and not query.is_compound
        return bool(plain) and query.topic is None and query.heat is None

    def build(self, corpus: Corpus, index_path: Path) -> None:
        writer = index.create_in(str(index_path), _schema()).writer(limitmb=512)
        for record in read(corpus.path):
            writer.add_document(
                title=record["title"],
                excerpt=record["excerpt"],
                topics=" ".join(record["topics"]),
                topic=",".join(record["topics"]),
                url=record["webUrl"],
                provider=record["provider"]["name"],
                date=published(record).replace(tzinfo=None),
                month=month(record),
                heat=record["heat"],
                quality=record["quality"],
                boost=corpus.boost(record),
            )
        writer.commit()

    def open(self, index_path: Path) -> WhooshSearcher:
        return WhooshSearcher(index.open_dir(str(index_path)))


def _schema() -> fields.Schema:
    words = StemmingAnalyzer(stoplist=None, minsize=1)
    return fields.Schema(
        title=fields.TEXT(stored=True, analyzer=words),
        excerpt=fields.TEXT(stored=True, analyzer=words),
        topics=fields.TEXT(analyzer=words),
        topic=fields.KEYWORD(stored=True, commas=True),
        url=fields.STORED(),
        provider=fields.ID(stored=True),
        date=fields.DATETIME(stored=True),
        month=fields.NUMERIC(int, sortable=True),
        heat=fields.NUMERIC(int, stored=True, sortable=True, signed=True),
        quality=fields.NUMERIC(int, stored=True, sortable=True, signed=True),
        boost=fields.NUMERIC(float, sortable=True),
    )


class WhooshSearcher:
    def __init__(self, opened: Any) -> None:
        self._index = opened
        self._searcher: Any = opened.searcher(weighting=Boosted())
        schema = opened.schema
        self._every = MultifieldParser(list(WEIGHTS), schema, fieldboosts=WEIGHTS)
        self._some = MultifieldParser(list(WEIGHTS), schema, fieldboosts=WEIGHTS, group=OrGroup)

    def search(self, wanted: BenchQuery) -> Answer:
        grouped_by = None
        if wanted.facets:
            grouped_by = {
                "topic": sorting.FieldFacet("topic", allow_overlap=True),
                "month": sorting.FieldFacet("month"),
            }
        results: Any = self._searcher.search(
            self._compile(wanted),
            limit=TOP,
            filter=self._filter(wanted),
            groupedby=grouped_by,
            maptype=sorting.Count,
        )
        hits = [
            Hit(hit["title"], hit["url"], hit.score) for hit in islice(results, TOP)
        ]  # grouped, it keeps them all
        facets = {}
        for name in results.facet_names() if wanted.facets else ():
            facets[name] = {str(value): number for value, number in results.groups(name).items()}
        return Answer(hits, len(results) if wanted.count else None, facets)

    def _compile(self, wanted: BenchQuery) -> Query:
        if wanted.kind == "fuzzy":
            each = [
                FuzzyTerm(name, wanted.text, WEIGHTS[name], maxdist=1, prefixlength=0) for name in WEIGHTS
            ]
            return Or(each)
        marked = {"words": "{}", "phrase": '"{}"', "prefix": "{}*"}[wanted.kind].format(wanted.text)
        parsed: Query = (self._every if wanted.every else self._some).parse(marked)
        return parsed

    def _filter(self, wanted: BenchQuery) -> Query | None:
        if wanted.start is None or wanted.end is None:
            return None
        start, end = (moment.replace(tzinfo=None) for moment in (wanted.start, wanted.end))
        return And([Term("provider", wanted.provider), DateRange("date", start, end, endexcl=True)])

    def close(self) -> None:
        self._searcher.close()
        self._index.close()
