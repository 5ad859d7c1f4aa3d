"""docs/command.md says what the command does.

Its help texts, and the golden files, are written anew by `NEWSEARCH_GOLDEN=write pytest tests/cli`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from cli_collection import Command

from newsearch.cli.main import COMMANDS, cli
from newsearch.outputs.json_page import SCHEMA
from newsearch.outputs.table import CSV_COLUMNS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command.md"


def section(name: str) -> str:
    """The part of the page on one command."""
    return PAGE.read_text(encoding="utf-8").split(f"\n## newsearch {name}\n")[1].split("\n## ")[0]


def table_keys(text: str) -> set[str]:
    """What stands in code in the first column of tables."""
    first_cells = re.findall(r"^\| (`[^|]*?) \|", text, re.MULTILINE)
    return {key for cell in first_cells for key in re.findall(r"`([\w-]+)", cell)}


def test_the_page_begins_with_all_commands() -> None:
    start = PAGE.read_text(encoding="utf-8").split("\n\n")[2]
    assert sorted(re.findall(r"`(\w+)`", start)) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_text_is_the_real_one(run: Command, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    block = f"```text\n$ newsearch {name} --help\n{run(name, '--help').out}```\n"
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("NEWSEARCH_GOLDEN") == "write":
        pattern = rf"```text\n\$ newsearch {name} --help\n.*?```\n"
        text = re.sub(pattern, lambda _: block, text, count=1, flags=re.DOTALL)
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    page = text.split(f"```text\n$ newsearch {name} --help\n")[1].split("```\n")[0]
    shown = " ".join(page.split())
    assert [said for said in own_words(name) if said not in shown] == []
    assert "-h, --help" in shown


def own_words(name: str) -> Iterator[str]:
    """What the help text of a command says in our words, in a line each; how it is laid out is click's matter."""
    above = cli.make_context("newsearch", [name])
    command = cli.get_command(above, name)
    assert command
    for prose in (command.help, command.epilog):
        yield from (" ".join(part.replace("\b", "").split()) for part in (prose or "").split("\n\n"))
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield ", ".join(parameter.opts)
            yield " ".join((parameter.help or "").split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_no_other(name: str) -> None:
    # As it is called: the names of --help come from the group.
    above = cli.make_context("newsearch", [name])
    command = cli.get_command(above, name)
    assert command
    options = {
        option
        for parameter in command.get_params(click.Context(command, parent=above))
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert {key for key in table_keys(section(name)) if key.startswith("-")} == options


def test_the_keys_of_the_json_are_documented(run: Command, index: Path) -> None:
    query = section("query")
    out = run(
        "query",
        "council ban",
        "--index",
        index,
        "--format",
        "json",
        "--explain",
        "--facet",
        "topic",
        "--collapse",
        "copies",
    ).out
    document = json.loads(out)
    hit = document["hits"][0]
    own = {"rank", "score", "complete", "id", "url", "copies", "explanation"}
    assert list(hit)[: len(own)] == ["rank", "score", "complete", "id", "url", "copies", "explanation"]
    assert {key for key in table_keys(query) if not key.startswith("-")} == own | set(document)
    assert f"this table: {SCHEMA}." in query
    assert f"columns {', '.join(CSV_COLUMNS[:-1])} (separated by `; `) and {CSV_COLUMNS[-1]}." in " ".join(
        query.split()
    )
    assert set(document["total"]) == {"complete", "partial"}
    assert set(hit["explanation"]) == {"value", "description", "details"}


@pytest.mark.parametrize("arguments", ["stats --fields", "verify", "compact", "stories", "timeline"])
def test_the_keys_of_other_json_are_documented(run: Command, index: Path, arguments: str) -> None:
    command, *options = arguments.split()
    keys = {key for key in table_keys(section(command)) if not key.startswith("-")}
    out = run(command, *options, "--index", index, "--format", "json").out
    assert keys | {"schema"} == set(json.loads(out))


def test_the_keys_of_what_is_measured_are_documented(run: Command, index: Path, tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text('{"_id": "1", "text": "ban"}\n{"_id": "2", "text": "shop"}\n')
    (tmp_path / "qrels.tsv").write_text("1\ttech/ban.md\t1\n2\tworld/plastic.md\t1\n")
    asked = (tmp_path, "--index", index, "--format", "json")
    for out in (
        ("eval", run("eval", *asked, "--compare", "heat=0", "--per-query").out),
        ("tune", run("tune", *asked, "--folds", "2").out),
    ):
        keys = {key for key in table_keys(section(out[0])) if not key.startswith("-")}
        assert keys == set(json.loads(out[1]))


@pytest.mark.parametrize("name", ["query", "show"])
def test_the_examples_in_the_help_find_something(run: Command, name: str) -> None:
    help_text = run(name, "--help").out + run("--help").out
    examples = [
        shlex.split(line) for line in re.findall(rf"^ +newsearch ({name} .+)", help_text, re.MULTILINE)
    ]
    assert len(examples) > 2
    run("query")  # makes the default index, of the bundled articles
    for arguments in examples:
        until_pipe = arguments[: arguments.index("|")] if "|" in arguments else arguments
        assert run(*until_pipe).code == 0, arguments
