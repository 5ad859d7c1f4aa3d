"""The groups of copies in a generation are those of its articles alone, whatever happened before."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from newsearch.articles.reading import article_from_mapping
from newsearch.engine import open_engine
from newsearch.engine.arrays.files import groups_file, kept
from newsearch.engine.arrays.files.layout import write_arrays
from newsearch.engine.arrays.files.toc import GROUPS_NAME
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.searching.groups import _keys
from newsearch.engine.arrays.writing import builder
from newsearch.stories import copies, grouping, pairing, signatures, words
from newsearch.stories.known import NOTHING, KnownGroups, packed
from newsearch.stories.wording import wording

TEXTS = [
    ("Ferry service resumes after harbour fire", "Ferries to the northern islands run again two days after a fire."),
    ("Ferry service resumes after harbour fire", "Ferries to the northern islands run again nine days after a fire."),
    ("Council bans scanners in Westmere", "The council of Westmere voted to ban face scanners in shops by 12 to 3."),
    ("Council bans scanners in Lundmark", "The council of Lundmark voted to ban face scanners in shops by 12 to 3."),
    ("Volcano ash closes airport - Herald", "LONDON (Reuters) - Ash of the volcano closed the airport for a day."),
    ("Volcano ash closes airport", "Ash of the volcano closed the airport for a day. Flights resume tomorrow at noon."),
    ("Mount Karst: volcano ash closes airport", ""),
    ("Ash", "Ash of the volcano closed the airport for a day. Flights resume"),
]  # fmt: skip
records = st.fixed_dictionaries(
    {
        "text": st.integers(0, len(TEXTS) - 1),
        "outlet": st.sampled_from(["herald", "courier", "gazette", ""]),
        "hour": st.none() | st.sampled_from([0, 1, 5, 30, 80, 110]),
        "published": st.sampled_from([True, True, True, False]),
    }
)
steps = st.lists(
    st.dictionaries(st.sampled_from([f"a{i}" for i in range(14)]), st.none() | records, max_size=10),
    min_size=1,
    max_size=5,
)
"""A history: of each step the articles that are added or changed, and those that are deleted."""


@pytest.fixture(autouse=True, params=[64, 2], ids=["few neighbours", "crowded"])
def neighbours(request: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairing, "NEIGHBOURS", request.param)
        if request.param == 2:
            patch.setattr(pairing, "NEAREST", 1)
            patch.setattr(pairing, "_BLOCK", 3)
            patch.setattr(words, "_SLICE", 3)
            patch.setattr(words, "_BATCH", 2)
            patch.setattr(words, "_HELD", 4)
            patch.setattr(grouping, "_TOGETHER", 3)
        yield


def mapping(id: str, record: dict[str, Any]) -> dict[str, Any]:
    title, text = TEXTS[record["text"]]
    made = {"id": id, "title": title, "excerpt": text, "published": record["published"]}
    if record["outlet"]:
        made["provider"] = {"name": record["outlet"], "domain": f"{record['outlet']}.example"}
    if (hour := record["hour"]) is not None:
        made["publishedDateTime"] = f"2024-05-0{1 + hour // 24}T{hour % 24:02}:00:00Z"
    return made


def expected(reader: ArraysReader) -> set[frozenset[str]]:
    """The groups by a slow and obvious way."""
    view = reader._view
    key = {view.record(doc).id: int(key) for doc, key in enumerate(_keys(view, np.arange(view.articles)))}
    # Of articles of one time, those with lower keys come first.
    articles = sorted(
        (article for article in reader.articles() if article.published), key=lambda article: key[article.id]
    )
    wordings = [wording(article) for article in articles]
    signed = [signatures.article_signature(a.title, a.excerpt, a.body) for a in articles]
    times = [w.time if w.time is not None else float("nan") for w in wordings]
    pairs = pairing.candidates(signatures.signatures_array(signed), times, copies.WINDOW)
    keys = [f"{key[article.id]:020}" for article in articles]
    labels = copies.groups(wordings, keys, pairs.tolist())
    found: dict[int, set[str]] = {}
    for article, label in zip(articles, labels, strict=True):
        found.setdefault(label, set()).add(article.id)
    return {frozenset(ids) for ids in found.values()} | {
        frozenset({article.id}) for article in reader.articles() if not article.published
    }


def told(reader: ArraysReader) -> set[frozenset[str]]:
    view, found = reader._view, {}
    for doc in np.flatnonzero(view.live).tolist():
        found.setdefault(int(view.groups.of[doc]), set()).add(view.record(doc).id)
    assert view.groups.count(np.flatnonzero(view.live)) == len(found)
    return {frozenset(ids) for ids in found.values()}


def update(place: str, step: dict[str, Any]) -> None:
    """Publish a generation."""
    with open_engine(place).writer() as writer:
        for source in ("one", "other"):
            mine = {id: record for id, record in step.items() if int(id[1:]) % 2 == (source == "other")}
            ledger = writer.held.ledger(source)
            ledger.drop([id for id, record in mine.items() if record is None])
            writer.delete_dropped(source, ledger)
            articles = [
                article_from_mapping(mapping(id, record), id=id) for id, record in mine.items() if record
            ]
            if articles:
                writer.add_all(articles, source)
        writer.commit()


@examples(20)
@given(steps)
@example([{"a0": None}])
@example(
    [
        {
            "a9": {"text": 6, "outlet": "", "hour": 30, "published": True},
            "a13": {"text": 6, "outlet": "herald", "hour": 5, "published": True},
            "a6": {"text": 5, "outlet": "herald", "hour": 30, "published": True},
            "a11": {"text": 4, "outlet": "courier", "hour": 30, "published": True},
        }
    ]
)
def test_groups_are_those_of_a_fresh_build_after_any_history(history: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        for number, step in enumerate(history):
            update(place, step)
            if number % 3 == 2:
                open_engine(place).compact()
            reader = ArraysReader(Path(place))
            assert told(reader) == expected(reader)
        assert told(ArraysReader(Path(place))) == expected(reader)


SIX = {
    f"a{i}": {"text": text, "outlet": outlet, "hour": hour, "published": True}
    for i, (text, outlet, hour) in enumerate(
        [
            (0, "herald", 0),
            (0, "courier", 1),
            (1, "herald", 5),
            (4, "star", 1),
            (5, "gazette", 5),
            (2, "herald", 0),
        ]
    )
}
NONE = np.empty(0, np.uint32)
GROUPS = {frozenset({"a0", "a1"}), frozenset({"a2"}), frozenset({"a3", "a4"}), frozenset({"a5"})}


def test_copies_are_found_and_contradictions_are_not(tmp_path: Path) -> None:
    update(str(tmp_path), SIX)
    assert told(ArraysReader(tmp_path)) == GROUPS


def test_only_what_has_changed_is_compared_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "NEIGHBOURS", 64)
    compared: list[int] = []
    relations = words.Words.relations
    monkeypatch.setattr(
        words.Words,
        "relations",
        lambda self, pairs: (compared.append(len(pairs)), relations(self, pairs))[1],
    )
    update(str(tmp_path), SIX)
    assert told(ArraysReader(tmp_path)) == GROUPS
    assert sum(compared) > 2
    compared.clear()
    assert told(ArraysReader(tmp_path)) == GROUPS
    assert not compared
    update(str(tmp_path), {"a5": SIX["a5"] | {"text": 3}})
    assert told(ArraysReader(tmp_path)) == GROUPS
    assert sum(compared) == 0
    update(str(tmp_path), {"a6": SIX["a0"] | {"outlet": "star"}, "a4": None})
    assert told(ArraysReader(tmp_path)) == (GROUPS - {frozenset({"a0", "a1"}), frozenset({"a3", "a4"})}) | {
        frozenset({"a0", "a1", "a6"}),
        frozenset({"a3"}),
    }


def test_the_words_of_few_articles_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (pairing, "NEIGHBOURS", 64),
        (words, "_BATCH", 256),
        (grouping, "_TOGETHER", 20),
    ):
        monkeypatch.setattr(module, name, value)
    members: list[int] = []
    read = words.Words._read
    monkeypatch.setattr(words.Words, "_read", lambda self, some: (members.extend(some), read(self, some))[1])
    # Two parts of a text are no copies of each other: that is asked when the group of all three is formed.
    text = (
        "Ash of the volcano closed the airport for a day while crews swept the runway of dust. Travellers slept on "
        "benches beside the gates until trains took them home early in the morning. Ferries ran twice as often as on "
        "other days and sold every seat before noon. Hotels near the harbour were full"
    )
    parts = " ".join(text.split()[:16]), " ".join(text.split()[8:])
    texts = [
        ("Volcano ash closes airport and ferries", text),
        ("Ash of volcano", parts[0]),
        ("Ferries ran", parts[1]),
    ]
    monkeypatch.setattr(sys.modules[__name__], "TEXTS", texts)
    record = {"hour": 1, "published": True}
    update(str(tmp_path), {f"a{i}": record | {"text": i, "outlet": f"o{i}"} for i in range(3)})
    assert told(ArraysReader(tmp_path)) == {frozenset({"a0", "a1", "a2"})}
    assert len(members) == len(set(members)) > 0


def test_a_damaged_file_of_groups_is_ignored_and_replaced(tmp_path: Path) -> None:
    update(str(tmp_path), SIX)
    assert told(ArraysReader(tmp_path)) == GROUPS
    file = tmp_path / GROUPS_NAME
    sound = file.read_bytes()
    for at in [*range(64), *range(64, len(sound), max(1, len(sound) // 60))]:
        file.write_bytes(sound[:at] + bytes([sound[at] ^ 4]) + sound[at + 1 :])
        assert told(ArraysReader(tmp_path)) == GROUPS
    for damaged in (b"", sound[:-1], sound + b"x"):
        file.write_bytes(damaged)
        assert told(ArraysReader(tmp_path)) == GROUPS
        assert groups_file.read_groups(tmp_path) is not NOTHING


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": [9]},
        {"first": [-1]},
        {"closeness": [0.5]},
        {"closeness": [float("nan")]},
        {"member": [0, 99, 1, 2]},
        {"group": [99, 99, 2, 2]},
        {"key": [7, 7, 7, 7, 7, 7]},
        {"key": []},
        {"crowded": [0]},
        {"one": [9], "other": [9]},
    ],
    ids=str,
)
def test_groups_that_make_no_sense_are_ignored(tmp_path: Path, wrong: dict[str, list[Any]]) -> None:
    update(str(tmp_path), SIX)
    assert told(ArraysReader(tmp_path)) == GROUPS
    arrays = groups_file.read_groups(tmp_path)._asdict()
    for name, values in wrong.items():
        arrays[name] = np.array(values, arrays[name].dtype)
    groups_file.write_groups(tmp_path, 0, KnownGroups(**arrays), NONE, NONE)
    assert groups_file.read_groups(tmp_path) is NOTHING
    assert told(ArraysReader(tmp_path)) == GROUPS


@pytest.mark.parametrize(
    ("member", "group"),
    [
        ([0, 1, 2, 99], [0, 0, 2, 2]),
        ([0, 1, 2, 3], [0, 0, 99, 99]),
        ([0, 1, 2, 5], [0, 0, 2, 2]),
        ([0, 1, 2, 3], [0, 0, 5, 5]),
        ([0, 1, 2], [0, 0]),
    ],
)
def test_groups_of_articles_that_nobody_can_see_are_ignored(
    tmp_path: Path, member: list[int], group: list[int]
) -> None:
    update(str(tmp_path), SIX | {"a5": SIX["a5"] | {"published": False}})
    reader = ArraysReader(tmp_path)
    assert told(reader) == GROUPS
    assert not reader._view.visible[5]
    known, generation = groups_file.read_groups(tmp_path), kept.identity(reader.toc)
    groups_file.write_groups(tmp_path, generation, known, np.array(member), np.array(group))
    assert told(ArraysReader(tmp_path)) == GROUPS
    shared = groups_file.read_shared(tmp_path, generation)
    assert shared is not None
    assert shared[0].tolist() != member


@pytest.mark.parametrize(
    "wrong", [{"generation": []}, {"known": []}, {"member": []}, {"group": [0] * 9}], ids=str
)
def test_a_file_without_groups_is_ignored(tmp_path: Path, wrong: dict[str, list[Any]]) -> None:
    update(str(tmp_path), SIX)
    reader = ArraysReader(tmp_path)
    assert told(reader) == GROUPS
    generation = kept.identity(reader.toc)
    shared = groups_file.read_shared(tmp_path, generation)
    assert shared is not None
    arrays: dict[str, Any] = {
        "generation": np.array([generation], np.uint64),
        "member": shared[0],
        "group": shared[1],
        "known": np.frombuffer(packed(groups_file.read_groups(tmp_path)), np.uint8),
    }
    arrays |= {name: np.array(values, arrays[name].dtype) for name, values in wrong.items()}
    write_arrays(tmp_path / GROUPS_NAME, arrays, kind="groups", analysis=groups_file.VERSION)
    assert told(ArraysReader(tmp_path)) == GROUPS


def test_without_a_place_to_keep_them_groups_are_found_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("read-only")

    update(str(tmp_path), SIX)
    monkeypatch.setattr(kept, "write_arrays", fails)
    assert told(ArraysReader(tmp_path)) == GROUPS
    assert not (tmp_path / GROUPS_NAME).exists()


def test_articles_without_signatures_are_grouped_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        builder, "signatures_of", lambda articles, *_: np.zeros((len(articles), 16), np.uint8)
    )
    update(str(tmp_path), SIX)
    assert told(ArraysReader(tmp_path)) == GROUPS
