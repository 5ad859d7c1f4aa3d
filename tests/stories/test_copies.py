"""When are two articles the same text? What is said here in several languages was written for these tests."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from newsearch import Article
from newsearch.articles.article import Provider
from newsearch.stories import copies, pairing, signatures
from newsearch.stories.wording import Wording, brand, wording, wording_of

DAY = 86400.0

TITLE = "Ferry service resumes after harbour fire in Westmere"
TEXT = (
    "Ferries between Westmere and the islands of the northern sound are running again, two days after a fire in the"
    " harbour destroyed the old customs house. Nobody was hurt, and the harbour master expects a full timetable by"
    " Friday."
)


def one(title: str, text: str, outlet: str = "herald", time: float = 0.0) -> Wording:
    return wording_of(title, text, outlet, time)


def other(title: str, text: str, outlet: str = "courier", time: float = 3600.0) -> Wording:
    return wording_of(title, text, outlet, time)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (f"{TITLE} - The Courier", TEXT),
        (TITLE.upper(), TEXT),
        (TITLE, TEXT[:150] + "…"),
        (TITLE, TEXT[TEXT.index("Nobody") :]),
        (TITLE, f"WESTMERE (AP) - {TEXT}"),
        (TITLE, f"Regional news: {TEXT}"),
        (TITLE, TEXT.replace("destroyed", "gutted").replace("expects", "foresees")),
        (f"WATCH: {TITLE}", TEXT),
        ("Islands have their ferries back", TEXT),
        (TITLE, ""),
        (
            TITLE,
            "The harbour office had closed both piers on Monday evening while smoke drifted across the town.",
        ),
    ],
    ids="ending capitals cut first dateline label words kicker headline empty paragraph".split(),
)
def test_a_text_published_again_is_a_copy(title: str, text: str) -> None:
    assert copies.relation(one(TITLE, TEXT), other(title, text)) >= 1


@pytest.mark.parametrize(
    ("title", "text", "changed"),
    [
        (
            "Storm leaves 12 dead in Carvona",
            "At least 12 people died when the storm hit the coast.",
            ("12", "15"),
        ),
        (
            "Police save three from lake",
            "Divers pulled three people from the lake near the old mill.",
            ("three", "five"),
        ),
        (
            "Le maire de Valbourg ouvre le marché",
            "Le marché a été ouvert par le maire de Valbourg.",
            ("Valbourg", "Trévigny"),
        ),
        (
            "Berger wins the stage",
            "After five hours Berger crossed the line first on Sunday.",
            ("Berger", "Kowalski"),
        ),
        (
            "Mayor says bridge is safe",
            "The mayor says that the bridge is safe for lorries.",
            ("is safe", "is not safe"),
        ),
        (
            "Le pont est ouvert",
            "Depuis lundi matin le pont de la gare est ouvert.",
            ("est ouvert", "n’est pas ouvert"),
        ),
        (
            "Preise steigen im Mai",
            "Die Preise steigen nach Angaben des Amtes im Mai weiter.",
            ("steigen", "sinken"),
        ),
        (
            "El juez confirma la sentencia",
            "El juez confirma la sentencia contra la empresa.",
            ("confirma", "niega"),
        ),
        (
            "Player tests positive",
            "The player has tested positive before the final match.",
            ("positive", "negative"),
        ),
        (
            "Plan is likely to pass",
            "Leaders said that the plan is likely to pass in the autumn.",
            ("likely", "unlikely"),
        ),
        ("Horoscope du lundi", "Retrouvez votre horoscope du lundi, signe par signe.", ("lundi", "mardi")),
        (
            "Editor 4.2.1 released",
            "The text editor for writers, with outlines and notes.",
            ("4.2.1", "4.3.0"),
        ),
    ],
)
@pytest.mark.parametrize("outlet", ["herald", "courier"])
def test_what_contradicts_is_no_copy(title: str, text: str, changed: tuple[str, str], outlet: str) -> None:
    a, b = one(title, text), other(title.replace(*changed), text.replace(*changed), outlet)

    assert copies.relation(a, b) < 1
    assert copies.relation(b, a) < 1


def test_a_standing_text_makes_no_copies() -> None:
    text = "Follow the Herald for news, sport and culture from the coast, every day from six in the morning."

    assert copies.relation(one("Council votes on parking", text), one("Rowers win in Delft", text)) < 1


def test_a_text_that_comes_again_a_week_later_is_one_of_a_series() -> None:
    assert copies.relation(one(TITLE, TEXT), other(TITLE, TEXT, time=8 * DAY)) < 1


def test_an_outlet_that_repeats_its_headline_next_day_has_written_again() -> None:
    later = one("What we know about the fire", "On Tuesday the insurers came to see the ruins.", time=DAY)

    assert copies.relation(one("What we know about the fire", TEXT), later) < 1


def test_one_outlet_has_many_addresses() -> None:
    assert {brand(d) for d in ("herald.co.uk", "www.herald.com", "m.herald.com.au", "HERALD.de")} == {
        "herald"
    }


def test_an_article_gives_its_words() -> None:
    article = Article(
        id="a",
        title="Café of the harbour reopens - The Herald",
        excerpt="Three cafÃ©s of 24,000 reopen.",
        date=dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC),
        provider=Provider("The Herald", "www.herald.com"),
    )
    found = wording(article)

    assert found.title == ("cafe", "of", "the", "harbour", "reopens")
    assert found.text == ("three", "cafes", "of", "24000", "reopen")
    assert found.numbers == {"three", "24000"}
    assert (found.outlet, found.time) == ("herald", 1714564800.0)


WORDS = "harbour ferry council budget rain storm bridge winner market island teacher 12 30 Berger Kowalski".split()
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=3, max_size=9).map(" ".join)


@st.composite
def collections(draw: st.DrawFn) -> list[tuple[str, Wording]]:
    bases = draw(st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=4))
    found = []
    for number in range(draw(st.integers(1, 14))):
        title, text = draw(st.sampled_from(bases))
        if draw(st.booleans()):
            text = text.replace("12", "30").replace("Berger", "Kowalski")
        if draw(st.booleans()):
            text = " ".join(text.split()[: draw(st.integers(2, 6))])
        outlet = draw(st.sampled_from(["", "herald", "courier", "star"]))
        found.append((f"a{number}", wording_of(title, text, outlet, draw(st.integers(0, 6)) * DAY)))
    return found


def grouped(articles: list[tuple[str, Wording]]) -> set[frozenset[str]]:
    words = [w for _, w in articles]
    found = signatures.signatures((w.title, w.text) for w in words)
    pairs = pairing.candidates(found, [w.time or 0.0 for w in words], copies.WINDOW)
    labels = copies.groups(words, [key for key, _ in articles], [(int(i), int(j)) for i, j in pairs])
    groups: dict[int, set[str]] = {}
    for (key, _), label in zip(articles, labels, strict=True):
        groups.setdefault(label, set()).add(key)
    return {frozenset(keys) for keys in groups.values()}


@given(collections(), st.randoms(use_true_random=False))
@examples(60)
def test_the_order_of_articles_never_shows(articles: list[tuple[str, Wording]], by: random.Random) -> None:
    shuffled = articles[:]
    by.shuffle(shuffled)

    assert grouped(shuffled) == grouped(articles)


@given(collections())
@examples(60)
def test_a_group_holds_nothing_that_clashes(articles: list[tuple[str, Wording]]) -> None:
    words = dict(articles)
    for group in grouped(articles):
        members = [words[key] for key in group]
        if len(members) <= copies.REPRESENTATIVES:
            assert all(copies.relation(a, b) >= 0 for a in members for b in members)


@given(collections())
@examples(60)
def test_being_copies_is_mutual(articles: list[tuple[str, Wording]]) -> None:
    words = [w for _, w in articles]

    assert all(copies.relation(a, b) == copies.relation(b, a) for a in words for b in words)


def test_words_that_can_be_aligned_in_several_ways_are_aligned_in_one() -> None:
    a = one("harbour harbour harbour", "Harbour harbour Berger harbour Kowalski")
    b = one("harbour harbour harbour", "Harbour harbour Kowalski harbour")

    assert copies.relation(a, b) == copies.relation(b, a)


def test_a_cut_copy_does_not_join_what_clashes() -> None:
    text = (
        "Rescue teams searched the coast all night after the storm, and officials in the port said that {} people"
        " have died."
    )
    articles = [
        ("twelve", one("Storm hits coast", text.format("12"))),
        ("fifteen", other("Storm hits coast", text.format("15"))),
        ("cut", other("Storm hits coast", text[:80], "star", 7200.0)),
    ]

    assert not any({"twelve", "fifteen"} <= group for group in grouped(articles))


def test_signatures_are_those_of_the_article_alone() -> None:
    articles = [
        (w.title, w.text) for w in (one(TITLE, TEXT), other("Council votes", "A short text on parking fees."))
    ]
    together = signatures.signatures(articles)

    assert together.nbytes == 16 * len(articles)
    assert together.tolist() == [list(signatures.signature(*article)) for article in articles]
    assert signatures.signatures([]).shape == (0, 2)


def test_candidates_are_pairs_that_share_a_shingle_within_the_window() -> None:
    words = [
        one(TITLE, TEXT),
        one("Council votes on parking", "Nothing else"),
        other(TITLE, ""),
        one(TITLE, TEXT),
    ]
    found = signatures.signatures((w.title, w.text) for w in words)

    assert pairing.candidates(found, [0, 0, 5, 20], 10).tolist() == [[0, 2]]
    assert pairing.candidates(found, [0, 0, 5, 20], 100).tolist() == [[0, 2], [0, 3], [2, 3]]
    assert pairing.candidates(found[:0], [], 10).tolist() == []


def test_the_signature_is_part_of_the_format() -> None:
    # stored in indexes: other values would need another format
    assert (
        signatures.signature(("harbour", "ferry", "returns"), ("the", "ferry", "returns", "today"))
        == SIGNATURE
    )


SIGNATURE = (7283664428611265634, 1998019)
