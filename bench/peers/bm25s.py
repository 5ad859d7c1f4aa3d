"""bm25s: scores computed when the index is built, kept in one sparse matrix."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from bm25s.tokenization import Tokenizer

from bench.corpus import Corpus, read
from bench.peers.base import TOP, Answer, Hit
from bench.queries import BenchQuery


class Bm25s:
    """bm25s with PyStemmer over title, topics and excerpt as one text; boosts by its weight mask."""

    name = "bm25s"
    index = "bm25s"
    note = (
        "finds some of the words only: no every-word queries, phrases, filters, counts; one unweighted field"
    )

    @property
    def version(self) -> str:
        return version("bm25s")

    def answers(self, query: BenchQuery) -> bool:
        plain = query.kind == "words" and not (
            query.is_filtered or query.is_compound or query.facets or query.count
        )
        return plain and query.text != "" and (not query.every or " " not in query.text)

    def build(self, corpus: Corpus, index: Path) -> None:
        texts, stored, boosts = [], [], []
        for record in read(corpus.path):
            texts.append(" ".join((record["title"], *record["topics"], record["excerpt"])))
            stored.append(
                {
                    "title": record["title"],
                    "excerpt": record["excerpt"],
                    "url": record["webUrl"],
                    "provider": record["provider"]["name"],
                    "date": record["publishedDateTime"],
                    "heat": record["heat"],
                    "quality": record["quality"],
                }
            )
            boosts.append(corpus.boost(record))
        words = _tokenizer()
        tokens = words.tokenize(texts, show_progress=False)
        retriever = bm25s.BM25()
        retriever.index((tokens, words.get_vocab_dict()), show_progress=False)
        retriever.save(str(index), corpus=stored)
        words.save_vocab(str(index))
        np.save(index / "boosts.npy", np.array(boosts, dtype=np.float32))

    def open(self, index: Path) -> Bm25sSearcher:
        return Bm25sSearcher(index)


def _tokenizer() -> Any:
    return Tokenizer(stemmer=Stemmer.Stemmer("english"), stopwords=None)


class Bm25sSearcher:
    def __init__(self, index: Path) -> None:
        self._retriever = bm25s.BM25.load(str(index), load_corpus=True, mmap=True)
        self._words = _tokenizer()
        self._words.load_vocab(str(index))
        self._boosts = np.load(index / "boosts.npy")

    def search(self, query: BenchQuery) -> Answer:
        tokens = self._words.tokenize([query.text], update_vocab=False, show_progress=False)
        found, scores = self._retriever.retrieve(
            tokens, k=TOP, show_progress=False, weight_mask=self._boosts, sorted=True
        )
        return Answer(
            [
                Hit(stored["title"], stored["url"], float(score))
                for stored, score in zip(found[0], scores[0], strict=True)
                if score > 0
            ]
        )

    def close(self) -> None:
        """Nothing to release: the arrays go with their last reference."""
