"""newsearch index, reindex, forget, show, stats, and the group."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from cli_collection import ARTICLES, Command
from hangs import no_hang

import newsearch
from newsearch.cli.main import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]


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
    page = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")
    table = page.partition("### JSON output")[2].partition("### Options")[0]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|(.*?)\|", table, re.MULTILINE)))) == set(
        document
    )
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
    assert errors[-1] == "newsearch: and 2 more broken articles; --list-broken lists them all"


def test_values_that_cannot_be_used_are_counted_and_can_be_seen(run: Command, tmp_path: Path) -> None:
    records = [
        {"id": "1", "title": "a", "webUrl": "javascript:x", "images": ["y", "z"]},
        {"id": "2", "title": "b", "related": [{"title": "c", "webUrl": "ftp://x", "images": ["z"]}]},
        {"id": "3", "title": "c"},
    ]
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    result = run("index", "news.jsonl", "--index", "i", "--strict")
    assert result.code == 0
    assert result.err == (
        "newsearch: values that cannot be used were set aside under `unusable`: "
        "webUrl of 2 articles, images of 2 articles\n"
    )
    again = json.loads(run("reindex", "--full", "--index", "i", "--format", "json").out)
    assert again["unusable"] == {"webUrl": 2, "images": 2}
    shown = json.loads(run("show", "1", "--index", "i", "--format", "json").out)["article"]
    assert shown["unusable"] == {"webUrl": "javascript:x", "images": ["y", "z"]}
    assert "webUrl" not in shown
    assert "unusable  {'webUrl': 'javascript:x'" in run("show", "1", "--index", "i").out
    run("export", "out.jsonl", "--index", "i")
    assert (
        json.loads(run("index", "out.jsonl", "--index", "j", "--format", "json").out)["unusable"]["webUrl"]
        == 2
    )
    run("export", "again.jsonl", "--index", "j")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


def test_strict_makes_broken_articles_an_error(run: Command, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"title": "good"}\n{\n')
    assert run("index", "news.jsonl", "--strict").code == 2
    assert run("query", "good").code == 0
    assert run("reindex", "--strict").code == 2


def test_strict_knows_the_broken_lines_of_a_file_that_is_as_it_was(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.sources.files.UNSETTLED", 0)
    (tmp_path / "news.jsonl").write_text('{"title": "good"}\n{\n')
    first = run("index", "news.jsonl", "--strict")
    again = run("reindex", "--strict")
    assert (again.code, again.err) == (2, first.err)
    assert again.out.startswith("reindexed 0 articles (0 new, 0 replaced, 0 deleted, 1 unchanged)")
    assert again.out.endswith("; 1 broken\n")
    assert run("stats").out.endswith(" UTC; 1 broken)\n")
    assert json.loads(run("stats", "--format", "json").out)["sources_broken"] == [1]


def test_a_source_that_is_not_there_is_2(run: Command) -> None:
    result = run("index", "nowhere")
    assert result.code == 2
    assert result.err.endswith("nowhere: no such file or directory\n")
    assert run("index").code == 2


def test_an_empty_path_is_2(run: Command) -> None:
    assert run("index", "").err == "newsearch: '': the path of a source is empty\n"
    assert run("index", "").code == 2


def test_a_source_that_breaks_off_is_2_and_keeps_its_articles(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl.gz"
    whole = gzip.compress(b"".join(b'{"title": "news", "id": %d}\n' % n for n in range(2000)))
    path.write_bytes(whole)
    run("index", path)
    path.write_bytes(whole[: len(whole) // 2])
    result = run("index", path)
    assert result.code == 2
    assert result.err.endswith(f"{path} could not be read to its end; the index keeps its other articles\n")
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
    assert run("forget", path).err.endswith("not a source of this index; its sources: none\n")


def test_repeated_articles_are_told(run: Command, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"title": "news", "id": 1}\n' * 3)
    out = run("index", "news.jsonl").out
    assert "(1 new, 0 replaced, 0 deleted, 2 repeated in the source)" in out


def test_the_bundled_articles_leave_once_there_are_others(run: Command, source: Path) -> None:
    run("query", "ban")
    result = run("index", source)
    assert result.code == 0
    assert result.err == "newsearch: removed the 72 bundled articles from the index, to keep yours separate\n"
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
    assert run("reindex").out.startswith("reindexed 2 articles (2 new, 0 replaced, 1 deleted) in ")
    assert run("query", "first").code == 1
    assert run("query", "second").code == 0


def test_reindex_without_an_index_is_2(run: Command) -> None:
    assert run("reindex").code == 2


def test_an_index_being_written_is_2_and_the_message_says_wait(
    run: Command, source: Path, tmp_path: Path
) -> None:
    from newsearch.engine.arrays.files.lock import WriteLock

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


@pytest.mark.parametrize(("id", "code"), [("", 2), ("https://", 1), ("https://?x", 1)])
def test_show_shows_nothing_where_nothing_was_named(run: Command, index: Path, id: str, code: int) -> None:
    result = run("show", id, "--index", index)
    assert (result.code, result.out) == (code, "")


def test_closed_standard_input_is_an_error(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    result = run("index", "-", "--index", tmp_path / "i")
    assert (result.code, result.err) == (2, "newsearch: -: standard input is closed\n")


def test_standard_input_of_another_format_is_an_error(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"---\ntitle: One\n---\n")))
    result = run("index", "-", "--index", tmp_path / "i", "--as", "markdown")
    said = "newsearch: -: standard input is JSON Lines, not markdown; write it to a file first\n"
    assert (result.code, result.err) == (2, said)


@pytest.mark.parametrize("name", ["json", "json-lines", "newsapi"])
def test_standard_input_may_be_said_to_be_of_records(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    record = {"title": "One", "url": "https://a.example/1", "source": {"name": "CNN"}}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(record).encode())))
    assert run("index", "-", "--index", tmp_path / "i", "--as", name).code == 0


def test_show_takes_a_url_and_finds_unpublished_articles(run: Command, index: Path) -> None:
    by_url = run("show", "https://ledger.example/2020/09/ban/", "--index", index, "--format", "json")
    assert json.loads(by_url.out)["article"]["path"] == "tech/ban.md"
    assert run("show", "https://ledger.example/2020/09", "--index", index).code == 1
    for address in (
        "ledger.example/2020/09/ban",
        "www.ledger.example/2020/09/ban/",
        "http://www.Ledger.example/2020/09/ban?utm_source=x",
    ):
        again = run("show", address, "--index", index, "--format", "json")
        assert again.out == by_url.out
    assert run("show", "https://two words", "--index", index).code == 1
    assert "published" in run("show", "drafts/recognition.md", "--index", index).out


@pytest.mark.parametrize("command", ["show", "related", "copies"])
@pytest.mark.parametrize("id", ["https://ledger.example", "ledger.example", "notes.example/roof"])
def test_an_address_that_no_article_has_names_none(
    run: Command, tmp_path: Path, command: str, id: str
) -> None:
    """Though there are articles of this site, and one that mentions this address."""
    article = {"id": "roof", "title": "Roof: see notes.example/roof", "url": "https://ledger.example/roof"}
    other = {"id": "door", "title": "New door", "url": "https://ledger.example/door"}
    (tmp_path / "news.jsonl").write_text(f"{json.dumps(article)}\n{json.dumps(other)}\n")
    run("index", tmp_path / "news.jsonl")
    assert run("query", id).code == 0
    result = run(command, id)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"newsearch: no article {id}")


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


def test_stats_count_one_in_the_singular(run: Command, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text('{"id": 1, "title": "a", "url": "https://x.example"}\n' * 2)
    run("index", "a.jsonl")
    text = run("stats").out
    assert "\nwords       1 exact form\n" in text
    assert "\ndeleted     1 article still taking space\n" in text
    run("index", "b.jsonl")
    assert "\nhidden      1 article found in an earlier source\n" in run("stats").out


def test_the_median_of_a_signal_that_no_article_has_is_unknown(run: Command, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(
        '{"title": "a", "heat": 0}\n{"title": "b", "heat": -1, "quality": -1}\n'
    )
    run("index", "news.jsonl", "--index", "i")
    text = run("stats", "--index", "i").out
    assert "heat        median 0\nquality     unknown\n" in text
    document = json.loads(run("stats", "--index", "i", "--format", "json").out)
    assert (document["median_heat"], document["median_quality"]) == (0, None)


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


@pytest.mark.parametrize("arguments", [("index", "news"), ("query", "ban"), ("reindex",), ("eval", "judged")])
def test_an_index_without_a_name_is_an_error(run: Command, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--index", "")
    assert (result.code, result.out) == (2, "")
    assert "the name of a directory is empty" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "ban", "--synonyms", ""),
        ("query", "ban", "--profile", ""),
        ("timeline", "ban", "--plot", ""),
        ("index", "news", "--protected", ""),
        ("index", "news", "--gate", ""),
        ("serve", "--saved", ""),
        ("backup", ""),
        ("restore", ""),
        ("export", ""),
        ("eval", "judged", "--compare", ""),
        ("eval", "judged", "--run", ""),
        ("tune", "judged", "--out", ""),
    ],
)
def test_a_file_without_a_name_is_an_error(run: Command, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "the name of a file is empty" in result.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes among files")
@pytest.mark.parametrize(
    ("command", "option"), [("serve", "saved"), ("serve", "synonyms"), ("mcp", "synonyms")]
)
def test_a_file_that_is_read_again_is_no_pipe(run: Command, command: str, option: str) -> None:
    pytest.importorskip("starlette", reason="needs the extra newsearch[web]")
    os.mkfifo("pipe")
    with no_hang():
        result = run(command, f"--{option}", "pipe")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1].startswith("newsearch: pipe: not a regular file")


def test_a_gate_without_a_name_is_an_error(run: Command, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"id": "1", "title": "Ban"}\n')
    assert run("index", "news.jsonl", "--index", "i", "--gate", "").code == 2
    assert not (tmp_path / "i" / "toc.json").exists()


def test_a_log_gets_a_line_on_the_progress_now_and_then(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "news.jsonl").write_text('{"id": "1", "title": "Ban"}\n')
    assert "articles," not in run("index", "news.jsonl", "--index", "i").err
    monkeypatch.setattr("newsearch.cli.progress.LOG_SECONDS", 0.0)
    assert re.search(r"1 articles, [\d,]+/s, all read", run("reindex", "--full", "--index", "i").err)
    monkeypatch.setattr("newsearch.cli.progress._SETTLED", 0.0)
    monkeypatch.setattr("newsearch.sources.json_lines._BLOCK", 1 << 10)
    (tmp_path / "news.jsonl").write_text('{"id": "1", "title": "Ban"}\n' * 1024)
    log = run("reindex", "--full", "--index", "i").err
    assert re.search(r"512 articles, [\d,]+/s, 5\d% of news.jsonl, \d+ s left\n", log)
    assert re.search(r"1,024 articles, [\d,]+/s, 100% of news.jsonl, 0 s left\n", log)


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source of a run that was stopped after its first segments."""
    news = tmp_path / "news.jsonl"
    news.write_text("".join(f'{{"id": "{n}", "title": "Ban"}}\n' for n in range(600)))
    monkeypatch.setattr("newsearch.engine.arrays.writing.builder.MAX_ARTICLES", 100)
    monkeypatch.setattr("newsearch.indexing.updating._BATCH", 50)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("newsearch.engine.arrays.writer.ArraysWriter.commit", stop)
        with pytest.raises(KeyboardInterrupt):
            newsearch.build(news, index="i")
    return news


def test_a_stopped_run_says_what_goes_on_from_it(
    run: Command, stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("newsearch.engine.arrays.writer.ArraysWriter.commit", stop)
        result = run("index", stopped, "--index", "i", "--no-resume")
    assert result.code == 130
    command = f"newsearch index --resume {stopped} --index i"
    told = f"stopped; the index is unchanged. To resume after the 600 finished articles: {command}"
    assert result.err == f"newsearch: {told}\n"
    result = run(*command.split()[1:])
    assert result.code == 0
    assert "resuming after 600 articles that an interrupted run had indexed" in result.err
    assert newsearch.open("i").stats().articles == 600


def test_a_run_that_is_stopped_before_anything_is_finished_has_nothing_to_go_on_from(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "news.jsonl").write_text('{"id": "1", "title": "Ban"}\n')
    monkeypatch.setattr("newsearch.engine.arrays.writer.ArraysWriter.commit", stop)
    result = run("index", "news.jsonl", "--index", "i")
    assert (result.code, result.err) == (130, "newsearch: stopped; the index is unchanged\n")
    monkeypatch.setattr("newsearch.sources.json_lines.JsonLines.articles", stop)
    result = run("index", "news.jsonl", "--index", "i", "--dry-run")
    assert (result.code, result.err) == (130, "newsearch: interrupted\n")


def test_resuming_what_was_not_stopped_is_told_and_runs(run: Command, stopped: Path) -> None:
    assert "going on" not in run("index", stopped, "--index", "i", "--no-resume").err
    result = run("index", stopped, "--index", "i", "--resume")
    assert result.code == 0
    assert "nothing to resume" in result.err
    assert "resume" not in run("index", stopped, "--index", "i").err


def test_what_came_on_standard_input_is_not_gone_on_with(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopping(io.BytesIO):
        def readinto(self, buffer: object) -> int:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Stopping()))
    result = run("index", "-", "--index", "i")
    assert result.code == 130
    assert "Standard input cannot be resumed; send it again" in result.err
    assert "--resume" not in result.err


@pytest.mark.parametrize("size", ["16M", "16MB", "16MiB", "16mib", "16777216", "16384K"])
def test_sizes_are_counted_in_1024s(run: Command, source: Path, size: str) -> None:
    assert run("index", source, "--index", "i", "--memory", size).code == 0


@pytest.mark.parametrize("size", ["16", "15M", "16i", "16Mi5", "M"])
def test_sizes_that_are_none_or_too_small_are_refused(run: Command, source: Path, size: str) -> None:
    assert "is not a size of at least 16M" in run("index", source, "--index", "i", "--memory", size).err


def test_a_dry_run_asks_the_gate_and_leaves_no_trace(run: Command, stopped: Path, tmp_path: Path) -> None:
    (tmp_path / "gate").write_text('{"articles": {"at_least": 601}}')
    asked = ("--index", "i", "--dry-run", "--gate", "gate")
    before = {path: path.stat().st_mtime_ns for path in sorted(Path("i").iterdir()) if path.suffix != ".lock"}
    result = run("index", stopped, *asked)
    assert (result.code, result.out) == (2, "")
    assert "600 articles, and 601 are the least" in result.err
    (tmp_path / "gate").write_text('{"queries": [{"query": "ban", "finds": "599", "within": 600}]}')
    result = run("index", stopped, *asked)
    assert result.code == 0
    assert "would have indexed 600 articles (600 new" in result.out
    assert before == {
        path: path.stat().st_mtime_ns for path in sorted(Path("i").iterdir()) if path.suffix != ".lock"
    }
    assert run("index", stopped, "--index", "new", "--dry-run", "--gate", "gate").code == 0
    assert not Path("new").exists()


def test_a_dry_run_notices_other_protected_words_as_the_run_itself_does(
    run: Command, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "words").write_text("bans\n")
    run("index", source, "--index", "i")
    for dry in ([], ["--dry-run"]):
        result = run("index", source, "--index", "i", "--protected", "words", *dry)
        assert (result.code, result.out) == (2, "")
        assert "indexed with other protected words" in result.err


def test_why_an_index_is_built_anew_is_told_beforehand_too(run: Command, source: Path) -> None:
    run("index", source, "--index", "i")
    (segment,) = Path("i").glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    for dry, said in ((["--dry-run"], "would be"), ([], "was")):
        result = run("reindex", "--index", "i", *dry)
        assert result.code == 0
        assert f"the index {said} rebuilt: {segment.resolve().relative_to(Path.cwd())}: " in result.err
        assert f"({newsearch.open('i').stats().articles if not dry else 5} new, " in result.out
    assert "anew" not in run("reindex", "--index", "i").err


def test_standard_input_is_read_once(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"title": "One"}\n')))
    result = run("index", "-", "-")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("indexed 1 article (1 new")
