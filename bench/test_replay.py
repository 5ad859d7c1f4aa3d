"""After every commit of a real history, an index that is kept up to date answers as one that is built anew."""

from __future__ import annotations

from pathlib import Path

import pytest

import newsearch
from bench import replay

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "smartable"
SAMPLED = {start + i for start in range(0, 721, 90) for i in range(3)}
"""Commits after which the index is looked at; `python -m bench.reindex history` looks after each."""


@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")
def test_a_live_index_answers_as_a_fresh_one_and_writes_only_what_changed(tmp_path: Path) -> None:
    site, live = tmp_path / "site", tmp_path / "live"
    before: dict[str, newsearch.Article] = {}
    generation = unwritten = 0
    for number, commit in enumerate(replay.history(DATA)):
        replay.apply(commit, site)
        if number not in SAMPLED:
            continue
        report = newsearch.build(site, index=live)
        with newsearch.open(live) as index, replay.fresh(site, tmp_path / "fresh") as expected:
            now = replay.contents(expected)
            assert replay.contents(index) == now
            assert replay.answers(index) == replay.answers(expected)
            stats = index.stats()
            assert (stats.generation == generation) == (now == before) == (report.changed == 0)
            unwritten += stats.generation == generation
            generation, before = stats.generation, now
    assert generation > 3
    assert unwritten > 0
