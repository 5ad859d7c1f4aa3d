"""Search libraries as rankers: articles and queries in, rankings out, all with the same words and without boosts.

Each is set up as for searching English news: stemming, a title that counts more, and articles that hold only some
of the words are found too, since judged queries are long.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final, TypeAlias

from newsearch import Article

DEPTH: Final = 1001
"""Articles of a ranking: as many as are looked at, and one that may be left out."""

WEIGHTS: Final = {"title": 3.0, "topics": 2.0, "text": 1.0}

Run: TypeAlias = dict[str, list[str]]
Ranker: TypeAlias = Callable[[Sequence[Article], Mapping[str, str]], Run]


def rank_with_tantivy(articles: Sequence[Article], queries: Mapping[str, str]) -> Run:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    for name in WEIGHTS:
        builder.add_text_field(name, tokenizer_name="en_stem", index_option="position")
    index = tantivy.Index(builder.build())
    writer = index.writer(num_threads=1)
    for article in articles:
        document = tantivy.Document()
        document.add_text("id", article.id)
        for name, text in _fields(article).items():
            document.add_text(name, text)
        writer.add_document(document)
    writer.commit()
    index.reload()
    searcher = index.searcher()
    run = {}
    for query, text in queries.items():
        found: Any = searcher.search(index.parse_query(_words(text), list(WEIGHTS), WEIGHTS), DEPTH)
        run[query] = [str(searcher.doc(address).get_first("id")) for _, address in found.hits]
    return run


def rank_with_fts5(articles: Sequence[Article], queries: Mapping[str, str]) -> Run:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE VIRTUAL TABLE article"
            " USING fts5(id UNINDEXED, title, topics, text, tokenize='porter unicode61')"
        )
        rows = ((article.id, *_fields(article).values()) for article in articles)
        database.executemany("INSERT INTO article VALUES (?, ?, ?, ?)", rows)
        select = "SELECT id FROM article WHERE article MATCH ? ORDER BY bm25(article, 0, 3, 2, 1) LIMIT ?"
        return {
            query: [
                id for (id,) in database.execute(select, (" OR ".join(map(_quoted, _split(text))), DEPTH))
            ]
            for query, text in queries.items()
        }


def rank_with_bm25s(articles: Sequence[Article], queries: Mapping[str, str]) -> Run:
    import bm25s
    import Stemmer

    def tokens(texts: list[str]) -> Any:
        # Its defaults drop WHO, IT and the C of C++, which the others find.
        settings = {"stopwords": None, "token_pattern": r"\w+", "show_progress": False}
        return bm25s.tokenize(texts, stemmer=Stemmer.Stemmer("english"), **settings)

    retriever = bm25s.BM25()
    retriever.index(
        tokens([" ".join(_fields(article).values()) for article in articles]), show_progress=False
    )
    run = {}
    for query, text in queries.items():
        k = min(DEPTH, len(articles))
        found, scores = retriever.retrieve(tokens([text]), k=k, show_progress=False)
        pairs = zip(found[0].tolist(), scores[0].tolist(), strict=True)
        run[query] = [articles[number].id for number, score in pairs if score > 0]
    return run


def rank_with_whoosh(articles: Sequence[Article], queries: Mapping[str, str]) -> Run:
    from whoosh import fields, index
    from whoosh.analysis.analyzers import StemmingAnalyzer
    from whoosh.qparser.default import MultifieldParser
    from whoosh.qparser.syntax import OrGroup

    words = StemmingAnalyzer(stoplist=None, minsize=1)
    schema = fields.Schema(id=fields.STORED, **{name: fields.TEXT(analyzer=words) for name in WEIGHTS})
    with tempfile.TemporaryDirectory() as directory, closing(index.create_in(directory, schema)) as opened:
        writer = opened.writer()
        for article in articles:
            writer.add_document(id=article.id, **_fields(article))
        writer.commit()
        parser = MultifieldParser(list(WEIGHTS), schema, fieldboosts=WEIGHTS, group=OrGroup)
        with opened.searcher() as searcher:
            return {
                query: [hit["id"] for hit in searcher.search(parser.parse(_words(text)), limit=DEPTH)]
                for query, text in queries.items()
            }


RANKERS: Final[dict[str, Ranker]] = {
    "tantivy": rank_with_tantivy,
    "bm25s": rank_with_bm25s,
    "fts5": rank_with_fts5,
    "whoosh": rank_with_whoosh,
}


def _fields(article: Article) -> dict[str, str]:
    """The texts of an article, under the names and in the order of WEIGHTS."""
    text = f"{article.excerpt} {article.body}"
    return {"title": article.title, "topics": ", ".join(article.topics), "text": text}


def _split(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _words(text: str) -> str:
    """The words alone, in lower case: nothing of a query is syntax to a library whose syntax it never met."""
    return " ".join(_split(text))


def _quoted(word: str) -> str:
    return f'"{word}"'
