"""Replaced articles: the last one added with an id stays, however many keys are compared at once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from statistics import median

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch.engine.arrays.files.toc import read_toc
from newsearch.engine.arrays.writing import builder, replacing
from newsearch.sources.json_lines import JsonStream

_ADDED = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), min_size=1, max_size=60)


def _stream(added: list[tuple[int, int]]) -> JsonStream:
    lines = [
        json.dumps(
            {"webUrl": f"https://example.org/{id}", "title": f"version {version}", "heat": id + 7 * version}
        )
        for id, version in added
    ]
    return JsonStream(io.BytesIO("\n".join(lines).encode()))


@examples(25)
@given(runs=st.lists(_ADDED, min_size=1, max_size=3), at_once=st.sampled_from([1, 4, 1 << 20]))
def test_the_last_version_of_each_article_stays(
    runs: list[list[tuple[int, int]]], at_once: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    expected: dict[str, str] = {}
    path = tmp_path_factory.mktemp("index")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replacing, "_KEYS_AT_ONCE", at_once)
        patch.setattr(builder, "MAX_ARTICLES", 7)
        for run in runs:
            expected |= {f"https://example.org/{id}": f"version {version}" for id, version in run}
            newsearch.build(_stream(run), index=path, workers=1)
    with newsearch.open(path) as index:
        assert {article.id: article.title for article in index.articles()} == expected


def test_the_pivots_are_the_medians_of_all_articles(tmp_path: Path) -> None:
    added = [(number, number % 3) for number in range(30)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "MAX_ARTICLES", 7)
        newsearch.build(_stream(added), index=tmp_path / "index", workers=1)
    assert read_toc(tmp_path / "index").pivots.heat == median(id + 7 * version for id, version in added)
