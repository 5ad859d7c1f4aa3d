"""The engine answers every query as the oracle does, however its index was put together."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, note
from hypothesis import strategies as st
from judging import answers_alike, explains
from oracle import Oracle
from strategies import (
    Commit,
    Tuning,
    histories,
    live,
    make,
    options,
    protections,
    trees,
    tunings,
)

from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.base import Options
from newsearch.query.tree import Node


@given(histories, tunings, protections, st.lists(st.tuples(trees, options), min_size=1, max_size=8))
def test_the_engine_answers_as_the_oracle_does(
    history: list[Commit],
    tuning: Tuning,
    protected: frozenset[str],
    questions: list[tuple[Node, Options]],
) -> None:
    with tempfile.TemporaryDirectory() as name, tuning.applied():
        make(Path(name), history, protected)
        oracle = Oracle(list(live(history).values()), tuning.max_fuzzy_forms, protected)
        reader = ArraysReader(Path(name), memory=tuning.memory)
        assert sorted(a.id for a in reader.articles()) == sorted(a.id for a in oracle.articles)
        for tree, asked in questions:
            note(f"asked {tree} with {asked}")
            answers_alike(reader, oracle, tree, asked)
            explains(reader.search(tree, asked))
