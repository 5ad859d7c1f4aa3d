"""newsearch query."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from cli_collection import Command

import newsearch
from newsearch.cli.formats import FORMATS

STABLE = ("--tz", "UTC", "--as-of", "2021-06-01")


def ids(out: str) -> list[str]:
    return [json.loads(line)["id"] for line in out.splitlines()]


@pytest.fixture
def found(run: Command, index: Path) -> Callable[..., list[str]]:
    """The ids that a query finds."""

    def query(*args: str) -> list[str]:
        result = run("query", "--index", index, "--tz", "UTC", "--format", "jsonl", *args)
        assert result.err == ""
        return ids(result.out)

    return query


def test_several_words_need_no_quotes(found: Callable[..., list[str]]) -> None:
    assert found("facial", "recognition", "ban") == found("facial recognition ban")
    assert found("facial recognition ban")[0] == "tech/ban.md"


def test_words_after_two_dashes_may_begin_with_a_dash(found: Callable[..., list[str]]) -> None:
    assert found("--", "-cameras", "facial", "recognition") == ["tech/ban.md"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--sort", "oldest"], ["world/plastic.md", "tech/cameras.md", "tech/ban.md", "world/vaccin.md"]),
        (["--sort", "newest", "--limit", "1"], ["world/vaccin.md"]),
        (["--sort", "newest", "--limit", "1", "--offset", "1"], ["tech/ban.md"]),
        (["--after", "2020-09"], ["tech/ban.md", "world/vaccin.md"]),
        (["--before", "2020"], ["world/plastic.md"]),
        (["--topic", "facial recognition", "--topic", "privacy"], ["tech/ban.md"]),
        (["--provider", "planes.example", "--provider", "quai"], ["tech/cameras.md", "world/vaccin.md"]),
        (["--category", "news"], ["tech/ban.md", "tech/cameras.md"]),
        (["--type", "video"], ["tech/cameras.md"]),
        (["--min-heat", "31"], ["tech/ban.md"]),
        (["--min-quality", "60"], ["tech/ban.md", "tech/cameras.md"]),
        (["--as-of", "2021-01-18", "--after", "today"], ["world/vaccin.md"]),
    ],
)
def test_an_option_narrows_or_orders(
    found: Callable[..., list[str]], options: list[str], expected: list[str]
) -> None:
    order: Callable[[list[str]], list[str]] = list if "--sort" in options else sorted
    assert order(found(*options)) == expected


def test_unpublished_articles_are_found_when_asked_for(found: Callable[..., list[str]]) -> None:
    assert "drafts/recognition.md" not in found("recognition")
    assert "drafts/recognition.md" in found("recognition", "--unpublished")


def test_days_begin_in_the_zone_that_is_asked_for(run: Command, index: Path) -> None:
    query = ("query", "council", "after:2020-09-10", "--index", index, "--format", "urls")
    assert run(*query, "--tz", "UTC").code == 1
    assert run(*query, "--tz", "Asia/Tokyo").out == "https://ledger.example/2020/09/ban\n"


def test_weights_and_a_half_life_change_the_scores(run: Command, index: Path) -> None:
    def factors(*options: str) -> dict[str, float]:
        out = run(
            "query", "council", "--index", index, "--format", "json", "--explain", *options, *STABLE
        ).out
        boost = json.loads(out)["hits"][0]["explanation"]["details"][1]
        return {part["description"].split()[0].rstrip(","): part["value"] for part in boost["details"]}

    assert factors("--heat-weight", "0", "--quality-weight", "0") == {"heat": 1.0, "quality": 1.0}
    assert factors("--heat-weight", "2")["heat"] > factors()["heat"] > 1
    assert factors("--half-life", "1000d")["recency"] > factors("--half-life", "100d")["recency"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_looks_as_it_always_did(
    run: Command, index: Path, golden: Callable[[str, str], None], name: str
) -> None:
    result = run("query", "facial recognition ban", "--index", index, "--format", name, *STABLE)
    assert (result.code, result.err) == (0, "")
    golden(f"query.{name}", result.out)


@pytest.mark.parametrize("name", ["text", "json"])
def test_explanations_and_facets_look_as_they_always_did(
    run: Command, index: Path, golden: Callable[[str, str], None], name: str
) -> None:
    asked = ("--explain", "--facet", "topic", "--facet", "month", "--limit", "1")
    result = run("query", "recognition", "--index", index, "--format", name, *asked, *STABLE)
    golden(f"explain.{name}", result.out)


def test_the_explanation_in_json_multiplies_to_the_score(run: Command, index: Path) -> None:
    out = run("query", "facial ban", "--index", index, "--format", "jsonl", "--explain").out
    for hit in map(json.loads, out.splitlines()):
        text, boost = hit["explanation"]["details"]
        assert text["value"] * boost["value"] == pytest.approx(hit["score"], abs=1e-4)
        assert sum(part["value"] for part in text["details"]) == pytest.approx(text["value"], abs=1e-5)


def test_jsonl_is_a_source_that_can_be_indexed_again(run: Command, index: Path, tmp_path: Path) -> None:
    (tmp_path / "found.jsonl").write_text(run("query", "--index", index, "--format", "jsonl").out)
    assert run("index", tmp_path / "found.jsonl", "--index", tmp_path / "again").code == 0
    with newsearch.open(index) as one, newsearch.open(tmp_path / "again") as other:
        before, after = one.get("tech/ban.md"), other.get("tech/ban.md")
    assert before
    assert after
    assert (before.title, before.body, before.date) == (after.title, after.body, after.date)


def test_a_spreadsheet_sees_no_formula(run: Command, index: Path) -> None:
    rows = list(csv.DictReader(StringIO(run("query", "plastic", "--index", index, "--format", "csv").out)))
    assert rows[0]["title"].startswith("'=SUM")
    assert rows[0]["heat"] == "-1"


def test_the_keys_of_a_hit_are_never_those_of_its_article(run: Command, tmp_path: Path) -> None:
    record = {"id": "1", "title": "Ban", "url": "javascript:alert(1)", "explanation": "mine", "rank": 7}
    (tmp_path / "news.jsonl").write_text(json.dumps(record))
    run("index", tmp_path / "news.jsonl", "--index", tmp_path / "i")
    hit = json.loads(run("query", "ban", "--index", tmp_path / "i", "--format", "jsonl").out)
    assert (hit["rank"], "url" in hit, "explanation" in hit) == (1, False, False)


def test_urls_leave_out_hits_without_one(run: Command, index: Path) -> None:
    assert run("query", "vaccin", "--index", index, "--format", "urls").out == ""


def test_parse_shows_the_tree_and_needs_no_index(run: Command) -> None:
    result = run("query", "--parse", 'ban "plastic bags" after:2020-09-29', "--tz", "UTC")
    assert result.code == 0
    assert result.out.splitlines() == [
        "all",
        "  word 'ban'",
        "  phrase 'plastic bags'",
        "  dates from 2020-09-29T00:00:00Z to any",
    ]


def test_notes_are_told_on_stderr_one_a_line(run: Command, index: Path) -> None:
    result = run("query", "ban heat:hot date:never", "--index", index, "--format", "urls")
    assert result.code == 0
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["newsearch", "newsearch"]
    assert result.out.startswith("https://")


def test_nothing_found_is_1(run: Command, index: Path) -> None:
    assert run("query", "zeppelin", "--index", index) == (1, "", "newsearch: nothing found\n")
    assert run("query", "zeppelin", "--index", index, "--format", "jsonl").code == 1
    assert json.loads(run("query", "zeppelin", "--index", index, "--format", "json").out)["hits"] == []


def test_a_page_beyond_the_last_hit_is_empty_but_something_was_found(run: Command, index: Path) -> None:
    result = run("query", "ban", "--index", index, "--offset", "50", "--format", "json")
    assert (result.code, json.loads(result.out)["hits"]) == (0, [])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--after", "never"], "not a date"),
        (["--tz", "Mars/Olympus"], "unknown zone"),
        (["--tz", "../etc/passwd"], "unknown zone"),
        (["--half-life", "soon"], "not a length of time"),
        (["--half-life", "0d"], "half-life"),
        (["--half-life", ""], "'--half-life': '' is not a length of time"),
        (["--heat-weight", "11"], "between 0 and 10"),
        (["--quality-weight", "nan"], "quality: nan is not a number"),
        (["--limit", "-1"], "--limit"),
        (["--limit", "1000000"], "100,000"),
        (["--sort", "loudest"], "--sort"),
        (["--format", "csv", "--explain"], "--explain needs --format text, json or jsonl, not csv"),
        (["--format", "urls", "--facet", "topic"], "--facet needs --format"),
        (["--as-of", "2020-13"], "date"),
        (["-amazon"], "write -- before"),
    ],
)
def test_an_option_that_cannot_be_used_is_one_line_and_2(
    run: Command, index: Path, args: list[str], said: str
) -> None:
    result = run("query", "ban", "--index", index, *args)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert result.err.startswith("newsearch: ")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("command", ["query", "stories", "timeline", "coverage", "words", "complete"])
def test_what_a_query_that_begins_with_a_minus_needs_is_said(run: Command, index: Path, command: str) -> None:
    result = run(command, "--index", index, "-amazon")
    assert (result.code, result.out) == (2, "")
    assert "; write -- before a query that begins with -; see " in result.err
    assert "write --" not in run("show", "--index", index, "-amazon").err


def test_the_default_index_is_built_from_the_seeds_here(run: Command, source: Path, tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "one.md").write_text("---\ntitle: One seed\n---\n")
    first = run("query", "seed", "--format", "jsonl")
    assert first.err == "newsearch: no index in index/, building it from seeds/... 1 article\n"
    assert ids(first.out) == ["one.md"]
    assert run("query", "seed", "--format", "jsonl") == (0, first.out, "")


def test_without_seeds_the_default_index_is_built_from_the_bundled_articles(run: Command) -> None:
    result = run("query", "facial recognition", "--limit", "1")
    assert result.code == 0
    assert "building it from the articles that come with newsearch" in result.err


def test_an_index_that_was_named_is_never_built(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seeds").mkdir()
    for args in (["--index", "nowhere"], []):
        result = run("query", "ban", *args)
        assert result.code == 2
        assert "no index here" in result.err
        assert not (tmp_path / "nowhere").exists()
        monkeypatch.setenv("NEWSEARCH_INDEX", "nowhere")


def test_an_index_of_another_version_is_built_anew(run: Command, source: Path, tmp_path: Path) -> None:
    own = tmp_path / "articles.jsonl"
    own.write_bytes(source.read_bytes())
    run("index", own)
    toc = tmp_path / "index" / "toc.json"
    toc.write_text(toc.read_text().replace('"newsearch": ', '"newsearch": 9', 1))
    result = run("query", "council", "--format", "urls")
    assert "was made by another version, rebuilding it" in result.err
    assert result.out == "https://ledger.example/2020/09/ban\n"
    assert run("query", "council", "--format", "urls").err == ""


def test_synonyms_come_from_a_file(found: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "synonyms.txt").write_text("jab => vaccin\naviation, airport\n")
    assert found("jab", "--synonyms", "synonyms.txt") == ["world/vaccin.md"]
    assert found("aviation", "--synonyms", "synonyms.txt") == ["tech/cameras.md"]


def test_what_is_asked_for_is_shown_with_its_synonyms(run: Command, tmp_path: Path) -> None:
    (tmp_path / "synonyms.txt").write_text("jab, vaccine\n")
    shown = run("query", "--parse", "jab", "--synonyms", "synonyms.txt")
    assert shown.out == "or\n  word 'jab'\n  word 'vaccine' weight 0.3\n"


@pytest.mark.parametrize("command", [("query", "jab"), ("query", "jab", "--parse")])
def test_a_broken_file_of_synonyms_is_an_error_that_names_the_line(
    run: Command, index: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "synonyms.txt").write_text("jab, vaccine\njab\n")
    result = run(*command, "--synonyms", "synonyms.txt", "--index", index)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("newsearch: synonyms.txt:2: 'jab' has no synonyms;")


def test_expansion_finds_what_the_words_alone_do_not(found: Callable[..., list[str]]) -> None:
    plain, expanded = found("cameras"), found("cameras", "--expand")
    assert plain == expanded[: len(plain)] == ["tech/cameras.md"]
    assert "tech/ban.md" in expanded


@pytest.mark.parametrize(
    ("arguments", "related"),
    [
        (["cameras"], ["tech/ban.md"]),
        (["cameras", "--limit", "1"], []),
        (["cameras", "--offset", "1"], []),
        (["cameras", "--sort", "newest"], []),
        (["cameras", "--no-expand"], []),
        (["type:video"], []),
    ],
)
def test_who_finds_little_is_shown_related_articles_where_the_page_has_room(
    run: Command, index: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], related: list[str]
) -> None:
    found = json.loads(run("query", "--index", index, "--format", "json", *arguments).out)
    assert [hit["id"] for hit in found["related"]][:1] == related
    assert all(not hit["complete"] for hit in found["related"])
    heading = "Related, without any of the words:"
    assert heading not in run("query", "--index", index, *arguments).out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert (heading in run("query", "--index", index, *arguments).out) is bool(related)


def test_what_an_expanded_search_finds_by_other_words_alone_is_said(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = ["a ban on cameras", "a ban", "cameras cameras", "airport screens", "airport", "weather"]
    articles = [{"id": title, "title": title, "body": "airport screens"} for title in titles[:3]]
    articles += [{"id": title, "title": title} for title in titles[3:]]
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    run("index", "news.jsonl", "--index", "i")
    with newsearch.open("i") as opened:
        hits = opened.search("ban cameras", expand=True)
        assert {hit.id for hit in hits if hit.matched} == set(titles[:3])
        assert {hit.id for hit in hits if not hit.matched} == set(titles[3:5])
        assert all(hit.matched for hit in opened.search("ban cameras"))
        assert hits.related == ()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = run("query", "ban", "cameras", "--expand", "--index", "i", "--color", "never").out.splitlines()
    said = [line for line in lines if line.endswith(":") or (line[:1].isdigit() and "of" in line)]
    assert said == [
        "Not all words:",
        "Related, without any of the words:",
        "3 of 3 articles (1 with every word), and 2 related",
    ]
    lines = run("query", "ban", "cameras", "--expand", "--offset", "3", "--index", "i").out.splitlines()
    assert lines[0].endswith("Related, without any of the words:\x1b[0m")
    assert "4-5: 0 of 3 articles (1 with every word), and 2 related" in lines[-1]


def test_a_related_article_among_matches_is_marked(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = [
        {"id": "1", "title": "ban", "body": "airport " * 5, "topics": ["airport"]},
        {"id": "2", "title": "airport airport airport", "topics": ["airport"], "heat": 1000},
        {"id": "3", "title": "x", "body": "words " * 200 + "cameras", "heat": 1},
        {"id": "4", "title": "y", "heat": 100},
    ]
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    run("index", "news.jsonl", "--index", "i")
    lines = run("query", "ban", "cameras", "--expand", "--heat-weight", "10", "--index", "i").out.splitlines()
    assert [line for line in lines if line.endswith(":")] == ["Not all words:"]
    assert [line for line in lines if line.endswith("· related")] == [
        line for line in lines if "heat 1000" in line
    ]


def test_expansion_where_nothing_heeds_it_is_said(run: Command, index: Path) -> None:
    result = run("query", "--index", index, "cameras", "--expand", "--sort", "newest")
    assert result.code == 0
    assert "--expand has no effect with --sort newest" in result.err


def test_a_hit_without_text_has_no_empty_line(run: Command, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "1", "title": "A ban"}')
    run("index", "a.jsonl", "--index", "own")
    assert [line.strip() for line in run("query", "ban", "--index", "own").out.splitlines()] == [
        "1. A ban",
        "score 0.12",
        "id 1",
        "",
    ]


@pytest.mark.parametrize("options", [("--facet-limit", "3"), ("--count", "texts")])
def test_an_option_of_facets_without_a_facet_is_noted(
    run: Command, index: Path, options: tuple[str, ...]
) -> None:
    plain = run("query", "ban", "--index", index)
    result = run("query", "ban", "--index", index, *options)
    assert (result.code, result.out) == (0, plain.out)
    assert result.err == f"newsearch: {' '.join(options)} changes nothing without --facet\n"
    assert run("query", "ban", "--index", index, *options, "--facet", "topic").err == ""
