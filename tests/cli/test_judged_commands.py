"""newsearch eval and tune, and the profiles that go between them and query."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_collection import ARTICLES, Command

import newsearch
from newsearch import Boosts

QUERIES = {"1": "facial recognition", "2": "plastic ban", "3": "covid vaccin \x1b[31m"}
QRELS = """query-id\tcorpus-id\tscore
1\ttech/ban.md\t1
1\ttech/cameras.md\t2
2\tworld/plastic.md\t1
3\tworld/vaccin.md\t1
"""


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A judged collection of the articles that the other tests of the command search."""
    directory = tmp_path / "judged"
    directory.mkdir()
    (directory / "corpus.jsonl").write_text("".join(json.dumps(article) + "\n" for article in ARTICLES))
    queries = ({"_id": id, "text": text} for id, text in QUERIES.items())
    (directory / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    (directory / "qrels.tsv").write_text(QRELS)
    return directory


@pytest.mark.parametrize("name", ["text", "json"])
def test_eval_is_written_like_this(
    run: Command, judged: Path, golden: Callable[[str, str], None], name: str
) -> None:
    result = run("eval", judged, "--per-query", "--format", name)
    assert (result.code, result.err) == (0, "")
    golden(f"eval.{name}", result.out)


@pytest.mark.parametrize("name", ["text", "json"])
def test_a_comparison_is_written_like_this(
    run: Command, judged: Path, golden: Callable[[str, str], None], name: str
) -> None:
    result = run("eval", judged, "--compare", "heat=0,quality=0", "--format", name)
    golden(f"compare.{name}", result.out)


def test_eval_asks_the_index_that_is_named(run: Command, judged: Path, index: Path) -> None:
    (judged / "corpus.jsonl").unlink()
    result = run("eval", judged)
    assert result.code == 2
    assert result.err.endswith("has no corpus.jsonl; name an index of its articles with --index\n")
    assert run("eval", judged, "--index", index).out.startswith("3 queries over 5 articles\nnDCG@10   0.9")


def test_eval_does_not_take_the_index_of_other_articles_from_the_environment(
    run: Command, judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSEARCH_INDEX", "nowhere")
    assert run("eval", judged).code == 0


def test_judged_articles_that_the_index_lacks_are_told(run: Command, judged: Path, tmp_path: Path) -> None:
    (judged / "qrels.tsv").write_text(f"{QRELS}1\tgone.md\t1\n")
    result = run("eval", judged)
    assert (result.code, result.err) == (
        0,
        "newsearch: 1 of 5 relevant articles not in the index, such as 'gone.md'\n",
    )
    (tmp_path / "other.jsonl").write_text('{"title": "something else"}\n')
    newsearch.build(tmp_path / "other.jsonl", index=tmp_path / "other")
    result = run("eval", judged, "--index", tmp_path / "other")
    assert result.code == 2
    assert "the index has none of its articles, such as 'tech/ban.md'" in result.err


@pytest.mark.parametrize("name", ["eval", "tune"])
def test_what_to_install_is_said_before_anything_is_done(
    run: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    result = run(name, "nowhere")
    assert (result.code, result.out) == (2, "")
    assert result.err == "newsearch: measuring needs the extra `eval`: pip install 'newsearch[eval]'\n"


def test_broken_articles_of_the_corpus_are_told(run: Command, judged: Path) -> None:
    with (judged / "corpus.jsonl").open("a") as corpus:
        corpus.write("{\n")
    result = run("eval", judged)
    assert result.code == 0
    assert result.err.startswith("newsearch: 1 article skipped as broken: ")


def test_eval_writes_a_run(run: Command, judged: Path) -> None:
    assert run("eval", judged, "--run", "run.txt").code == 0
    lines = Path("run.txt").read_text().splitlines()
    assert lines[0] == "1 Q0 tech/ban.md 1 3 newsearch"
    assert {line.split()[0] for line in lines} == set(QUERIES)


def test_a_broken_collection_is_2(run: Command, judged: Path) -> None:
    (judged / "qrels.tsv").write_text("1\ttech/ban.md\n")
    result = run("eval", judged)
    assert (result.code, result.out) == (2, "")
    assert "qrels.tsv:1: neither query, article and grade" in result.err


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("heet=1", "'heet' is not a weight"),
        ("heat=hot", "heat: 'hot' is not a number"),
        ("heat=11", "the heat weight must lie between 0 and 10"),
        ("half-life=soon", "is not a length of time"),
        ("nowhere.json", "nowhere.json: cannot be read"),
    ],
)
def test_a_profile_that_cannot_be_used_is_2(run: Command, judged: Path, profile: str, message: str) -> None:
    for arguments in (("eval", judged, "--profile", profile), ("query", "ban", "--profile", profile)):
        result = run(*arguments)
        assert (result.code, result.out) == (2, "")
        assert message in result.err


def test_a_query_takes_the_weights_of_a_profile(run: Command, index: Path) -> None:
    def scores(*options: str) -> list[str]:
        lines = run("query", "facial recognition", "--index", index, "--format", "jsonl", *options).out
        return [json.loads(line)["score"] for line in lines.splitlines()]

    Boosts(heat=2, quality=0).save("profile.json")
    assert scores("--profile", "profile.json") == scores("--heat-weight", "2", "--quality-weight", "0")
    assert scores("--profile", "profile.json", "--heat-weight", "0.5", "--quality-weight", "0.5") == scores()
    assert scores("--profile", "heat=2,quality=0,half-life=7d") == scores(
        "--heat-weight", "2", "--quality-weight", "0", "--half-life", "7d"
    )


@pytest.fixture
def fitting(tmp_path: Path) -> Path:
    """A judged collection in which readers want what is hot, more than the defaults give it to them."""
    directory = tmp_path / "fitting"
    directory.mkdir()
    words = ("storm", "vote", "ban", "trial", "launch", "strike")
    articles = []
    for word in words:
        articles.append({"_id": f"{word}-often", "title": f"{word} {word}", "text": word, "heat": 40})
        articles.append({"_id": f"{word}-read", "title": "so", "text": f"on the {word}", "heat": 90})
    (directory / "corpus.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    (directory / "queries.jsonl").write_text(
        "".join(json.dumps({"_id": word, "text": word}) + "\n" for word in words)
    )
    (directory / "qrels.tsv").write_text("".join(f"{word}\t{word}-read\t1\n" for word in words))
    return directory


@pytest.mark.parametrize("name", ["text", "json"])
def test_tune_is_written_like_this(
    run: Command, fitting: Path, golden: Callable[[str, str], None], name: str
) -> None:
    result = run("tune", fitting, "--folds", "3", "--format", name, "--out", "profile.json")
    assert (result.code, result.err) == (0, "")
    golden(f"tune.{name}", result.out)
    assert Boosts.load("profile.json").heat > Boosts().heat
    assert run("eval", fitting, "--profile", "profile.json").out.splitlines()[1] == "nDCG@10   1.0000"


def test_tune_writes_no_profile_that_does_not_beat_the_defaults(run: Command, judged: Path) -> None:
    result = run("tune", judged, "--folds", "2", "--out", "profile.json")
    assert result.code == 1
    assert result.err.startswith("newsearch: keep the defaults")
    assert not Path("profile.json").exists()


def test_tune_refuses_more_folds_than_queries(run: Command, judged: Path) -> None:
    result = run("tune", judged, "--folds", "4")
    assert (result.code, result.err[:19]) == (2, "newsearch: 4 folds:")


def test_eval_may_expand_the_queries_and_the_own_article_feeds_none(run: Command, judged: Path) -> None:
    (judged / "queries.jsonl").write_text('{"_id": "tech/cameras.md", "text": "cameras"}\n')
    (judged / "qrels.tsv").write_text("tech/cameras.md\ttech/ban.md\t1\n")
    assert "R@100     1.0000" not in run("eval", judged, "--skip-own").out
    assert "R@100     1.0000" in run("eval", judged, "--expand").out
    assert "R@100     1.0000" not in run("eval", judged, "--expand", "--skip-own").out
