"""`newsearch alerts`, and `newsearch query --save`."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest
from cli_collection import ARTICLES, Command

NEW = {
    "path": "tech/schools.md",
    "title": "Schools follow with a facial recognition ban",
    "publishedDateTime": "2020-09-12T08:00:00Z",
    "webUrl": "https://ledger.example/2020/09/schools",
    "provider": {"name": "The Ledger", "domain": "ledger.example"},
}
OTHER = {
    "path": "tech/other.md",
    "title": "Airport ban on facial recognition",
    "webUrl": "https://planes.example/o",
}


@pytest.fixture
def holds(run: Command, tmp_path: Path) -> Callable[..., None]:
    """Indexes the small collection and more articles."""

    def index(*more: object) -> None:
        source = tmp_path / "news.jsonl"
        source.write_text("".join(json.dumps(one) + "\n" for one in [*ARTICLES, *more]), encoding="utf-8")
        assert run("index", source).code == 0

    return index


@pytest.fixture
def saved(run: Command, holds: Callable[..., None], tmp_path: Path) -> Path:
    """A file with a search that has begun."""
    holds()
    assert run("query", "facial recognition ban", "--tz", "UTC", "--save", "Face bans").code == 0
    return tmp_path / "saved.toml"


def test_a_search_is_saved_and_says_so(run: Command, holds: Callable[..., None], tmp_path: Path) -> None:
    holds()
    plain = run("query", "ban", "--topic", "Privacy", "--tz", "UTC", "--limit", "3")
    found = run("query", "ban", "--topic", "Privacy", "--tz", "UTC", "--limit", "3", "--save", "Bans")
    assert (found.code, found.out) == (plain.code, plain.out)
    assert found.err.splitlines()[-1] == (
        "newsearch: saved Bans in saved.toml; `newsearch alerts` shows what is new from now on"
    )
    assert (tmp_path / "saved.toml").read_text(encoding="utf-8").splitlines() == [
        "[[search]]",
        'name = "Bans"',
        'query = "ban"',
        "limit = 3",
        'topics = ["Privacy"]',
        'collapse = "copies"',
    ]
    assert (tmp_path / "saved.delivered").exists()


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "a" * 201])
def test_a_search_without_a_name_leaves_no_file(
    run: Command, holds: Callable[..., None], tmp_path: Path, name: str
) -> None:
    holds()
    before = sorted(tmp_path.iterdir())
    result = run("query", "ban", "--save", name)
    assert (result.code, result.out) == (2, "")
    assert sorted(tmp_path.iterdir()) == before


def test_a_search_that_finds_nothing_yet_can_be_saved(run: Command, holds: Callable[..., None]) -> None:
    holds()
    assert run("query", "schools", "--save", "Schools").code == 1
    holds(NEW)
    assert "Schools follow" in run("alerts").out


def test_synonyms_are_not_saved_and_the_way_to_them_is_shown(
    run: Command, holds: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "my words.txt").write_text("prohibition, ban\n", encoding="utf-8")
    holds()
    found = run("query", "prohibition", "--synonyms", "my words.txt", "--save", "Bans")
    assert found.code == 0
    assert found.err.splitlines()[-1] == (
        "newsearch: saved Bans in saved.toml without the synonyms; `newsearch alerts --synonyms 'my words.txt'` shows"
        " what is new from now on"
    )
    assert "words" not in (tmp_path / "saved.toml").read_text(encoding="utf-8")
    assert run("alerts", "--synonyms", "my words.txt").code == 1
    holds(NEW)
    assert run("alerts").code == 1
    new = run("alerts", "--synonyms", "my words.txt")
    assert (new.code, new.err) == (0, "")
    assert new.out.startswith("Bans: 1 new article\n")
    missing = run("alerts", "--synonyms", "nothing.txt")
    assert (missing.code, missing.err) == (
        2,
        "newsearch: nothing.txt: cannot be read: No such file or directory\n",
    )


def test_a_search_may_keep_every_copy(run: Command, holds: Callable[..., None], tmp_path: Path) -> None:
    holds()
    run("query", "ban", "--collapse", "none", "--save", "Bans")
    assert "collapse" not in (tmp_path / "saved.toml").read_text(encoding="utf-8")


def test_nothing_is_saved_if_the_deliveries_cannot_be_used(
    run: Command, holds: Callable[..., None], tmp_path: Path
) -> None:
    holds()
    (tmp_path / "saved.delivered").write_text("not a file of deliveries " * 99, encoding="utf-8")
    assert run("query", "ban", "--save", "Bans").code == 2
    assert not (tmp_path / "saved.toml").exists()
    (tmp_path / "saved.delivered").unlink()
    assert run("query", "ban", "--save", "Bans").code == 0


def test_searches_and_deliveries_need_two_files(run: Command, saved: Path) -> None:
    os.rename("saved.toml", "saved.delivered")
    same = run("alerts", "--saved", "saved.delivered")
    assert (same.code, same.err) == (
        2,
        "newsearch: saved.delivered: the searches are in this file; name another one with --delivered\n",
    )
    assert run("query", "ban", "--saved", "bans.delivered", "--save", "Bans").code == 2
    assert not os.path.exists("bans.delivered")


def test_a_query_that_is_only_parsed_is_not_saved(
    run: Command, holds: Callable[..., None], tmp_path: Path
) -> None:
    parsed = run("query", "ban", "--parse", "--save", "Bans")
    assert (parsed.code, parsed.out) == (2, "")
    assert "give one of them" in parsed.err


def test_a_zone_without_a_name_cannot_be_saved(
    run: Command, holds: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    holds()
    monkeypatch.setenv("TZ", "CET-1CEST")
    nameless = run("query", "ban", "--save", "Bans")
    assert (nameless.code, nameless.err) == (
        2,
        "newsearch: tz: the zone of this system has no name and cannot be written: use a named zone, such as"
        " Europe/Paris\n",
    )
    assert run("query", "ban", "--save", "Bans", "--tz", "Europe/Paris").code == 0


def test_a_name_that_is_used_is_an_error(run: Command, saved: Path) -> None:
    again = run("query", "plastic", "--save", "Face bans")
    assert (again.code, again.out) == (2, "")
    assert again.err == (
        "newsearch: saved.toml: there is a search named 'Face bans' already; choose another name\n"
    )


def test_what_is_new_is_shown_once(run: Command, holds: Callable[..., None], saved: Path) -> None:
    nothing = run("alerts")
    assert (nothing.code, nothing.out, nothing.err) == (1, "", "")
    holds(NEW)
    new = run("alerts")
    assert (new.code, new.err) == (0, "")
    assert new.out.splitlines() == [
        "Face bans: 1 new article",
        "",
        "1. Schools follow with a facial recognition ban",
        new.out.splitlines()[3],
        "   https://ledger.example/2020/09/schools",
        "",
    ]
    assert new.out.splitlines()[3].startswith("   The Ledger · 2020-09-12 · score ")
    assert run("alerts").code == 1


def test_that_nothing_is_new_is_said_on_a_terminal_alone(
    run: Command, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("alerts").err == ""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run("alerts").err == "newsearch: nothing new\n"


def test_peeking_leaves_articles_new(run: Command, holds: Callable[..., None], saved: Path) -> None:
    holds(NEW)
    first, second = run("alerts", "--peek"), run("alerts", "--peek")
    assert first == second
    assert (first.code, run("alerts").out) == (0, first.out)


def test_peeking_does_not_begin_a_search(run: Command, holds: Callable[..., None], saved: Path) -> None:
    saved.write_text('[[search]]\nname = "Plastic"\nquery = "plastic"\n', encoding="utf-8")
    said = "newsearch: Plastic: has not begun; the first alert without --peek begins it\n"
    for _ in range(2):
        assert run("alerts", "--peek").err == said
    assert "begins now" in run("alerts").err
    assert run("alerts", "--peek").err == ""


def test_articles_without_an_address_are_counted(
    run: Command, holds: Callable[..., None], saved: Path
) -> None:
    holds(NEW, {key: value for key, value in OTHER.items() if key != "webUrl"})
    found = run("alerts", "--peek", "--format", "urls")
    assert found.out == "https://ledger.example/2020/09/schools\n"
    assert found.err == "newsearch: Face bans: left out 1 article without a URL\n"


def test_skipping_shows_nothing(run: Command, holds: Callable[..., None], saved: Path) -> None:
    holds(NEW)
    skipped = run("alerts", "--skip")
    assert (skipped.code, skipped.out) == (0, "")
    assert skipped.err == "newsearch: Face bans: skipped 1 new article\n"
    assert run("alerts").code == 1


def test_peeking_and_skipping_exclude_each_other(run: Command, saved: Path) -> None:
    assert run("alerts", "--peek", "--skip").code == 2


def test_what_exceeds_the_limit_stays_new(run: Command, holds: Callable[..., None], saved: Path) -> None:
    holds(NEW, OTHER)
    first = run("alerts", "--limit", "1", "--format", "urls")
    assert first.err == (
        "newsearch: Face bans: 1 more stays new; run it again, or with a higher --limit or --skip\n"
    )
    second = run("alerts", "--limit", "1", "--format", "urls")
    assert second.err == ""
    assert {first.out, second.out} == {
        "https://ledger.example/2020/09/schools\n",
        "https://planes.example/o\n",
    }


def test_json_has_every_search(
    run: Command, holds: Callable[..., None], saved: Path, golden: Callable[[str, str], None]
) -> None:
    saved.write_text(saved.read_text(encoding="utf-8") + '\n[[search]]\nname = "All"\ntz = "UTC"\n', "utf-8")
    holds(NEW)
    found = run("alerts", "--format", "json")
    assert found.code == 0
    golden("alerts.json", found.out)
    assert found.err == "newsearch: All: begins now; what it finds already is not new\n"
    assert json.loads(run("alerts", "--format", "json").out)["alerts"][0]["hits"] == []


def test_json_lines_name_the_search(run: Command, holds: Callable[..., None], saved: Path) -> None:
    holds(NEW)
    (hit,) = map(json.loads, run("alerts", "--format", "jsonl").out.splitlines())
    assert (hit["search"], hit["rank"], hit["path"]) == ("Face bans", 1, "tech/schools.md")


def test_names_select_searches(run: Command, holds: Callable[..., None], saved: Path) -> None:
    run("query", "recognition", "--save", "Recognition")
    holds(NEW)
    assert run("alerts", "Recognition").out.startswith("Recognition: 1 new article\n")
    assert run("alerts").out.startswith("Face bans: 1 new article\n")
    unknown = run("alerts", "Face ban")
    assert unknown.code == 2
    assert unknown.err == (
        "newsearch: saved.toml: no search is named 'Face ban': there are Face bans, Recognition\n"
    )


UNUSABLE = """
[[search]]
name = "Typo"
srot = "newest"

[[search]]
name = "Early"
as_of = 0001-01-02
after = "30d"

[[search]]
name = "Schools"
query = "school"
"""
TYPO = "newsearch: saved.toml: search 2 (Typo): srot: no such key; did you mean sort?\n"
EARLY = (
    "newsearch: saved.toml: search (Early): after: '30d' has no beginning; give a day, as in 2020-09-29, or a time ago,"
    " as in 7d\n"
)


@pytest.fixture
def unusable(saved: Path) -> Path:
    """A file with searches that cannot be used between others."""
    saved.write_text(saved.read_text(encoding="utf-8") + UNUSABLE, encoding="utf-8")
    return saved


def test_a_search_that_cannot_be_used_does_not_stop_the_others(
    run: Command, holds: Callable[..., None], unusable: Path
) -> None:
    run("alerts")
    holds(NEW)
    new = run("alerts")
    assert [line for line in new.out.splitlines() if line.endswith("article")] == [
        "Face bans: 1 new article",
        "Schools: 1 new article",
    ]
    assert (new.code, new.err) == (2, TYPO + EARLY + "newsearch: left out 2 of 4 saved searches\n")
    again = run("alerts")
    assert (again.code, again.out, again.err) == (2, "", new.err)


def test_json_says_what_cannot_be_used(run: Command, holds: Callable[..., None], unusable: Path) -> None:
    found = run("alerts", "--format", "json")
    document = json.loads(found.out)
    assert [alert["name"] for alert in document["alerts"]] == ["Face bans", "Schools"]
    assert document["errors"] == [line.removeprefix("newsearch: ").strip() for line in (TYPO, EARLY)]
    assert found.code == 2


def test_skipping_skips_what_can_be_used(run: Command, unusable: Path) -> None:
    skipped = run("alerts", "--skip")
    assert (skipped.code, skipped.out) == (2, "")
    assert skipped.err == (
        "newsearch: Face bans: skipped 0 new articles\nnewsearch: Schools: skipped 0 new articles\n"
        f"{TYPO}{EARLY}newsearch: left out 2 of 4 saved searches\n"
    )


def test_what_is_wrong_with_a_search_concerns_those_that_name_it(run: Command, unusable: Path) -> None:
    assert run("alerts", "Face bans").code == 1
    assert run("alerts", "Face bans").err == ""
    named = run("alerts", "Typo", "Face bans")
    assert (named.code, named.err) == (2, f"{TYPO}newsearch: left out 1 of 2 saved searches\n")
    unknown = run("alerts", "Bans")
    assert unknown.err == (
        "newsearch: saved.toml: no search is named 'Bans': there are Face bans, Early, Schools, Typo\n"
    )


def test_damaged_deliveries_of_a_search_do_not_stop_the_others(
    run: Command, holds: Callable[..., None], saved: Path
) -> None:
    assert run("query", "recognition", "--save", "Recognition").code == 0
    holds(NEW)
    with closing(sqlite3.connect("saved.delivered", isolation_level=None)) as database:
        database.execute("UPDATE delivered SET keys = x'0102030405060708' WHERE name = 'Face bans'")
    found = run("alerts")
    assert found.out.startswith("Recognition: 1 new article\n")
    assert (found.code, found.err) == (
        2,
        "newsearch: saved.delivered: search (Face bans): what was delivered for it is damaged; restore the file from a"
        " backup, or begin the search again with `newsearch alerts --skip NAME`\n"
        "newsearch: left out 1 of 2 saved searches\n",
    )
    assert run("alerts", "--skip", "Face bans").code == 0
    assert run("alerts").code == 1


def test_of_many_unusable_searches_a_few_are_shown(run: Command, saved: Path) -> None:
    saved.write_text('[[search]]\nquery = "ban"\n' * 1_000, encoding="utf-8")
    for names in ((), ("Bans",)):
        found = run("alerts", *names)
        assert found.code == 2
        lines = found.err.splitlines()
        assert len(lines) == 22
        assert lines[0].startswith("newsearch: saved.toml: search 1: a search needs a name")
        assert lines[-2:] == [
            "newsearch: and 980 more that cannot be used",
            "newsearch: left out 1,000 of 1,000 saved searches",
        ]


def test_of_many_names_a_few_are_shown(run: Command, holds: Callable[..., None], saved: Path) -> None:
    more = "".join(f'[[search]]\nname = "{n}"\n' for n in range(1_000))
    saved.write_text(f"{saved.read_text(encoding='utf-8')}\n{more}", encoding="utf-8")
    unknown = run("alerts", "Face ban")
    assert unknown.err == (
        "newsearch: saved.toml: no search is named 'Face ban': there are Face bans, 0, 1, 2, 3, 4, 5, 6, 7, 8 and 991"
        " more\n"
    )


def test_without_a_saved_search_the_way_to_one_is_shown(run: Command, holds: Callable[..., None]) -> None:
    holds()
    none = run("alerts")
    assert none.code == 2
    assert none.err == (
        "newsearch: saved.toml: no search is saved here; `newsearch query WORDS --save NAME` saves one\n"
    )
    assert not os.path.exists("saved.delivered")


def test_a_changed_search_says_so(run: Command, holds: Callable[..., None], saved: Path) -> None:
    text = saved.read_text(encoding="utf-8")
    saved.write_text(text.replace("facial recognition ban", "ban"), encoding="utf-8")
    changed = run("alerts")
    assert changed.err == (
        "newsearch: Face bans: changed since the last time; what it already found is not new\n"
    )
    assert run("alerts").err == ""


def test_other_files_can_be_named(run: Command, holds: Callable[..., None], tmp_path: Path) -> None:
    holds()
    places = ("--saved", tmp_path / "mine.toml", "--delivered", tmp_path / "state")
    assert run("query", "ban", "--save", "Bans", *places).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "mine.toml", "news.jsonl", "state"]
    holds(NEW)
    assert run("alerts", *places).code == 0


def test_the_environment_names_the_file(
    run: Command, holds: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds()
    monkeypatch.setenv("NEWSEARCH_SAVED", str(tmp_path / "mine.toml"))
    assert run("query", "ban", "--save", "Bans").code == 0
    assert run("alerts").code == 1
    assert not (tmp_path / "saved.toml").exists()


def test_what_could_not_be_written_stays_new(run: Command, holds: Callable[..., None], saved: Path) -> None:
    """The reader of the output has gone before it read anything."""
    holds(NEW)
    for format_name in ("text", "json", "jsonl", "urls"):
        reading, writing = os.pipe()
        os.close(reading)
        command = [sys.executable, "-m", "newsearch", "alerts", "--format", format_name]
        ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60)
        os.close(writing)
        assert ended.returncode == 141
    assert run("alerts").code == 0


def test_a_search_that_delivers_nothing_need_not_be_written(
    run: Command, holds: Callable[..., None], saved: Path
) -> None:
    """Keeping what it matches until all searches are written would take as much memory as all of them match."""
    saved.write_text(saved.read_text(encoding="utf-8") + '\n[[search]]\nname = "All"\n', "utf-8")
    holds(NEW)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "newsearch", "alerts", "--format", "json"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60)
    os.close(writing)
    assert ended.returncode == 141
    found = json.loads(run("alerts", "--format", "json").out)["alerts"]
    assert [(alert["name"], alert["begins"], alert["new"]) for alert in found] == [
        ("Face bans", False, 1),
        ("All", False, 0),
    ]


ALERTS = [sys.executable, "-m", "newsearch", "alerts"]


def test_processes_at_the_same_time_deliver_every_article_once(
    run: Command, holds: Callable[..., None], saved: Path
) -> None:
    for word in ("recognition", "ban", "schools"):
        assert run("query", word, "--save", word).code in (0, 1)
    told: Counter[tuple[str, str]] = Counter()
    held: list[dict[str, object]] = []
    for n in range(4):
        held += [{**NEW, "path": f"{n}.{m}.md", "title": f"{NEW['title']} {n} {m}"} for m in range(3)]
        holds(*held)
        processes = [
            subprocess.Popen([*ALERTS, "--limit", "2", "--format", name], stdout=subprocess.PIPE)
            for name in ("jsonl", "json", "jsonl")
        ]
        written = [process.communicate(timeout=60)[0] for process in processes]
        assert {process.returncode for process in processes} <= {0, 1}
        hits = [json.loads(line) for place in (0, 2) for line in written[place].splitlines()]
        for alert in json.loads(written[1])["alerts"]:
            hits += [{"search": alert["name"], **hit} for hit in alert["hits"]]
        told.update((hit["search"], hit["path"]) for hit in hits)
    names = ("Face bans", "recognition", "ban", "schools")
    assert told == Counter((name, str(one["path"])) for name in names for one in held)


@pytest.mark.parametrize("format_name", ["urls", "json"])
def test_a_process_that_is_killed_while_it_writes_delivers_nothing_and_holds_nobody_up(
    run: Command, holds: Callable[..., None], saved: Path, format_name: str
) -> None:
    assert run("query", "plastic", "--save", "Plastic").code in (0, 1)
    addresses = [f"https://ledger.example/{n}/{'long' * 100}" for n in range(300)]
    titles = [f"Town {n} follows with a facial recognition ban" for n in range(300)]
    holds(*({"title": title, "webUrl": url} for title, url in zip(titles, addresses, strict=True)))
    command = [*ALERTS, "--limit", "1000", "--format", format_name]
    # More than a pipe holds. Its reader has read only the beginning.
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writing:
        assert writing.stdout
        assert writing.stdout.read(1)
        for arguments, code in ((("--peek",), 0), (("Plastic",), 1)):
            assert subprocess.run([*ALERTS, *arguments], capture_output=True, timeout=60).returncode == code
        writing.kill()
    assert sorted(run("alerts", "--limit", "1000", "--format", "urls").out.split()) == sorted(addresses)
    assert run("alerts").code == 1


def test_control_characters_do_not_reach_the_terminal(
    run: Command, holds: Callable[..., None], saved: Path
) -> None:
    with closing(sqlite3.connect("saved.delivered", isolation_level=None)) as database:
        (keys,) = database.execute("SELECT keys FROM delivered").fetchone()
        values = "\x1b[31m", crc32(b"\x1b[31m" + keys)
        database.execute("UPDATE delivered SET request = ?, checksum = ?", values)
    holds({**NEW, "title": "A facial recognition ban \x1b[31m in red"})
    found = run("alerts")
    assert "\x1b" not in found.out + found.err
