"""Articles of several languages in one index, words with synonyms, and words that are protected."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch.errors import WordListError
from newsearch.search.snippets import marks

ARTICLES: list[dict[str, Any]] = [
    {"path": "en1", "title": "Old houses for sale in the election year", "lang": "en"},
    {
        "path": "en2",
        "title": "The organ of the cathedral",
        "excerpt": "It is the largest of its kind in the north",
    },
    {"path": "en3", "title": "An organization for the blind", "lang": "en-GB"},
    {"path": "de1", "title": "Viele Häuser stehen leer", "lang": "de-DE"},
    {"path": "de2", "title": "Das Haus am See", "excerpt": "Der Streit um das Haus ist noch nicht zu Ende"},
    {"path": "de3", "title": "Apple stellt neue Geräte vor", "lang": "de"},
    {
        "path": "fr1",
        "title": "Les élections sont reportées",
        "excerpt": "Le maire a été élu et ne sera pas là",
    },
    {"path": "es1", "title": "Elecciones en marzo", "locale": "es_ES"},
    {"path": "pt1", "title": "As eleições foram adiadas", "lang": "pt-BR"},
    {"path": "ru1", "title": "Вакцины прибыли в город", "lang": "ru"},
    {"path": "ja1", "title": "Apple opens stores in 東京", "lang": "ja"},
]


def write(directory: Path, name: str, articles: Iterable[dict[str, Any]]) -> Path:
    path = directory / name
    path.write_text("".join(json.dumps(a) + "\n" for a in articles), encoding="utf-8")
    return path


@pytest.fixture(params=["at once", "one by one"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> newsearch.Index:
    if request.param == "at once":
        newsearch.build(write(tmp_path, "all.jsonl", ARTICLES), index=tmp_path / "index")
    else:
        for number, article in enumerate(ARTICLES):
            newsearch.build(write(tmp_path, f"{number}.jsonl", [article]), index=tmp_path / "index")
    return newsearch.open(tmp_path / "index")


def found(index: newsearch.Index, query: str) -> set[str]:
    return {hit.article.title for hit in index.search(query, limit=50) if hit.complete}


def titles(*paths: str) -> set[str]:
    return {article["title"] for article in ARTICLES if article["path"] in paths}


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("Haus", ["de1", "de2"]),
        ("häuser", ["de1", "de2"]),
        ("Hauses", ["de1", "de2"]),
        ("house", ["en1"]),
        ("élection", ["en1", "fr1"]),
        ("elección", ["es1"]),
        ("eleição", ["pt1"]),
        ("вакцину", ["ru1"]),
        ("organ", ["en2"]),
        ("apple", ["de3", "ja1"]),
        ("store", ["ja1"]),
        # Exact forms are the same in every language.
        ('"haus"', ["de2"]),
        ("haus*", ["de1", "de2"]),
        ("hauser~", ["de1"]),
        ('"apple stellt"', ["de3"]),
        ("title:Hauses", ["de1", "de2"]),
        ("lang:de Haus", ["de1", "de2"]),
        ("lang:en houses", ["en1"]),
        ("elections -lang:en", ["fr1"]),
    ],
)
def test_a_word_is_found_in_its_forms_in_each_language(
    index: newsearch.Index, query: str, paths: list[str]
) -> None:
    assert found(index, query) == titles(*paths)


def test_what_a_word_found_is_marked_and_explained(index: newsearch.Index) -> None:
    results = index.search("Haus am See")
    hit = next(hit for hit in results if hit.article.title == "Viele Häuser stehen leer")
    assert hit.stemming.language == "de"
    title = hit.article.title
    assert [title[a:b] for a, b in marks(title, results.query.tree, "title", hit.stemming)] == ["Häuser"]
    text, boost = hit.explanation.details
    assert text.value * boost.value == hit.score
    assert [part.description for part in text.details] == ["haus"]


def test_the_form_as_typed_ranks_higher_in_every_language(tmp_path: Path) -> None:
    articles = [
        {"path": f"{lang}{number}", "title": f"{word} x", "lang": lang}
        for lang, words in (("de", ("Häuser", "Haus")), ("es", ("casas", "casa")))
        for number, word in enumerate(words)
    ]
    newsearch.build(write(tmp_path, "a.jsonl", articles), index=tmp_path / "index")
    index = newsearch.open(tmp_path / "index")
    for query in ("häuser", "haus", "casas", "casa"):
        hits = index.search(query)
        assert len(hits) == 2
        assert hits[0].title.casefold().startswith(query)
        assert hits[0].score > hits[1].score


def test_an_index_in_english_keeps_nothing_of_languages(tmp_path: Path) -> None:
    from newsearch.engine.arrays.reader import ArraysReader

    english = [dict(a, lang=lang) for a in ARTICLES[:3] for lang in ("en", "en-us", None)]
    kept = []
    for number, lang in enumerate(("en", None)):
        articles = [{**a, "path": f"{i}", "lang": lang} for i, a in enumerate(english)]
        newsearch.build(write(tmp_path, "a.jsonl", articles), index=tmp_path / f"{number}")
        (segment,) = ArraysReader(tmp_path / f"{number}")._segments
        assert "stem_language" not in segment.file
        assert "stem_at" not in segment.file
        names = ("term_bytes", "post_doc", "post_code", "stem_hash", "stem_ref", "group_form")
        kept.append([segment.file.array(name).tolist() for name in names])
    assert kept[0] == kept[1]


def test_synonyms_are_found_below_the_words_as_typed(tmp_path: Path) -> None:
    texts = ["The vaccine", "The vaccines", "The jab", "The inoculation", "The mask", "One jabbed a mask"]
    source = write(tmp_path, "a.jsonl", ({"path": f"{i}", "title": t} for i, t in enumerate(texts)))
    newsearch.build(source, index=tmp_path / "index")
    (tmp_path / "synonyms.txt").write_text("vaccine, jab, inoculation\n")
    with newsearch.open(tmp_path / "index", synonyms=tmp_path / "synonyms.txt") as index:
        results = index.search("vaccine")
        assert [hit.title for hit in results][:2] == ["The vaccine", "The vaccines"]
        assert {hit.title for hit in results} == {*texts[:4], texts[5]}
        hit = next(hit for hit in results if hit.title == "The jab")
        title = hit.title
        assert [title[a:b] for a, b in marks(title, results.query.tree, "title")] == ["jab"]
        (group,) = hit.explanation.details[0].details
        assert [part.description for part in group.details] == ["jab, weight 0.3"]
        assert sum(part.value for part in group.details) == pytest.approx(group.value)
        assert {hit.title for hit in index.search('"vaccine"')} == {"The vaccine"}
    with newsearch.open(tmp_path / "index") as index:
        assert index.search("vaccine").total == 2


def test_protected_words_are_found_as_they_are(tmp_path: Path) -> None:
    texts = ["Swift wins", "A swiftly made record", "The record of swifts", "Windows and window"]
    source = write(tmp_path, "a.jsonl", ({"path": f"{i}", "title": t} for i, t in enumerate(texts)))
    words = tmp_path / "protected.txt"
    words.write_text("# names\nSwift\nwindows\n")

    newsearch.build(source, index=tmp_path / "index", protected=words)
    words.unlink()
    # The index remembers them: for searches, for what is added, and when it is built anew.
    more = write(tmp_path, "b.jsonl", [{"path": "b", "title": "Swift again, swifts"}])
    newsearch.build(more, index=tmp_path / "index")
    for _ in range(2):
        index = newsearch.open(tmp_path / "index")
        assert {hit.title for hit in index.search("swift")} == {texts[0], "Swift again, swifts"}
        assert {hit.title for hit in index.search("record")} == {texts[1], texts[2]}
        results = index.search("swift again")
        marked = marks(results[0].title, results.query.tree, "title", results[0].stemming)
        assert [results[0].title[a:b] for a, b in marked] == ["Swift", "again"]
        newsearch.reindex(tmp_path / "index")

    words.write_text("")
    newsearch.reindex(tmp_path / "index", protected=words)
    assert newsearch.open(tmp_path / "index").search("swift").total == 4


def test_an_index_is_not_half_protected(tmp_path: Path) -> None:
    source = write(tmp_path, "a.jsonl", ARTICLES)
    words = tmp_path / "protected.txt"
    newsearch.build(source, index=tmp_path / "index")
    words.write_text("apple\n")
    with pytest.raises(WordListError, match="reindex --protected"):
        newsearch.build(source, index=tmp_path / "index", protected=words)
    newsearch.reindex(tmp_path / "index", protected=words)
    newsearch.build(source, index=tmp_path / "index", protected=words)
    assert newsearch.open(tmp_path / "index").search("apples").total == 0


@pytest.mark.parametrize(
    ("text", "line", "reason"), [("swift\ntaylor swift\n", 2, "2 words"), ("swift\n...\n", 2, "no word")]
)
def test_a_list_of_protected_words_has_one_a_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    source = write(tmp_path, "a.jsonl", ARTICLES)
    words = tmp_path / "protected.txt"
    words.write_text(text)
    with pytest.raises(WordListError, match=f"{words}:{line}: .*{reason}"):
        newsearch.build(source, index=tmp_path / "index", protected=words)
    assert not (tmp_path / "index" / "toc.json").exists()


def test_a_form_that_no_article_has_finds_the_others(tmp_path: Path) -> None:
    newsearch.build(
        write(tmp_path, "a.jsonl", [{"path": "a", "title": "ban bans"}]), index=tmp_path / "index"
    )
    assert newsearch.open(tmp_path / "index").search("banning").total == 1
