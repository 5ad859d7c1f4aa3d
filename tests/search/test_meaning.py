"""What a query means in an index: hashtags, addresses, other spellings, numbers, and characters without spaces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import newsearch
from newsearch import Index, Results
from newsearch.search.snippets import marks

NEWS: list[dict[str, object]] = [
    # Hashtags
    {"id": "said", "title": "Actors tell their stories with #MeToo"},
    {"id": "topical", "title": "A year of courage", "topics": ["MeToo"]},
    {"id": "season", "title": "Harbor malware gang named most prolific #FluSeason threat"},
    # Addresses
    {"id": "home", "title": "Bridge reopened", "webUrl": "https://www.wire.example/1", "body": "https://maps.example/bridge."},
    {"id": "named", "title": "Bridge closed", "webUrl": "https://www.wire.example/2", "provider": "Wire News"},
    {"id": "full", "title": "Bridge painted", "provider": {"name": "Wire", "domain": "wire.example"}},
    {"id": "elsewhere", "title": "Bridge sold", "webUrl": "https://notwire.example/2"},
    # Open, closed and hyphenated
    {"id": "closed", "title": "Healthcare reform passes"},
    {"id": "open", "title": "Health care reform stalls"},
    {"id": "hyphen", "title": "Schools re-open by e-mail vote"},
    {"id": "plain", "title": "Schools reopen after email vote"},
    {"id": "flight", "title": "Search for MH370 ends"},
    {"id": "legend", "title": "En NFL-legende er død"},
    {"id": "apart", "title": "En legende i NFL er død"},
    {"id": "half", "title": "NFL ser tilbake"},
    # Ampersands
    {"id": "tight", "title": "Johnson&Johnson ships vaccine"},
    {"id": "loose", "title": "Johnson & Johnson pauses trial"},
    {"id": "other", "title": "Boris Johnson on the trial"},
    {"id": "att", "title": "AT&T buys a studio"},
    {"id": "a-t", "title": "AT & T sells a studio"},
    {"id": "sp", "title": "S&P500 falls"},
    # Numbers
    {"id": "us", "title": "Bill of $1,234.56 sent"},
    {"id": "de", "title": "Miete 1.234,56 Euro", "lang": "de"},
    {"id": "bare", "title": "Charged 1234.56 twice"},
    {"id": "de-thousands", "title": "Es waren 24.000 Menschen", "lang": "de"},
    {"id": "en-decimal", "title": "A reading of 24.000 degrees", "lang": "en"},
    {"id": "fr-thousands", "title": "Ils étaient 24 000 manifestants", "lang": "fr"},
    {"id": "point", "title": "Rates fall .5 percent"},
    # Signs
    {"id": "tm", "title": "Lipitor™ recall widens"},
    {"id": "note", "title": "A vaccine¹ with a footnote"},
    {"id": "fraction", "title": "Given a 2½-year sentence"},
    {"id": "jack", "title": "Blackjack wins 21 times"},
    # Apostrophes
    {"id": "obrien", "title": "O‘Brien resigns"},
    {"id": "dont", "title": "Don`t panic, says mayor"},
    {"id": "okina", "title": "Hawaiʻi reopens beaches"},
    {"id": "quote", "title": "Storm nears Hawai‘i"},
    # Points
    {"id": "he", "title": "שָׁלוֹם עולם", "lang": "he"},
    {"id": "ar", "title": "كتابٌ جديد"},
    {"id": "ar-tagged", "title": "كتابٌ قديم", "lang": "ar"},
    # Scripts without spaces
    {"id": "cat", "title": "猫が駅長に就任", "lang": "ja"},
    {"id": "snow", "title": "大雪の恐れ、今夜は雪", "lang": "ja"},
    {"id": "tax", "title": "税収が増加、増税", "lang": "ja"},
    # Outlets that are called by their addresses
    {"id": "outlet", "title": "Ferry timetable", "provider": "Ferries.example"},
    {"id": "outlet-www", "title": "Tram timetable", "provider": {"name": "www.trams.example"}},
    {"id": "wifi", "title": "Trains get wi-fi"},
    # Plurals and names
    {"id": "buses", "title": "Two buses collide"},
    {"id": "lives", "title": "Late diagnoses cost lives"},
    {"id": "lived", "title": "Where we live"},
    {"id": "leaves", "title": "Autumn leaves fall"},
    {"id": "harris", "title": "Harris speaks"},
    {"id": "harry", "title": "Prince Harry moves"},
    {"id": "houses", "title": "The house is near the other house"},
    {"id": "house", "title": "The house is empty"},
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    directory = tmp_path_factory.mktemp("meaning")
    (directory / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in NEWS))
    newsearch.build(directory / "news.jsonl", index=directory / "index")
    with newsearch.open(directory / "index") as opened:
        yield opened


def complete(results: Results) -> list[str]:
    return [hit.id for hit in results if hit.complete]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("#MeToo", ["topical", "said"]),
        ("#FluSeason", ["season"]),
        ("malware #FluSeason", ["season"]),
        ("courage #MeToo", ["topical"]),
        ("healthcare", ["closed", "open"]),
        ("health care", ["open", "closed"]),
        ("health-care", ["open", "closed"]),
        ("reopen schools", ["plain", "hyphen"]),
        ("re-open schools", ["hyphen", "plain"]),
        ("email", ["plain", "hyphen"]),
        ("wifi", ["wifi"]),
        ("ferries.example", ["outlet"]),
        ("site:ferries.example", ["outlet"]),
        ("https://www.trams.example", ["outlet-www"]),
        ("e-mail", ["hyphen", "plain"]),
        ("mh 370", ["flight"]),
        ("MH-370", ["flight"]),
        # Beside operators, in groups and in fields
        ("healthcare OR qqq", ["closed", "open"]),
        ("(health care) OR qqq", ["open", "closed"]),
        ("healthcare AND is:published", ["closed", "open"]),
        ("title:healthcare", ["closed", "open"]),
        ("title:(health care)", ["open", "closed"]),
        ("title:e-mail", ["hyphen", "plain"]),
        ("e-mail OR qqq", ["hyphen", "plain"]),
        ("(AT & T) OR qqq", ["a-t", "att"]),
        ("title:24000 OR qqq", ["de-thousands", "fr-thousands"]),
        ("title:leaf", ["leaves"]),
        ("NFL-legende", ["legend", "apart"]),
        ("Johnson&Johnson", ["tight", "loose"]),
        ("Johnson & Johnson", ["tight", "loose"]),
        ("johnson ships", ["tight"]),
        ("AT & T", ["a-t", "att"]),
        ("AT&T", ["att", "a-t"]),
        ("S&P 500", ["sp"]),
        ("24 000", ["fr-thousands", "de-thousands"]),
        ("house NEAR/9 house", ["houses"]),
        ('house NEAR/9 "the house"', ["houses"]),
        ('"the house" NEAR/9 "the other house"', ["houses"]),
        ('house NEAR/9 "other house"', ["houses"]),
        ('other NEAR/9 "other house"', []),
        ('"the house" NEAR/1 "other house"', []),
    ],
)
def test_these_articles_hold_every_word_the_best_first(index: Index, query: str, found: list[str]) -> None:
    ids = complete(index.search(query))
    assert sorted(ids) == sorted(found)
    if query not in ("Johnson&Johnson", "Johnson & Johnson", "24 000"):
        assert ids == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("1,234.56", "us de bare"),
        ("1234.56", "us de bare"),
        ("24,000", "de-thousands fr-thousands"),
        ("24000", "de-thousands fr-thousands"),
        ("0.5", "point"),
        (".5", "point"),
        ("lipitor", "tm"),
        ("vaccine footnote", "note"),
        ("21", "jack"),
        ("O'Brien", "obrien"),
        ("don't", "dont"),
        ("hawaii", "okina quote"),
        ("Hawai'i", "okina quote"),
        ("שלום", "he"),
        ("كتاب", "ar ar-tagged"),
        ('"كتاب"', "ar ar-tagged"),
        ("猫", "cat"),
        ("雪", "snow"),
        ("税", "tax"),
        ('"税"', "tax"),
        ("title:雪", "snow"),
        ("bus", "buses"),
        ("diagnosis", "lives"),
        ("life", "lives"),
        ("live", "lives lived"),
        ("leaf", "leaves"),
        ("harris", "harris"),
        ("harry", "harry"),
        ("wire.example", "home named full"),
        ("https://wire.example", "home named full"),
        ("https://www.wire.example/", "home named full"),
        ("www.wire.example", "home named full"),
        ("https://maps.example/bridge", "home"),
        ("https://www.wire.example/2", "named"),
        ("site:wire.example", "home named full"),
        ("provider:wire.example", "home named full"),
        ("bridge -site:wire.example", "elsewhere"),
        ("source:Wire", "named full"),
        ("???", ""),
        ('"-"', ""),
        ("title:*", ""),
    ],
)
def test_a_query_finds_these_articles(index: Index, query: str, found: str) -> None:
    assert sorted(complete(index.search(query, limit=50))) == sorted(found.split())


@pytest.mark.parametrize("query", ["healthcare", "health care", "title:healthcare", "title:(health care)"])
def test_words_with_synonyms_keep_their_other_spellings(tmp_path: Path, index: Index, query: str) -> None:
    (tmp_path / "synonyms.txt").write_text("healthcare, medicine\ncare, nursing\nhealth, fitness\n")
    with newsearch.open(index.path, synonyms=tmp_path / "synonyms.txt") as wider:
        assert sorted(complete(wider.search(query))) == ["closed", "open"]


@pytest.mark.parametrize(
    ("query", "id", "marked"),
    [
        ("healthcare", "open", ["Health", "care"]),
        ("health care", "closed", ["Healthcare"]),
        ("e-mail OR qqq", "plain", ["email"]),
        ("reopen", "hyphen", ["re", "open"]),
        ("AT&T", "a-t", ["AT", "T"]),
    ],
)
def test_other_spellings_are_marked(index: Index, query: str, id: str, marked: list[str]) -> None:
    results = index.search(query)
    [hit] = (hit for hit in results if hit.id == id)
    spans = marks(hit.title, results.query.tree, "title", hit.stemming)
    assert " ".join(hit.title[start:end] for start, end in spans).split() == marked


def test_a_part_of_a_search_that_finds_nothing_has_its_other_spellings_alone(index: Index) -> None:
    clauses = index.search("xyzzy ((health care) OR qqq)").diagnose()
    assert [(clause.text, clause.alone) for clause in clauses] == [
        ("xyzzy", 0),
        ("((health care) OR qqq)", 2),
    ]


def test_an_outlet_without_a_name_goes_by_its_domain(index: Index) -> None:
    assert dict(index.search("bridge").facet("provider")) == {
        "Wire": 1,
        "Wire News": 1,
        "wire.example": 1,
        "notwire.example": 1,
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("malware #FluSeason", "no article has the topic FluSeason"),
        ("wire.example", "site:wire.example"),
        ("https://wire.example", "no article has this address"),
        ("https://maps.example/bridge", "no article has this address"),
        ("???", "nothing is asked for"),
    ],
)
def test_a_note_says_what_was_taken_otherwise(index: Index, query: str, said: str) -> None:
    assert any(said in note.message for note in index.search(query).notes)


@pytest.mark.parametrize("query", ["#MeToo", "wires.example", "healthcare", "courage #MeToo", "AT&T"])
def test_otherwise_there_is_no_note(index: Index, query: str) -> None:
    assert index.search(query).notes == ()


def test_the_parts_of_a_compound_count(index: Index) -> None:
    results = index.search("NFL-legende")
    assert [hit.id for hit in results] == ["legend", "apart", "half"]
    assert [clause.text for clause in index.search("NFL-legende zeppelin").diagnose()] == [
        "NFL-legende",
        "zeppelin",
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kim jung un", "kim jong un"),
        ("new zeland", "new zealand"),
        ("micheal jordon", "michael jordan"),
        ("kim jong un", None),
        ("kim zeppelin", None),
    ],
)
def test_whole_queries_are_judged(tmp_path: Path, typed: str, meant: str | None) -> None:
    titles = [
        *["Kim Jong Un speaks"] * 120, *["Kim leaves in June"] * 40, *["June is warm"] * 40,
        *["Carl Jung was read"] * 12,
        *["New Zealand votes"] * 120, *["Michael Jordan returns"] * 120, *["Micheal Martin speaks"] * 11,
        *["Jordon Ibe plays"] * 11,
    ]  # fmt: skip
    articles = [{"id": str(i), "title": title} for i, title in enumerate(titles)]
    articles += [{"id": f"fr{i}", "title": "La Nouvelle-Zélande vote", "lang": "fr"} for i in range(20)]
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    with newsearch.open(tmp_path / "index") as index:
        assert index.search(typed).did_you_mean == meant
