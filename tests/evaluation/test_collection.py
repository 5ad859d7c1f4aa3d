"""Judged collections are read whatever their dress, and what is wrong with one is said with file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from newsearch.errors import SourceError
from newsearch.evaluation import read_collection, write_run

QUERIES = (
    '{"_id": "1", "text": "storm at sea"}\n{"_id": "2", "text": "ban"}\n{"_id": "3", "text": "nothing"}\n'
)
QRELS = "1\ta.md\t2\n1\tb.md\t0\n2\tb.md\t1\n"


def _written(directory: Path, queries: str = QUERIES, qrels: str = QRELS) -> Path:
    (directory / "queries.jsonl").write_text(queries)
    (directory / "qrels.tsv").write_text(qrels)
    return directory


def test_queries_without_a_relevant_article_are_left_out(tmp_path: Path) -> None:
    collection = read_collection(_written(tmp_path, qrels=f"{QRELS}3\ta.md\t0\n"))
    assert collection.queries == {"1": "storm at sea", "2": "ban"}
    assert collection.judgements == {"1": {"a.md": 2, "b.md": 0}, "2": {"b.md": 1}}
    assert collection.relevant() == ["a.md", "b.md"]
    assert collection.corpus is None


def test_the_layout_of_beir_is_read(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text("{}\n")
    (tmp_path / "queries.jsonl.gz").write_bytes(gzip.compress(QUERIES.encode()))
    (tmp_path / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\r\n1\ta.md\t2\r\n\r\n2\tb.md\t1\r\n"
    )
    collection = read_collection(tmp_path)
    assert collection.judgements == {"1": {"a.md": 2}, "2": {"b.md": 1}}
    assert collection.corpus == tmp_path / "corpus.jsonl"


@pytest.mark.parametrize("name", ["qrels.txt", "qrels.tsv", "qrels.txt.gz"])
def test_the_judgements_of_trec_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "queries.jsonl").write_text(QUERIES)
    lines = b"1 0 a.md 2\n1\tQ0\tb.md\t-2\n2  0  b.md  1.0\nelsewhere 0 a.md 1\n"
    (tmp_path / name).write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    assert read_collection(tmp_path).judgements == {"1": {"a.md": 2, "b.md": -2}, "2": {"b.md": 1}}


def test_ids_can_be_numbers(tmp_path: Path) -> None:
    assert read_collection(
        _written(tmp_path, queries='{"_id": 1, "text": "a"}', qrels="1\t9\t1")
    ).queries == {"1": "a"}


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ('{"_id": "1"}', "queries.jsonl:1: text: a query needs one"),
        ('\n{"text": "a"}', "queries.jsonl:2: _id: a query needs one"),
        ('{"_id": true, "text": "a"}', "queries.jsonl:1: _id: a query needs one"),
        (
            '{"_id": "1", "text": "a"}\n{"_id": "1", "text": "b"}',
            "queries.jsonl:2: _id: '1' occurs twice",
        ),
        ("[]", "queries.jsonl:1: a query is a JSON object"),
        ("{", "queries.jsonl:1: not JSON"),
    ],
)
def test_a_broken_query_is_told_with_its_line(tmp_path: Path, queries: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_collection(_written(tmp_path, queries=queries))


@pytest.mark.parametrize(
    ("qrels", "message"),
    [
        ("1\ta.md\t1\n1 a.md 1\n", "qrels.tsv:2: neither query, article and grade"),
        ("1\t0\ta.md\t1\t2\n", "qrels.tsv:1: neither query, article and grade"),
        ("1\ta.md\t1.5\n1\tb.md\tinf\n", "'1.5' is not a grade"),
        ("1\ta.md\tnan\n", "'nan' is not a grade"),
        ("1\ta.md\t1\n1\tb.md\tgood\n", "qrels.tsv:2: 'good' is not a grade"),
        ("1\ta.md\t1\n1\tb.md\t1001\n", "qrels.tsv:2: the grade 1001 exceeds"),
        ("1\ta.md\t?\n1\tb.md\t1\n", r"qrels.tsv:1: '\?' is not a grade"),
        ("9\ta.md\t1\n8\ta.md\t1\n", "qrels.tsv:1: there is no query '9'"),
        ("1\ta.md\t1\n1\ta.md\t2\n", "qrels.tsv:2: 'a.md' already has the grade 1"),
        ("1\ta.md\t0\n", "qrels.tsv: no query has a relevant article"),
    ],
)
def test_a_broken_judgement_is_told_with_its_line(tmp_path: Path, qrels: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_collection(_written(tmp_path, qrels=qrels))


@pytest.mark.parametrize(
    "qrels",
    [
        f"{'9' * 5_000}\ta.md\t1\n",
        f"1\t{'a' * 5_000}\t1\n1\t{'a' * 5_000}\t2\n",
        f"1\ta.md\t1\n1\tb.md\t{'9' * 300}\n",
        f"1\ta.md\t1\n1\tb.md\t{'x' * 5_000}\n",
    ],
)
def test_what_is_long_is_cut_in_the_message(tmp_path: Path, qrels: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_collection(_written(tmp_path, qrels=qrels))
    assert len(caught.value.reason) < 400


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"has no queries\.jsonl"):
        read_collection(tmp_path)
    (tmp_path / "queries.jsonl").write_text(QUERIES)
    with pytest.raises(SourceError, match=r"has no qrels\.tsv or qrels\.txt or qrels/test\.tsv"):
        read_collection(tmp_path)
    with pytest.raises(SourceError, match="not a directory"):
        read_collection(tmp_path / "nowhere")


def test_a_run_is_written_so_that_its_scores_keep_the_order(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    write_run(path, {"1": ["b.md", "a.md"], "2": []}, tag="mine")
    assert path.read_text() == "1 Q0 b.md 1 2 mine\n1 Q0 a.md 2 1 mine\n"


def test_an_id_that_would_break_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot hold the id 'a b'"):
        write_run(tmp_path / "run.txt", {"1": ["a b"]})
    assert not (tmp_path / "run.txt").exists()
