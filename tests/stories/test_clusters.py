"""Which articles are about one event?"""

from __future__ import annotations

import random

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from newsearch.stories import linkage
from newsearch.stories.clusters import Report, stories
from newsearch.stories.front import front_page, headline
from newsearch.text.analysis import terms

HOUR = 3600.0


def report(key: str, title: str, text: str = "", *, hours: float = 0.0, outlet: str | None = None) -> Report:
    return Report(key, hours * HOUR, key if outlet is None else outlet, terms(title), terms(text))


FIRE = [
    report("f1", "Fire destroys customs house in Westmere harbour", "The old customs house burnt down."),
    report("f2", "Westmere harbour fire: customs house destroyed", hours=2),
    report("f3", "Harbour fire in Westmere guts old customs house", "Nobody was hurt.", hours=5),
]
FINAL = [
    report("g1", "Rowers from Delft win the spring regatta", hours=1),
    report("g2", "Spring regatta goes to the Delft rowers", hours=3),
]
OTHERS = [
    report(f"o{i}", title)
    for i, title in enumerate(["Council raises parking fees", "Rain expected", "Library reopens"])
]


def grouped(reports: list[Report], **options: object) -> set[frozenset[str]]:
    groups: dict[int, set[str]] = {}
    for item, label in zip(reports, stories(reports, **options), strict=True):  # type: ignore[arg-type]
        groups.setdefault(label, set()).add(item.key)
    return {frozenset(keys) for keys in groups.values()}


def test_reports_of_one_event_are_one_story() -> None:
    found = grouped(FIRE + FINAL + OTHERS)

    assert {"f1", "f2", "f3"} in found
    assert {"g1", "g2"} in found
    assert len(found) == 2 + len(OTHERS)


def test_the_same_words_a_week_later_are_another_story() -> None:
    later = report("f9", "Fire destroys customs house in Westmere harbour", hours=24 * 8)

    assert frozenset({"f9"}) in grouped([*FIRE, later, *OTHERS])


def test_copies_stay_together() -> None:
    reports = [*FINAL, *OTHERS]
    as_copies = [0, 1, 0, 3, 4]

    assert frozenset({"g1", "g2", "o0"}) in grouped(reports, copies=as_copies)


def test_a_label_is_the_first_report() -> None:
    reports = list(reversed(FIRE))

    assert stories(reports) == [2, 2, 2]
    assert stories([]) == []


def test_articles_without_words_are_alone() -> None:
    assert stories([report("a", ""), report("b", "")]) == [0, 1]


WORDS = "harbour fire ferry regatta rowers council parking rain library storm bridge mayor".split()
REPORTS = st.lists(
    st.builds(
        lambda title, text, hours, outlet: (" ".join(title), " ".join(text), hours, outlet),
        st.lists(st.sampled_from(WORDS), max_size=5),
        st.lists(st.sampled_from(WORDS), max_size=5),
        st.integers(0, 90),
        st.sampled_from(["", "herald", "courier", "star"]),
    ),
    max_size=25,
).map(lambda rows: [report(f"r{i}", t, x, hours=h, outlet=o) for i, (t, x, h, o) in enumerate(rows)])


@given(REPORTS, st.randoms(use_true_random=False))
@examples(80)
def test_the_order_of_articles_never_shows(reports: list[Report], by: random.Random) -> None:
    shuffled = reports[:]
    by.shuffle(shuffled)

    assert grouped(shuffled) == grouped(reports)


def test_a_story_is_told_by_its_most_central_title() -> None:
    reports = [report("x", "Smoke over the town", hours=-1), *FIRE]

    assert headline(reports, [0, 1, 2, 3]) != 0


def test_the_front_page_counts_an_outlet_once() -> None:
    reports = [
        *FINAL,
        report("h1", "Fire", outlet="herald"),
        report("h2", "Fire", outlet="herald", hours=1),
        report("h3", "Fire", outlet="herald", hours=2),
    ]
    page = front_page(reports, [0, 0, 2, 2, 2])

    assert [(s.id, s.outlets, len(s.reports)) for s in page] == [("g1", 2, 2), ("h1", 1, 3)]


def test_the_id_of_a_story_stays_while_it_grows() -> None:
    before, after = (front_page(reports, stories(reports))[0] for reports in (FIRE[:2], FIRE))

    assert before.id == after.id == "f1"


def tell_numbers_apart(patch: pytest.MonkeyPatch) -> None:
    """Make other numbers in titles keep articles apart, whatever else they share."""
    patch.setattr(linkage, "_compiled", None)
    patch.setattr(linkage, "OTHER_NUMBERS", 0.0)


def test_titles_with_different_numbers_are_less_alike() -> None:
    def told(number: int, outlet: str) -> Report:
        return report(
            f"{outlet}-{number}", f"Ferry company strike: {number} crossings cancelled", outlet=outlet
        )

    same = [told(31, outlet) for outlet in "abc"]
    rest = [*OTHERS, *FINAL, *FIRE]
    assert frozenset(one.key for one in same) in grouped([*same, *rest])
    with pytest.MonkeyPatch.context() as patch:
        tell_numbers_apart(patch)
        assert frozenset(one.key for one in same) in grouped([*same, *rest])
        others = [told(number, "abc"[i]) for i, number in enumerate((31, 57, 112))]
        assert {frozenset({one.key}) for one in others} <= grouped([*others, *rest])


def test_a_year_in_titles_keeps_nothing_apart() -> None:
    reports = [
        report("y1", "Spring regatta 2023 won by Delft rowers"),
        report("y2", "Spring regatta 2024 won by Delft rowers"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        tell_numbers_apart(patch)
        assert frozenset({"y1", "y2"}) in grouped([*reports, *OTHERS, *FIRE])


def test_a_topic_does_not_swallow_its_events() -> None:
    """Forty events share the words of a topic; each is reported by four outlets in words of its own."""
    generator = random.Random(7)
    events = [["".join(generator.choices("bcdfghklmnprstvz", k=7)) for _ in range(5)] for _ in range(40)]
    reports = []
    for number, own in enumerate(events):
        for outlet in "abcd":
            some = generator.sample(own, 3)
            title = " ".join(["draft", "season", *some[:2]])
            text = " ".join(["draft", "season", "league", *generator.sample(own, 4)])
            reports.append(report(f"{number}-{outlet}", title, text, hours=number, outlet=outlet))
    rare = dict.fromkeys(("draft", "season", "league"), 120)
    found = grouped(reports, frequencies=rare, total=20_000)

    assert max(map(len, found)) < 80
    assert sum(len(keys) == 4 and len({key.split("-")[0] for key in keys}) == 1 for keys in found) >= 20
