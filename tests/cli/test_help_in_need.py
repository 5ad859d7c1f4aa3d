"""What the command says where a search fails, an id is cut short, or a word is half typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_collection import Command

from newsearch.cli.main import COMMANDS


def said(err: str) -> list[str]:
    return [line.removeprefix("newsearch: ") for line in err.splitlines()]


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        (["zeppelin"], ["nothing found"]),
        (["recogniton", "-n", "1"], ["nothing found", "did you mean: recognition"]),
        (
            ["ban", "site:planes.example", "--topic", "Waste"],
            [
                "nothing found",
                "without site:planes.example: 1 article",
            ],
        ),
        (
            ["ban", "zeppelin", "--provider", "Nobody & Sons", "--after", "2020"],
            [
                "nothing found",
                "no article matches zeppelin",
                "no article matches --provider 'Nobody & Sons'",
                "without --provider 'Nobody & Sons': 1 article (0 with every word)",
            ],
        ),
        (
            ["zeppelin AND airship", "--min-heat", "1000"],
            [
                "nothing found",
                "no article matches zeppelin",
                "no article matches airship",
                "no article matches --min-heat 1000",
                "removing any one part of the search finds nothing either",
            ],
        ),
        (["nobody published"], ["nothing found", "with --unpublished: 1 article"]),
    ],
)
def test_a_search_that_finds_nothing_says_what_to_leave_out(
    run: Command, index: Path, asked: list[str], lines: list[str]
) -> None:
    result = run("query", "--index", index, "--format", "urls", *asked)
    assert (result.code, result.out, said(result.err)) == (1, "", lines)


def test_a_misspelling_is_told_where_hardly_anything_is_found(run: Command, index: Path) -> None:
    result = run("query", "facial recogniton ban", "--index", index, "--format", "urls")
    assert result.code == 0
    assert said(result.err) == ["did you mean: facial recognition ban"]


def test_json_has_all_of_it_and_stderr_is_silent(run: Command, index: Path) -> None:
    result = run("query", "recogniton", "--topic", "Facial Recognition", "--index", index, "--format", "json")
    document = json.loads(result.out)
    assert (result.code, result.err) == (1, "")
    assert document["did_you_mean"] == "recognition"
    assert document["clauses"] == [
        {"clause": "recogniton", "alone": 0, "without": {"complete": 2, "partial": 0}, "near": []},
        {
            "clause": "--topic 'Facial Recognition'",
            "alone": 2,
            "without": {"complete": 0, "partial": 0},
            "near": [],
        },
    ]


def test_names_that_were_mistyped_are_told(run: Command, index: Path) -> None:
    result = run("query", "ban", "--topic", "Privcy", "--provider", "Ledgr", "--index", index)
    assert result.code == 1
    assert said(result.err)[:3] == [
        "nothing found",
        "no article matches --topic Privcy; perhaps Privacy",
        "no article matches --provider Ledgr; perhaps The Ledger",
    ]
    document = json.loads(run("query", "--topic", "Privcy", "--index", index, "--format", "json").out)
    assert document["clauses"][0]["near"] == ["Privacy"]
    result = run("query", "topic:Privcy", "--index", index)
    assert said(result.err) == [
        "nothing found",
        "did you mean: topic:Privacy",
        "no article matches topic:Privcy; perhaps Privacy",
    ]


def test_what_is_ignored_is_told_last_and_in_json(run: Command, index: Path) -> None:
    asked = ("query", "ban date:2020-13", "--index", index)
    result = run(*asked, "--format", "urls")
    assert (result.code, len(result.out.splitlines())) == (0, 2)
    (line,) = said(result.err)
    assert line.startswith("date:2020-13 is ignored: there is no date")
    assert json.loads(run(*asked, "--format", "json").out)["notes"] == [
        {"message": line, "start": 9, "end": 16}
    ]


def test_notes_follow_the_results_on_a_common_stream(index: Path) -> None:
    command = [sys.executable, "-m", "newsearch", "query", "ban heat:hot", "--format", "urls"]
    done = subprocess.run(
        [*command, "--index", str(index)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["https", "https", "newsearch"]


def test_a_filter_that_means_nothing_does_not_find_everything(run: Command, index: Path) -> None:
    result = run("query", "heat:hot", "--index", index)
    assert (result.code, result.out) == (1, "")
    assert said(result.err)[-1] == "nothing found"


# show


def test_as_much_of_an_id_as_is_unique_will_do(run: Command, index: Path) -> None:
    whole = run("show", "tech/ban.md", "--index", index)
    assert run("show", "tech/b", "--index", index) == whole
    assert run("show", "dr", "--index", index).out.startswith("A draft")


def test_an_ambiguous_beginning_of_an_id_names_the_candidates(run: Command, index: Path) -> None:
    result = run("show", "world/", "--index", index)
    assert (result.code, result.out) == (2, "")
    assert said(result.err) == ["2 ids begin with 'world/': world/plastic.md, world/vaccin.md"]


# complete


def test_completions_are_plain_lines(run: Command, index: Path) -> None:
    result = run("complete", "facial", "rec", "--index", index)
    assert result == (0, "facial recognition\n", "")
    assert run("complete", "topic:f", "--index", index).out == 'topic:"Facial Recognition"\n'
    assert run("complete", "c", "-n", "2", "--index", index).out.count("\n") == 2


def test_completions_in_json_look_as_they_always_did(run: Command, index: Path) -> None:
    document = json.loads(run("complete", "pla", "--index", index, "--format", "json").out)
    assert document == {
        "schema": 1,
        "query": "pla",
        "completions": [{"text": "plastic", "articles": 1}],
    }


def test_nothing_to_complete_is_nothing_found(run: Command, index: Path) -> None:
    assert run("complete", "zq", "--index", index) == (1, "", "")


@pytest.mark.skipif(os.name == "nt", reason="bash is not at home there")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["query", "facial", "rec"], ["recognition"]),
        (["query", "--limit", "3", "pla"], ["plastic"]),
        (["query", "--sort", "ne"], ["newest"]),
        (["compl"], ["complete"]),
        (["query", "topic:facial"], []),
    ],
)
def test_the_shell_completes_words_of_the_query(index: Path, words: list[str], completed: list[str]) -> None:
    asked = {
        "_NEWSEARCH_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["newsearch", *words]),
        "COMP_CWORD": str(len(words)),
        "NEWSEARCH_INDEX": str(index),
    }
    done = subprocess.run(
        [sys.executable, "-m", "newsearch"], env=os.environ | asked, capture_output=True, text=True
    )
    assert [line.partition(",")[2] for line in done.stdout.split()] == completed
    assert done.stderr == ""


def test_the_shell_is_offered_nothing_where_there_is_no_index(tmp_path: Path) -> None:
    asked = {"_NEWSEARCH_COMPLETE": "bash_complete", "COMP_WORDS": "newsearch query fac", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "newsearch"],
        env=os.environ | asked,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stdout.strip(), done.stderr, list(tmp_path.iterdir())) == ("", "", [])


# Help and zones


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_h_is_help(run: Command, name: str) -> None:
    command = [name] if name else []
    assert run(*command, "-h") == run(*command, "--help")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "nowhere", ":Nowhere"])
def test_a_zone_that_the_system_does_not_know_is_told(
    run: Command, index: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    result = run("query", "ban", "--index", index, "--format", "urls")
    assert result.code == 0
    assert said(result.err)[0].startswith(f"TZ: unknown zone {zone.lstrip(':')!r}")
    assert run("query", "ban", "--index", index, "--format", "urls", "--tz", "UTC").err == ""


@pytest.mark.parametrize(
    "zone", ["", "UTC", "UTC0", "EST5EDT", "CET-1CEST,M3.5.0,M10.5.0/3", ":Europe/Paris", "<+03>-3", "/etc/x"]
)
def test_a_zone_that_it_may_know_is_not(
    run: Command, index: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    assert run("query", "ban", "--index", index, "--format", "urls").err == ""


@pytest.mark.parametrize("name", ["stories", "timeline", "coverage", "words"])
def test_what_may_have_been_meant_differently_is_told_of_a_window_too(
    run: Command, index: Path, name: str
) -> None:
    result = run(name, "titel:ban", "--after", "2021", "--before", "2020", "--index", index)
    assert result.code == 1
    assert "newsearch: titel: is not a field" in result.err
    assert "newsearch: before 2020 is not later than after 2021" in result.err
    assert run(name, "--after", "2020", "--before", "2021", "--index", index).err == ""
