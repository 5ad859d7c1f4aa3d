"""What is new for saved searches is delivered once."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import (
    Alert,
    Deliveries,
    EngineError,
    Index,
    QueryError,
    Request,
    SavedSearch,
    SavedSearchError,
    StorageError,
)

BANS = SavedSearch("Bans", Request("facial recognition ban"))
ELSEWHERE = "Bags of plastic are gone from the shops of the island, and nobody misses them"


def article(id: str, title: str = "A facial recognition ban", **values: Any) -> dict[str, Any]:
    return {"id": id, "title": f"{title} in {id}", **values}


class Collection:
    """A source, and its index."""

    def __init__(self, directory: Path) -> None:
        self.place = directory / "index"
        self._source = directory / "news.jsonl"

    def holds(self, *articles: dict[str, Any], anew: bool = False) -> Index:
        """The index of these articles."""
        if anew:
            shutil.rmtree(self.place)
        self._source.write_text("".join(json.dumps(one) + "\n" for one in articles), encoding="utf-8")
        newsearch.build(self._source, index=self.place)
        return newsearch.open(self.place)


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


@pytest.fixture
def deliveries(tmp_path: Path) -> Iterator[Deliveries]:
    with Deliveries(tmp_path / "saved.delivered") as opened:
        yield opened


def ids(alert: Alert) -> list[str]:
    return [hit.id for hit in alert.results]


def delivered(deliveries: Deliveries, index: Index, search: SavedSearch = BANS, limit: int = 20) -> list[str]:
    """The ids in an alert, which is acknowledged."""
    alert = deliveries.alert(index, search, limit=limit)
    deliveries.acknowledge(alert)
    return ids(alert)


def test_a_search_begins_with_what_is_there(collection: Collection, deliveries: Deliveries) -> None:
    index = collection.holds(article("one"))
    alert = deliveries.alert(index, BANS)
    assert (alert.begins, alert.changed, alert.new, alert.left, ids(alert)) == (True, False, 0, 0, [])
    assert deliveries.alert(index, BANS).begins
    deliveries.acknowledge(alert)
    assert not deliveries.alert(index, BANS).begins


def test_a_new_article_is_delivered_once(collection: Collection, deliveries: Deliveries) -> None:
    delivered(deliveries, collection.holds(article("one")))
    index = collection.holds(article("one"), article("two"), article("three", ELSEWHERE))
    assert ids(deliveries.alert(index, BANS)) == ["two"]
    assert delivered(deliveries, index) == ["two"]
    assert delivered(deliveries, index) == []


def test_it_is_new_for_each_search(collection: Collection, deliveries: Deliveries) -> None:
    faces = SavedSearch("Faces", Request("facial"))
    for search in (BANS, faces):
        delivered(deliveries, collection.holds(article("one")), search)
    index = collection.holds(article("one"), article("two"))
    assert [delivered(deliveries, index, search) for search in (BANS, faces)] == [["two"], ["two"]]


def test_a_changed_article_is_not_new(collection: Collection, deliveries: Deliveries) -> None:
    delivered(deliveries, collection.holds(article("one")))
    assert delivered(deliveries, collection.holds(article("one", heat=90, body="Now with more."))) == []


def test_an_article_is_new_when_it_begins_to_match(collection: Collection, deliveries: Deliveries) -> None:
    delivered(deliveries, collection.holds(article("one"), article("two", ELSEWHERE)))
    assert delivered(deliveries, collection.holds(article("one"), article("two"))) == ["two"]


def test_it_counts_neither_when_an_article_comes_back_nor_when_the_index_is_built_again(
    collection: Collection, deliveries: Deliveries
) -> None:
    delivered(deliveries, collection.holds(article("one"), article("two")))
    assert delivered(deliveries, collection.holds(article("one"))) == []
    assert delivered(deliveries, collection.holds(article("one"), article("two"))) == []
    assert delivered(deliveries, collection.holds(article("one"), article("two"), anew=True)) == []


def test_articles_that_contain_only_some_of_the_words_are_not_new(
    collection: Collection, deliveries: Deliveries
) -> None:
    delivered(deliveries, collection.holds(article("one")))
    index = collection.holds(article("one"), article("two", "A ban on bags"))
    assert [hit.id for hit in index.run(BANS.request)] == ["one", "two"]
    assert delivered(deliveries, index) == []


def test_the_best_come_first_and_the_others_stay_new(collection: Collection, deliveries: Deliveries) -> None:
    delivered(deliveries, collection.holds(article("one")))
    index = collection.holds(article("one"), *(article(str(heat), heat=heat) for heat in range(1, 6)))
    alert = deliveries.alert(index, BANS, limit=2)
    assert (ids(alert), alert.new, alert.left) == (["5", "4"], 5, 3)
    assert [delivered(deliveries, index, limit=2) for _ in range(4)] == [["5", "4"], ["3", "2"], ["1"], []]


def test_scores_and_counts_are_those_of_the_whole_index(
    collection: Collection, deliveries: Deliveries
) -> None:
    delivered(deliveries, collection.holds(article("one")))
    index = collection.holds(article("one"), article("two", heat=90), article("three", ELSEWHERE))
    (hit,) = deliveries.alert(index, BANS).results
    everything = index.run(BANS.request)
    assert {hit.id: hit.score}.items() < {hit.id: hit.score for hit in everything}.items()
    assert deliveries.alert(index, BANS).results.counts == everything.counts


@pytest.mark.parametrize(("sort", "expected"), [("newest", ["b", "a"]), ("heat", ["a", "b"])])
def test_the_order_is_that_of_the_search(
    collection: Collection, deliveries: Deliveries, sort: str, expected: list[str]
) -> None:
    search = SavedSearch("Bans", Request("ban", sort=sort, offset=7, limit=0))
    delivered(deliveries, collection.holds(article("one")), search)
    new = (
        article("a", heat=9, publishedDateTime="2020-01-01"),
        article("b", heat=3, publishedDateTime="2021-01-01"),
    )
    assert delivered(deliveries, collection.holds(article("one"), *new), search) == expected


def test_an_id_of_two_sources_counts_once(
    collection: Collection, deliveries: Deliveries, tmp_path: Path
) -> None:
    delivered(deliveries, collection.holds(article("one")))
    (tmp_path / "other.jsonl").write_text(json.dumps(article("two")), encoding="utf-8")
    newsearch.build(tmp_path / "other.jsonl", index=collection.place)
    index = collection.holds(article("one"), article("two", heat=7))
    alert = deliveries.alert(index, BANS)
    assert (ids(alert), alert.new, alert.left) == (["two", "two"], 1, 0)
    deliveries.acknowledge(alert)
    assert delivered(deliveries, index) == []


def test_filters_of_the_request_apply(collection: Collection, deliveries: Deliveries) -> None:
    search = SavedSearch("Bans", Request("ban", topics=("Privacy",)))
    delivered(deliveries, collection.holds(article("one")), search)
    index = collection.holds(article("one"), article("two"), article("three", topics=["Privacy"]))
    assert delivered(deliveries, index, search) == ["three"]


# Copies


TEXT = {
    "title": "City council passes a facial recognition ban",
    "body": "The council of the city voted on Tuesday evening after a long debate about cameras in shops, which "
    "the owners of the largest chains had installed two years ago without telling anyone about them.",
}


def copy(id: str) -> dict[str, Any]:
    return {"id": id, **TEXT, "provider": f"Outlet {id}", "publishedDateTime": "2020-09-09T10:00:00Z"}


def test_copies_are_one_hit_and_are_all_delivered_with_it(
    collection: Collection, deliveries: Deliveries
) -> None:
    search = SavedSearch("Bans", Request("ban", collapse="copies"))
    delivered(deliveries, collection.holds(article("one")), search)
    index = collection.holds(article("one"), copy("a"), copy("b"))
    alert = deliveries.alert(index, search)
    assert [[hit.id, *(copy.id for copy in hit.copies)] for hit in alert.results] == [["a", "b"]]
    assert (alert.new, alert.copies, alert.left) == (2, 0, 0)
    deliveries.acknowledge(alert)
    assert delivered(deliveries, index, search) == []


def test_all_copies_are_delivered_with_a_hit_whatever_their_rank(
    collection: Collection, deliveries: Deliveries
) -> None:
    search = SavedSearch("Bans", Request("ban", collapse="copies", sort="heat"))
    delivered(deliveries, collection.holds(article("one")), search)
    between = (article(f"between {n}", "A cat ban", heat=50) for n in range(300))
    index = collection.holds({**copy("a"), "heat": 99}, {**copy("b"), "heat": 1}, *between)
    (hit,) = deliveries.alert(index, search, limit=1).results
    assert [hit.id, *(copy.id for copy in hit.copies)] == ["a", "b"]


def test_a_copy_of_what_was_delivered_is_left_out(collection: Collection, deliveries: Deliveries) -> None:
    search = SavedSearch("Bans", Request("ban", collapse="copies"))
    delivered(deliveries, collection.holds(copy("a")), search)
    index = collection.holds(copy("a"), copy("b"), article("two"))
    alert = deliveries.alert(index, search)
    assert (ids(alert), alert.new, alert.copies, alert.left) == (["two"], 2, 1, 0)
    deliveries.acknowledge(alert)
    assert deliveries.alert(index, search).new == 0


def test_many_copies_of_what_was_delivered_are_left_out(
    collection: Collection, deliveries: Deliveries
) -> None:
    search = SavedSearch("Bans", Request("ban", collapse="copies"))
    delivered(deliveries, collection.holds(copy("a")), search)
    index = collection.holds(copy("a"), *(copy(f"b{n}") for n in range(1_200)), article("two"))
    alert = deliveries.alert(index, search)
    assert (ids(alert), alert.new, alert.copies, alert.left) == (["two"], 1_201, 1_200, 0)


def test_without_collapse_every_copy_is_delivered(collection: Collection, deliveries: Deliveries) -> None:
    delivered(deliveries, collection.holds(copy("a")))
    assert delivered(deliveries, collection.holds(copy("a"), copy("b"))) == ["b"]


# A search that is changed


def test_a_changed_search_tells_what_its_former_request_would_have_told(
    collection: Collection, deliveries: Deliveries
) -> None:
    delivered(deliveries, collection.holds(article("one"), article("cat", "A cat ban")))
    index = collection.holds(article("one"), article("cat", "A cat ban"), article("two"))
    wider = SavedSearch("Bans", Request("ban"))
    alert = deliveries.alert(index, wider)
    assert (alert.changed, alert.begins, ids(alert)) == (True, False, ["two"])
    deliveries.acknowledge(alert)
    alert = deliveries.alert(index, wider)
    assert (alert.changed, ids(alert)) == (False, [])


def test_a_change_that_is_not_acknowledged_is_none(collection: Collection, deliveries: Deliveries) -> None:
    delivered(deliveries, collection.holds(article("one")))
    index = collection.holds(article("one"), article("two"))
    assert ids(deliveries.alert(index, SavedSearch("Bans", Request("plastic")))) == []
    assert delivered(deliveries, index) == ["two"]


def test_skipping_leaves_nothing_new(collection: Collection, deliveries: Deliveries) -> None:
    index = collection.holds(article("one"))
    assert deliveries.skip(index, BANS) == 0
    index = collection.holds(article("one"), article("two"), article("three"))
    assert deliveries.skip(index, BANS) == 2
    assert delivered(deliveries, index) == []


# The invariant


@examples(25)
@given(
    st.lists(
        st.tuples(
            st.frozensets(st.integers(0, 9)),
            st.frozensets(st.integers(0, 9)),
            st.integers(0, 4),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_everything_that_matches_after_the_beginning_is_delivered_exactly_once(
    steps: Iterable[tuple[frozenset[int], frozenset[int], int, bool]],
) -> None:
    """Each step has articles that match and others that do not, a limit, and whether the reader acknowledges."""
    with tempfile.TemporaryDirectory() as directory:
        collection = Collection(Path(directory))
        told: list[str] = []
        known, ever = set[str](), set[str]()
        has_begun = False
        with Deliveries(Path(directory, "saved.delivered")) as deliveries:
            for matching, others, limit, acknowledges in [
                *steps,
                (frozenset(range(10)), frozenset(), 20, True),
            ]:
                articles = [article(str(n)) for n in sorted(matching)]
                articles += [article(str(n), ELSEWHERE) for n in sorted(others - matching)]
                index = collection.holds(*articles, article("other", ELSEWHERE))
                alert = deliveries.alert(index, BANS, limit=limit)
                new = {str(n) for n in matching} - known - set(told)
                assert alert.begins is not has_begun
                assert alert.new == (len(new) if has_begun else 0)
                assert set(ids(alert)) <= new
                assert len(alert.results) == (min(len(new), limit) if has_begun else 0)
                if acknowledges:
                    deliveries.acknowledge(alert)
                    if not has_begun:
                        known = {str(n) for n in matching}
                    told += ids(alert)
                    has_begun = True
                if has_begun:
                    ever |= {str(n) for n in matching}
        assert sorted(told) == sorted(ever - known)


# The file


def test_the_file_is_kept_between_processes(collection: Collection, tmp_path: Path) -> None:
    with Deliveries(tmp_path / "d") as deliveries:
        delivered(deliveries, collection.holds(article("one")))
    with Deliveries(tmp_path / "d") as deliveries:
        assert delivered(deliveries, collection.holds(article("one"), article("two"))) == ["two"]


def test_the_file_is_what_its_description_says(collection: Collection, tmp_path: Path) -> None:
    place = tmp_path / "d"
    with Deliveries(place) as deliveries:
        delivered(deliveries, collection.holds(article("one")))
    with closing(sqlite3.connect(place)) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (0x6E777364,)
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        # What `b2sum --length 64` prints of the id.
        request, keys = '{"query": "facial recognition ban", "request": 1}', bytes.fromhex("34f2ddaa8b7615c9")
        assert database.execute("SELECT * FROM delivered").fetchall() == [
            ("Bans", request, keys, crc32(request.encode() + keys))
        ]


def test_one_process_at_a_time_delivers(deliveries: Deliveries) -> None:
    script = "import sys, newsearch; exit(newsearch.Deliveries(sys.argv[1], wait=0.1).locked().__enter__())"
    command = [sys.executable, "-c", script, deliveries.path]
    with deliveries.locked(), deliveries.locked():
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert f"{deliveries.path}: another process delivers alerts" in run.stderr
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.fixture
def others(deliveries: Deliveries) -> Iterator[Deliveries]:
    """The same file, as another process has it open."""
    with Deliveries(deliveries.path, wait=0.1) as opened:
        yield opened


def test_others_can_ask_what_is_new_meanwhile(
    collection: Collection, deliveries: Deliveries, others: Deliveries
) -> None:
    delivered(deliveries, collection.holds(article("one")))
    index = collection.holds(article("one"), article("two"))
    with deliveries.locked():
        alert = deliveries.alert(index, BANS)
        deliveries.acknowledge(alert)
        early = others.alert(index, BANS)
        assert ids(early) == ["two"]
        assert others.is_current(early)
        with pytest.raises(EngineError, match="another process delivers alerts"):
            others.acknowledge(early)
        with pytest.raises(EngineError, match="another process delivers alerts"):
            others.skip(index, BANS)
    assert not others.is_current(early)
    assert delivered(others, index) == []


def test_what_another_process_delivered_meanwhile_is_not_acknowledged_again(
    collection: Collection, deliveries: Deliveries, others: Deliveries
) -> None:
    delivered(deliveries, collection.holds(article("one")))
    early = others.alert(collection.holds(article("one"), article("two")), BANS)
    assert others.is_current(early)
    later = collection.holds(article("one"), article("three"))
    assert delivered(deliveries, later) == ["three"]
    assert not others.is_current(early)
    assert others.acknowledge(early) is False
    assert delivered(others, collection.holds(article("one"), article("two"), article("three"))) == ["two"]


def test_a_search_begins_once(collection: Collection, deliveries: Deliveries, others: Deliveries) -> None:
    """What came after one process began it is new, though the other did not know that it had."""
    earlier = collection.holds(article("one"))
    alert = deliveries.alert(earlier, BANS)
    index = collection.holds(article("one"), article("two"))
    late = others.alert(index, BANS)
    assert (alert.begins, late.begins) == (True, True)
    assert deliveries.acknowledge(alert) is True
    assert others.acknowledge(late) is False
    assert delivered(others, index) == ["two"]


def test_a_changed_request_is_noted_once(
    collection: Collection, deliveries: Deliveries, others: Deliveries
) -> None:
    index = collection.holds(article("one"))
    delivered(deliveries, index)
    changed = SavedSearch("Bans", Request("plastic"))
    alert, late = (one.alert(index, changed) for one in (deliveries, others))
    assert deliveries.acknowledge(alert) is True
    assert others.is_current(late) is False


def test_what_was_acknowledged_before_an_error_stays_so(
    collection: Collection, deliveries: Deliveries, others: Deliveries
) -> None:
    index = collection.holds(article("one"))
    with suppress(ZeroDivisionError), deliveries.locked():
        delivered(deliveries, index)
        raise ZeroDivisionError
    assert not others.alert(index, BANS).begins


def test_a_file_can_be_opened_while_it_is_locked(deliveries: Deliveries, tmp_path: Path) -> None:
    with deliveries.locked():
        Deliveries(deliveries.path, wait=0).close()


def test_many_processes_can_make_the_file(tmp_path: Path) -> None:
    script = "import sys, newsearch; newsearch.Deliveries(sys.argv[1])"
    for n in range(3):
        runs = [subprocess.Popen([sys.executable, "-c", script, tmp_path / f"d{n}"]) for _ in range(4)]
        assert [run.wait(60) for run in runs] == [0] * 4


def _database(place: Path, *statements: str) -> None:
    with closing(sqlite3.connect(place, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    _database(tmp_path / "d", "CREATE TABLE notes (text)")
    before = (tmp_path / "d").read_bytes()
    with pytest.raises(EngineError, match="another program made this file"):
        Deliveries(tmp_path / "d")
    assert (tmp_path / "d").read_bytes() == before


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    Deliveries(tmp_path / "d").close()
    _database(tmp_path / "d", "PRAGMA user_version = 3")
    with pytest.raises(EngineError, match="update newsearch"):
        Deliveries(tmp_path / "d")


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to be one" * 9, b"SQLite format 3\0" * 99]
)
def test_a_damaged_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d").write_bytes(content)
    with pytest.raises(EngineError, match=r"d: damaged, or not a file of deliveries"):
        Deliveries(tmp_path / "d")
    assert (tmp_path / "d").read_bytes() == content


DAMAGE = [
    "keys = x'0102030405060708'",
    "keys = x'01'",
    "keys = x''",
    "keys = 'text'",
    "keys = 7",
    "request = '{}'",
    "request = CAST(x'ff' AS TEXT)",
    "request = x'01'",
    "checksum = NULL",
    "checksum = 'text'",
    "checksum = checksum + 1",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_concerns_one_search(collection: Collection, tmp_path: Path, damage: str) -> None:
    faces = SavedSearch("Faces", Request("facial"))
    with Deliveries(tmp_path / "d") as deliveries:
        for search in (BANS, faces):
            delivered(deliveries, collection.holds(article("one")), search)
    _database(tmp_path / "d", f"UPDATE delivered SET {damage} WHERE name = 'Bans'")  # noqa: S608
    index = collection.holds(article("one"), article("two"))
    with Deliveries(tmp_path / "d") as deliveries:
        with pytest.raises(SavedSearchError) as caught:
            deliveries.alert(index, BANS)
        assert str(caught.value) == (
            f"{tmp_path / 'd'}: search (Bans): what was delivered for it is damaged; restore the file from a backup, or"
            " begin the search again with `newsearch alerts --skip NAME`"
        )
        assert delivered(deliveries, index, faces) == ["two"]
        assert deliveries.skip(index, BANS) == 0
        assert delivered(deliveries, collection.holds(article("one"), article("three"))) == ["three"]


def test_a_damaged_list_of_names_begins_nothing_again(collection: Collection, tmp_path: Path) -> None:
    index = collection.holds(article("one"))
    with Deliveries(tmp_path / "d") as deliveries:
        delivered(deliveries, index)
    content = (tmp_path / "d").read_bytes()
    assert content.count(b"Bans") == 2
    for place in (content.index(b"Bans"), content.rindex(b"Bans")):
        for at in range(place, place + 4):
            (tmp_path / "d").write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
            with Deliveries(tmp_path / "d") as deliveries:
                begins = False
                with suppress(EngineError):
                    begins = deliveries.alert(index, BANS).begins
                assert not begins


def test_damage_that_is_no_text_is_an_error(collection: Collection, tmp_path: Path) -> None:
    with Deliveries(tmp_path / "d") as deliveries:
        delivered(deliveries, collection.holds(article("one")))
    content = (tmp_path / "d").read_bytes()
    (tmp_path / "d").write_bytes(content.replace(b"tabledelivered", b"table\xe4elivered"))
    with pytest.raises(EngineError, match="d: damaged"):
        Deliveries(tmp_path / "d")


def test_a_file_without_checksums_gets_them(collection: Collection, tmp_path: Path) -> None:
    request = '{"query": "facial recognition ban", "request": 1}'
    _database(
        tmp_path / "d",
        "CREATE TABLE delivered (name TEXT PRIMARY KEY, request TEXT NOT NULL, keys BLOB NOT NULL)",
        f"INSERT INTO delivered VALUES ('Bans', '{request}', x'34f2ddaa8b7615c9')",  # noqa: S608
        "INSERT INTO delivered VALUES ('Short', '{}', x'01'), ('Text', '{}', 'text'), ('Both', x'01', x'')",
        f"PRAGMA application_id = {0x6E777364}",
        "PRAGMA user_version = 1",
    )
    index = collection.holds(article("one"), article("two"))
    for _ in range(2):
        with Deliveries(tmp_path / "d") as deliveries:
            alert = deliveries.alert(index, BANS)
            assert (alert.begins, alert.changed, ids(alert)) == (False, False, ["two"])
            for name in ("Short", "Text"):
                with pytest.raises(SavedSearchError, match="damaged"):
                    deliveries.alert(index, SavedSearch(name, BANS.request))
            alert = deliveries.alert(index, SavedSearch("Both", BANS.request))
            assert (alert.changed, ids(alert)) == (True, [])
    _database(tmp_path / "d", "UPDATE delivered SET keys = x'0102030405060708'")
    with Deliveries(tmp_path / "d") as deliveries, pytest.raises(SavedSearchError, match="damaged"):
        deliveries.alert(index, BANS)


@pytest.mark.parametrize("request_", ["", "[", "{}", '{"request": 99}', '{"query": 7}', "[]"])
def test_a_former_request_that_cannot_be_read_tells_nothing(
    collection: Collection, tmp_path: Path, request_: str
) -> None:
    Deliveries(tmp_path / "d").close()
    row = "Bans", request_, b"", crc32(request_.encode())
    with closing(sqlite3.connect(tmp_path / "d", isolation_level=None)) as database:
        database.execute("INSERT INTO delivered VALUES (?, ?, ?, ?)", row)
    with Deliveries(tmp_path / "d") as deliveries:
        alert = deliveries.alert(collection.holds(article("one")), BANS)
        assert (alert.changed, ids(alert)) == (True, ["one"] if request_ == "{}" else [])


def test_a_place_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be used: Is a directory"):
        Deliveries(tmp_path)
    with pytest.raises(StorageError, match="cannot be used: No such file or directory"):
        Deliveries(tmp_path / "nowhere" / "d")
    with pytest.raises(ValueError, match=r"^path: "):
        Deliveries(7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^wait: "):
        Deliveries(tmp_path / "d", wait=-1)


def test_any_name_is_a_file(collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite keeps `:memory:` in memory, where it ends with the process."""
    index = collection.holds(article("one"))
    monkeypatch.chdir(tmp_path)
    with Deliveries(":memory:") as deliveries:
        delivered(deliveries, index)
    with Deliveries(":memory:") as deliveries:
        assert not deliveries.alert(index, BANS).begins


def test_closed_deliveries_are_an_error(collection: Collection, tmp_path: Path) -> None:
    index = collection.holds(article("one"))
    with Deliveries(tmp_path / "d") as deliveries:
        alert = deliveries.alert(index, BANS)
    deliveries.close()
    with pytest.raises(EngineError, match="is closed"), deliveries.locked():
        pass
    with pytest.raises(EngineError, match="is closed"):
        deliveries.is_current(alert)
    with pytest.raises(EngineError, match="is closed"):
        deliveries.alert(index, BANS)
    with pytest.raises(EngineError, match="is closed"):
        deliveries.acknowledge(alert)


@pytest.mark.parametrize("limit", [-1, 1_001, 1.5, "7", True])
def test_a_limit_is_a_number(collection: Collection, deliveries: Deliveries, limit: Any) -> None:
    with pytest.raises(QueryError, match=r"^limit: "):
        deliveries.alert(collection.holds(article("one")), BANS, limit=limit)
