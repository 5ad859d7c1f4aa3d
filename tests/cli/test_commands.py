"""newsearch index, reindex, forget, show, stats, and the group."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from cli_collection import ARTICLES, Command

import newsearch
from newsearch.cli.main import COMMANDS, cli


def test_index_says_what_it_did(run: Command, source: Path) -> None:
    first = run("index", source)
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("indexed 5 articles (5 new, 0 replaced, 0 deleted) in ")
    again = run("index", source).out
    assert again.startswith("indexed 0 articles (0 new, 0 replaced, 0 deleted, 5 unchanged) in ")


def test_a_dry_run_names_what_would_change_and_writes_nothing(run: Command, tmp_path: Path) -> None:
    news = tmp_path / "news"
    news.mkdir()
    for name in ("changes", "goes", "moves", "stays"):
        (news / f"{name}.md").write_text(f"---\ntitle: it {name}\n---\n")
    assert run("index", "news", "--dry-run").out.startswith("new       changes.md\n")
    assert not (tmp_path / "index").exists()
    run("index", "news")
    before = sorted(path.name for path in (tmp_path / "index").iterdir())
    (news / "changes.md").write_text("---\ntitle: it has changed\n---\n")
    (news / "comes.md").write_text("---\ntitle: it comes\n---\n")
    (news / "goes.md").unlink()
    (news / "moves.md").rename(news / "moved.md")
    for command in (("index", "news"), ("reindex",)):
        result = run(*command, "--dry-run")
        assert result.out.splitlines()[:4] == [
            "new       comes.md",
            "replaced  changes.md",
            "deleted   goes.md",
            "moved     moves.md -> moved.md",
        ]
        assert "(1 new, 1 replaced, 1 deleted, 1 moved, 1 unchanged)" in result.out
    document = json.loads(run("reindex", "--dry-run", "--format", "json").out)
    assert (document["schema"], document["dry_run"], document["articles"]) == (1, True, 4)
    assert document["sources"] == [
        {
            "location": str(news),
            "unchanged": 1,
            "added": ["comes.md"],
            "replaced": ["changes.md"],
            "deleted": ["goes.md"],
            "moved": [{"from": "moves.md", "to": "moved.md"}],
        }
    ]
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == before
    done = json.loads(run("reindex", "--format", "json").out)
    assert {**done, "seconds": 0} == {**document, "seconds": 0, "dry_run": False}


def test_articles_on_standard_input_stay_until_they_are_forgotten(
    run: Command, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pipe(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    run("index", source)
    pipe(b'{"id": 1, "title": "piped first"}\n')
    assert run("index", "-").out.startswith("indexed 1 article (1 new")
    pipe(gzip.compress(b'{"id": 2, "title": "piped second"}\n{"id": 1, "title": "piped anew"}\n'))
    assert run("index", "-").out.startswith("indexed 2 articles (1 new, 1 replaced, 0 deleted)")
    for options in ((), ("--full",)):
        assert run("reindex", *options).code == 0
        assert run("query", "piped", "--format", "urls").code == 0
        assert "articles    7" in run("stats").out
    pipe(b"")
    assert run("index", "-").code == 1
    assert run("forget", "-").out == "forgot -; the index has 5 articles now\n"


def test_broken_articles_are_listed_and_the_rest_goes_in(run: Command, tmp_path: Path) -> None:
    lines = ['{"title": "good"}', *["{"] * 22]
    (tmp_path / "news.jsonl").write_text("\n".join(lines))
    result = run("index", "news.jsonl")
    assert result.code == 0
    assert result.out.startswith("indexed 1 article (1 new")
    assert result.out.endswith("; 22 broken\n")
    errors = result.err.splitlines()
    assert len(errors) == 21
    assert "news.jsonl" in errors[0]
    assert errors[-1] == "newsearch: and 2 more broken articles"


def test_strict_makes_broken_articles_an_error(run: Command, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"title": "good"}\n{\n')
    assert run("index", "news.jsonl", "--strict").code == 2
    assert run("query", "good").code == 0
    assert run("reindex", "--strict").code == 2


def test_a_source_that_is_not_there_is_2(run: Command) -> None:
    result = run("index", "nowhere")
    assert result.code == 2
    assert result.err.endswith("nowhere: no such file or directory\n")
    assert run("index").code == 2


def test_an_empty_path_is_2(run: Command) -> None:
    assert run("index", "").err == "newsearch: '': an empty path is no source\n"
    assert run("index", "").code == 2


def test_a_source_that_breaks_off_is_2_and_keeps_its_articles(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl.gz"
    whole = gzip.compress(b"".join(b'{"title": "news", "id": %d}\n' % n for n in range(2000)))
    path.write_bytes(whole)
    run("index", path)
    path.write_bytes(whole[: len(whole) // 2])
    result = run("index", path)
    assert result.code == 2
    assert result.err.endswith(f"kept what the index had of {path}: it could not be read to its end\n")
    assert "articles    2,000" in run("stats").out


def test_a_new_source_without_articles_is_1(run: Command, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    result = run("index", "nothing")
    assert (result.code, result.err) == (1, f"newsearch: no articles in {tmp_path / 'nothing'}\n")


def test_a_source_that_is_empty_now_is_2_and_can_be_forgotten(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text('{"title": "first"}\n')
    run("index", path)
    path.write_text("")
    result = run("index", path)
    assert result.code == 2
    command = result.err.rstrip().partition("newsearch forget ")[2]
    assert run("query", "first").code == 0
    done = run("forget", *command.split())
    assert (done.code, done.out) == (0, f"forgot {path}; the index has 0 articles now\n")
    assert run("query", "first").code == 1
    assert run("forget", path).err.endswith("no source of this index; it has none\n")


def test_repeated_articles_are_told(run: Command, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"title": "news", "id": 1}\n' * 3)
    out = run("index", "news.jsonl").out
    assert "(1 new, 0 replaced, 0 deleted, 2 repeated in the source)" in out


def test_the_bundled_articles_leave_once_there_are_others(run: Command, source: Path) -> None:
    run("query", "ban")
    result = run("index", source)
    assert result.code == 0
    assert result.err == "newsearch: forgot the 72 articles that came with newsearch, to keep yours apart\n"
    assert "articles    5" in run("stats").out
    assert run("index", source).err == ""


def test_articles_in_the_seeds_of_the_working_directory_stay(
    run: Command, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.md").write_text("---\ntitle: mine\n---\n")
    run("query", "mine")
    assert run("index", source).err == ""
    assert run("query", "mine").code == 0


def test_reindex_reads_the_sources_again(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text('{"title": "first"}\n')
    run("index", path)
    path.write_text('{"title": "second"}\n{"title": "third"}\n')
    assert run("reindex").out.startswith("reindexed 2 articles (1 new, 1 replaced, 0 deleted) in ")
    assert run("query", "first").code == 1
    assert run("query", "second").code == 0


def test_reindex_without_an_index_is_2(run: Command) -> None:
    assert run("reindex").code == 2


def test_an_index_being_written_is_2_and_the_message_says_wait(
    run: Command, source: Path, tmp_path: Path
) -> None:
    from newsearch.engine.whoosh.lock import WriteLock

    lock = WriteLock(tmp_path)
    result = run("index", source, "--index", tmp_path)
    lock.release()
    assert result.code == 2
    assert "--wait" in result.err


def test_show_prints_an_article(run: Command, index: Path, golden: Callable[[str, str], None]) -> None:
    result = run("show", "tech/ban.md", "--index", index, "--tz", "UTC")
    assert (result.code, result.err) == (0, "")
    golden("show.text", result.out)
    golden("show.json", run("show", "tech/ban.md", "--index", index, "--format", "json").out)


def test_show_takes_a_url_and_finds_unpublished_articles(run: Command, index: Path) -> None:
    by_url = run("show", "https://ledger.example/2020/09/ban/", "--index", index, "--format", "json")
    assert json.loads(by_url.out)["article"]["path"] == "tech/ban.md"
    assert run("show", "https://ledger.example/2020/09", "--index", index).code == 1
    assert "published" in run("show", "drafts/recognition.md", "--index", index).out


def test_an_id_that_is_not_there_is_1_and_near_ones_are_named(run: Command, index: Path) -> None:
    result = run("show", "technology/plastic.md", "--index", index)
    assert (result.code, result.out) == (1, "")
    assert result.err == "newsearch: no article technology/plastic.md; perhaps world/plastic.md\n"
    assert run("show", "---", "--index", index).code == 2
    assert run("show", "//", "--index", index).err == "newsearch: no article //\n"


def test_stats_say_what_the_index_holds(run: Command, index: Path, source: Path) -> None:
    text = run("stats", "--index", index).out
    assert "articles    5 (1 unpublished)" in text
    assert "dates       2019-05-10 to 2021-01-18" in text
    assert re.search(
        rf"\nsource      {re.escape(str(source))} \(read \d{{4}}-\d\d-\d\d \d\d:\d\d UTC\)\n$", text
    )
    document = json.loads(run("stats", "--index", index, "--format", "json").out)
    with newsearch.open(index) as opened:
        held = opened.stats()
    assert (document["schema"], document["articles"], document["sources"]) == (
        1,
        len(ARTICLES),
        [str(source)],
    )
    assert document["size"] == held.size
    (read,) = held.sources_read
    assert read is not None
    assert document["sources_read"] == [read.isoformat().replace("+00:00", "Z")]


@pytest.mark.parametrize("command", ["show x", "stats", "reindex"])
def test_a_missing_index_is_2(run: Command, command: str) -> None:
    result = run(*command.split())
    assert result.code == 2
    assert "newsearch index" in result.err


def test_every_command_has_help_with_examples(run: Command) -> None:
    for name in COMMANDS:
        result = run(name, "--help")
        assert result.code == 0
        assert "Examples:" in result.out
    assert "Examples:" in run("--help").out
    assert run() == run("--help")


def test_every_command_is_the_function_of_its_name() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_version(run: Command) -> None:
    assert run("--version").out == f"newsearch {newsearch.__version__}\n"


def test_words_in_place_of_a_command_are_told_how_to_search(run: Command) -> None:
    result = run("plastic", "ban")
    assert result.code == 2
    assert "newsearch query plastic ban" in result.err


def test_an_error_is_one_line_without_control_characters(run: Command) -> None:
    result = run("stats", "--index", "a\x1b[2Jb\nc")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "\x1b" not in result.err


def test_protected_words_are_remembered_until_a_reindex(run: Command, source: Path, tmp_path: Path) -> None:
    def hits(query: str) -> int:
        return len(
            run("query", query, "--index", "own", "--format", "urls", "--unpublished").out.splitlines()
        )

    (tmp_path / "protected.txt").write_text("ban\ncamera\n")
    (tmp_path / "none.txt").write_text("# none\n")
    assert run("index", source, "--index", "own", "--protected", "protected.txt").code == 0
    assert (hits("bans"), hits("camera")) == (0, 0)
    refused = run("index", source, "--index", "own", "--protected", "none.txt")
    assert (refused.code, refused.out) == (2, "")
    assert "newsearch reindex --protected FILE --index own" in refused.err
    assert run("reindex", "--index", "own").code == 0
    assert hits("bans") == 0
    assert run("reindex", "--index", "own", "--protected", "none.txt").code == 0
    assert hits("bans") == 2


@pytest.mark.parametrize("arguments", [("index", "news"), ("query", "ban"), ("reindex",)])
def test_an_index_without_a_name_is_an_error(run: Command, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--index", "")
    assert (result.code, result.out) == (2, "")
    assert "the name of a directory is empty" in result.err


def test_a_gate_without_a_name_is_an_error(run: Command, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"id": "1", "title": "Ban"}\n')
    assert run("index", "news.jsonl", "--index", "i", "--gate", "").code == 2
    assert not (tmp_path / "i" / "toc.json").exists()


def test_a_log_gets_a_line_on_the_progress_now_and_then(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "news.jsonl").write_text('{"id": "1", "title": "Ban"}\n')
    assert "articles," not in run("index", "news.jsonl", "--index", "i").err
    monkeypatch.setattr("newsearch.cli.indexing.LOG_SECONDS", 0.0)
    assert re.search(r"1 articles, [\d,]+/s", run("reindex", "--full", "--index", "i").err)
