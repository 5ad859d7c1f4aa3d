"""What is known of copies is kept in the cluster for the next reader, and never believed where it does not fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from nodes import Nodes

import newsearch
from newsearch.engine.opensearch import groups, known_groups
from newsearch.errors import EngineError

pytestmark = pytest.mark.opensearch

TEXT = (
    "The council of {} met on Monday to talk about the old roof of the school near the harbour and its cost."
)


def records(towns: Sequence[str]) -> str:
    """Two copies of a report from each town."""
    made = [
        {
            "id": f"{town}-{copy}",
            "title": f"Roof of {town} school to be mended",
            "excerpt": TEXT.format(town),
            "publishedDateTime": f"2024-05-0{copy}T10:00:00Z",
        }
        for town in towns
        for copy in (1, 2)
    ]
    return "".join(json.dumps(one) + "\n" for one in made)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many articles were read to be compared, each time."""
    seen: list[int] = []
    read = groups._Visible._read

    def counting(self: Any, numbers: Sequence[int]) -> Any:
        seen.append(len(numbers))
        return read(self, numbers)

    monkeypatch.setattr(groups._Visible, "_read", counting)
    return seen


def texts(place: str) -> int:
    with newsearch.open(place) as index:
        return index.search(count="texts").texts.complete


def test_the_next_reader_compares_only_what_is_new(place: str, tmp_path: Path, compared: list[int]) -> None:
    source = tmp_path / "news.jsonl"
    source.write_text(records(["Oldport", "Zebrania"]))
    newsearch.build(source, index=place)
    assert texts(place) == 2
    assert sum(compared) == 4
    compared.clear()
    assert texts(place) == 2
    assert compared == []
    source.write_text(records(["Oldport", "Zebrania", "Quarrytown"]))
    newsearch.reindex(index=place)
    assert texts(place) == 3
    with newsearch.open(place) as index:
        assert [one.copy.id for one in index.copies("Quarrytown-1")] == ["Quarrytown-1", "Quarrytown-2"]


@pytest.mark.parametrize("piece", ["", "AAAA", "not base64"])
def test_what_is_damaged_is_found_out_again(
    nodes: Nodes, place: str, tmp_path: Path, compared: list[int], piece: str
) -> None:
    source = tmp_path / "news.jsonl"
    source.write_text(records(["Oldport"]))
    newsearch.build(source, index=place)
    assert texts(place) == 1
    compared.clear()
    alias = place.rpartition("/")[2]
    body = json.dumps({"pieces": 1, "data": piece}).encode()
    nodes.get(f"/{alias}--meta/_doc/groups-0", method="PUT", body=body)
    assert texts(place) == 1
    assert sum(compared) == 2


def test_who_may_only_read_does_without_it(
    place: str, tmp_path: Path, compared: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "news.jsonl"
    source.write_text(records(["Oldport"]))
    newsearch.build(source, index=place)

    def refuses(*_: object) -> None:
        raise EngineError("may not do this")

    monkeypatch.setattr(known_groups, "write_pieces", refuses)
    assert (texts(place), texts(place)) == (1, 1)
    assert sum(compared) == 4


def test_copies_of_one_time_are_in_the_order_that_a_directory_has(place: str, tmp_path: Path) -> None:
    source = tmp_path / "news.jsonl"
    one = json.loads(records(["Oldport"]).splitlines()[0])
    source.write_text("".join(json.dumps({**one, "id": f"copy-{i}"}) + "\n" for i in range(8)))
    found = []
    for at in (str(tmp_path / "index"), place):
        newsearch.build(source, index=at)
        with newsearch.open(at) as index:
            (hit,) = index.search(collapse="copies")
            found.append((hit.id, [copy.id for copy in hit.copies]))
    assert found[0] == found[1]
