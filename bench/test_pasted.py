"""Pasted texts of real news find their own article."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

import newsearch
from bench.corpus import read
from bench.pasted import DATA, KINDS, main, measure, sample

ARTICLES = 12_000
GOAL = 0.97


@pytest.mark.skipif(not DATA.is_file(), reason=f"no collection of real news at {DATA}")
def test_what_is_pasted_stands_in_its_own_first_ten(tmp_path: Path) -> None:
    part = tmp_path / "part.jsonl"
    with gzip.open(DATA, "rt", encoding="utf-8") as lines, part.open("w", encoding="utf-8") as out:
        out.writelines(islice(lines, ARTICLES))
    newsearch.build(part, index=tmp_path / "index")
    with newsearch.open(tmp_path / "index") as index:
        shares = measure(index, sample(read(part), 12))
    assert {share.kind for share in shares} == set(KINDS)
    assert sum(share.found for share in shares) >= GOAL * sum(share.asked for share in shares)
    missed = {(share.kind, share.field): share.missed for share in shares if len(share.missed) > 1}
    assert not missed


def test_the_table_has_a_row_for_every_kind_at_hand(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(
        '{"title": "Why you should NOT panic about #Floods", "excerpt": "Two words", "webUrl": "https://a.example/1"}\n'
        '{"title": "Panic spreads about floods again", "webUrl": "https://a.example/2"}\n'
    )
    result = CliRunner().invoke(
        main, ["--data", str(tmp_path / "news.jsonl"), "--json", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.splitlines()]
    assert ["NOT", "title", "1", "1", "100.0%"] in rows
    assert ["#hashtag", "title", "1", "1", "100.0%"] in rows
    assert not any("excerpt" in row for row in rows[2:])
