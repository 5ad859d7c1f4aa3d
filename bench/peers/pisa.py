"""PISA: the fastest known ways through an inverted index, in C++. It ranks, and knows numbers and words only.

It is driven by the compiled module of `pyterrier-pisa`, without the rest of that package, which needs PyTerrier, and
through it Java. `pip install --no-deps pyterrier-pisa "tbb<=2020.3.254"` is enough.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
import threading
import time
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np

from bench.corpus import Corpus, read
from bench.peers.base import TOP, Answer, Hit
from bench.queries import BenchQuery

STEMMER = "porter2"
ENCODING = "block_simdbp"
BATCH = 100_000
_K1, _B = 0.9, 0.4  # its defaults
_REPEATS = 16  # a call prepares the scorer and the lexicon; a server would do that once


def _compiled() -> Any:
    found = find_spec("pyterrier_pisa")
    if found is None or not found.submodule_search_locations:
        raise ImportError("No module named 'pyterrier_pisa'")
    threads = Path(sys.prefix) / "lib" / "libtbb.so.2"
    try:
        ctypes.CDLL(str(threads), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise ImportError(f"pyterrier_pisa needs the package tbb<=2020.3.254 ({error})") from None
    path = Path(found.submodule_search_locations[0]) / f"_pisathon{EXTENSION_SUFFIXES[0]}"
    name = "pyterrier_pisa._pisathon"
    spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, str(path)))
    if spec is None or spec.loader is None or not path.exists():
        raise ImportError(f"{path} is missing: pyterrier_pisa has no build for this Python")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_pisa = _compiled()


class Pisa:
    """PISA with block_max_maxscore for some of the words and block_max_ranked_and for every word."""

    name = "pisa"
    index = "pisa"
    note = (
        "words only, without positions, fields, boosts and titles: title, topics and excerpt are one text, and an"
        " answer is addresses and scores; its time is the average of a call with the same query"
        f" {_REPEATS} times"
    )

    @property
    def version(self) -> str:
        return version("pyterrier-pisa")

    def answers(self, query: BenchQuery) -> bool:
        plain = query.kind == "words" and not (query.is_filtered or query.is_compound)
        return plain and not (query.facets or query.count) and query.text.replace(" ", "").isalpha()

    def build(self, corpus: Corpus, index: Path) -> None:
        with tempfile.TemporaryDirectory() as directory:
            pipe = os.path.join(directory, "articles")
            os.mkfifo(pipe)
            writing = threading.Thread(target=_write, args=(corpus, pipe))
            writing.start()
            _pisa.index(pipe, str(index), STEMMER, BATCH, 1)
            writing.join()
        self.open(index).close()  # the first opening compresses the lists and computes the largest scores
        for name in ("fwd", "fwd.documents", "fwd.terms", "inv.docs", "inv.freqs", "inv.sizes"):
            (index / name).unlink(missing_ok=True)  # none of them is read by a search

    def open(self, index: Path) -> PisaSearcher:
        return PisaSearcher(index)


def _write(corpus: Corpus, pipe: str) -> None:
    with open(pipe, "w", encoding="utf-8") as out:
        for record in read(corpus.path):
            text = " ".join((record["title"], *record["topics"], record["excerpt"]))
            out.write(f"{''.join(record['webUrl'].split())} {' '.join(text.split())}\n")


class PisaSearcher:
    def __init__(self, index: Path) -> None:
        self._context = _pisa.RetrievalContext()
        _pisa.prepare_index(
            self._context, str(index), ENCODING, "bm25", STEMMER, bm25_k1=_K1, bm25_b=_B, stop_fname=""
        )

    def search(self, query: BenchQuery) -> Answer:
        way = "block_max_ranked_and" if query.every and " " in query.text else "block_max_maxscore"
        size = TOP * _REPEATS
        numbers, ranks = np.zeros(size, np.int32), np.zeros(size, np.int32)
        names, scores = np.zeros(size, object), np.zeros(size, np.float32)
        asked = [(number, query.text) for number in range(_REPEATS)]
        started = time.perf_counter_ns()
        found = _pisa.retrieve(self._context, way, asked, TOP, 1, 0, 0, numbers, names, ranks, scores)
        taken = (time.perf_counter_ns() - started) / 1e3 / _REPEATS
        one = found // _REPEATS
        hits = [Hit("", name, float(score)) for name, score in zip(names[:one], scores[:one], strict=True)]
        return Answer(hits, own_us=taken)

    def close(self) -> None:
        """Nothing to release: the arrays go with their last reference."""
