"""Files of saved searches."""

from __future__ import annotations

import tempfile
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch import (
    Boosts,
    QueryError,
    Request,
    SavedSearch,
    SavedSearchError,
    StorageError,
    read_saved,
    save_search,
)
from newsearch.alerts.saved import MAX_SIZE


def written(tmp_path: Path, text: str) -> Path:
    place = tmp_path / "saved.toml"
    place.write_text(text, encoding="utf-8")
    return place


def test_what_is_no_path_or_no_search_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^path: 5 is not a path"):
        read_saved(5)  # type: ignore[arg-type]
    for wrong in (5, ("a", Request("ban")), SavedSearch("a", "ban")):  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"^search: .* is not a newsearch\.SavedSearch"):
            save_search(tmp_path / "saved.toml", wrong)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_search_has_a_name_and_the_keys_of_a_request(tmp_path: Path) -> None:
    text = """
[[search]]
name = "Bans"
query = "ban"
topics = ["Privacy"]
boosts = {heat = 0}

[[search]]
name = "All"
"""
    assert read_saved(written(tmp_path, text)) == (
        SavedSearch(
            "Bans", Request.from_mapping({"query": "ban", "topics": ["Privacy"], "boosts": {"heat": 0}})
        ),
        SavedSearch("All", Request()),
    )


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2020-09-01", "2020-09-01"),
        ("2020-09-01T10:30:00Z", "2020-09-01T10:30:00+00:00"),
        ("2020-09-01 10:30:00.5+02:00", "2020-09-01T10:30:00.500000+02:00"),
        ("2020-09-01T10:30:00", "2020-09-01T10:30:00"),
    ],
)
@pytest.mark.parametrize("key", ["after", "before", "as_of"])
def test_a_date_needs_no_quotes(tmp_path: Path, key: str, given: str, text: str) -> None:
    (found,) = read_saved(written(tmp_path, f"[[search]]\nname = 'x'\n{key} = {given}\n"))
    assert found.request == Request(**{key: text})  # type: ignore[arg-type]


def test_a_file_may_be_empty(tmp_path: Path) -> None:
    assert read_saved(written(tmp_path, "# nothing yet\n")) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 1", "'name'"),
        ("[search]\nname = 'x'", "[[search]]"),
        ("search = 3", "[[search]]"),
        ("[[search]]\nquery = 'x'", "search 1: a search needs a name"),
        ("[[search]]\nname = ''", "search 1: a search needs a name"),
        ("[[search]]\nname = 'a\\u0007'", "search 1: a search needs a name"),
        ('[[search]]\nname = "a\\u0007"', "search 1: a search needs a name"),
        ("[[search]]\nname = 'x'\n[[search]]\nname = 'x'", "search 2 (x): an earlier search has this name"),
        ("[[search]]\nname = 'x'\nsrot = 'newest'", "search 1 (x): srot"),
        ("[[search]]\nname = 'x'\nafter = 'soon'", "search 1 (x): after"),
        ("[[search\nname = 'x'", "not TOML"),
        (f"[[search]]\nname = 'x'\nlimit = {'1' * 5_000}", "not TOML"),
        (f"[[search]]\nname = 'x'\nlimit = 0x{'f' * 5_000}", "search 1 (x): limit: this int is not"),
        *(
            (f"[[search]]\nname = 'x'\n{name} = 0x{'f' * 5_000}", f"search 1 (x): {name}: ")
            for name in ("topics", "boosts", "sort", "collapse", "count", "show", "tz", "request")
        ),
        ("[[search]]\nname = 'x'\nafter = 10:30:00", "search 1 (x): after: '10:30:00' is not a date"),
        ("[[search]]\nname = 'x'\nlimit = 2020-09-01", "search 1 (x): limit: '2020-09-01' is not a whole"),
        ("[[search]]\nname = 'x'\nunpublished = 1", "search 1 (x): unpublished: 1 is neither true nor false"),
        ("[[search]]\nname = 'x'\nquery = 1", "search 1 (x): query: 1 is not a text"),
        (
            "[[search]]\nname = 'x'\ntopics = [1]",
            "search 1 (x): topics: [1] is neither a text nor a list of texts",
        ),
        (f"a = {'[' * 100_000}", "not TOML: nested too deeply"),
        ("#" * (MAX_SIZE + 1), "larger than"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    place = written(tmp_path, text.replace("'a\\u0007'", "''"))
    with pytest.raises(SavedSearchError if "search " in said else QueryError) as caught:
        read_saved(place)
    assert str(caught.value).startswith(f"{place}: ")
    assert said in str(caught.value)


SOME_UNUSABLE = """
[[search]]
name = "Bans"
srot = "newest"
[[search]]
name = "Rules"
[[search]]
query = "ban"
[[search]]
name = "Bans"
[[search]]
name = "Later"
after = "soon"
[[search]]
name = "Rules"
query = "ban"
[[search]]
name = "Cities"
"""


def test_what_cannot_be_used_does_not_stop_the_others(tmp_path: Path) -> None:
    place = written(tmp_path, SOME_UNUSABLE)
    told: list[SavedSearchError] = []
    assert [search.name for search in read_saved(place, told.append)] == ["Rules", "Cities"]
    assert [(error.path, error.number, error.name) for error in told] == [
        (place, 1, "Bans"),
        (place, 3, ""),
        (place, 4, "Bans"),
        (place, 5, "Later"),
        (place, 6, "Rules"),
    ]
    assert str(told[0]) == f"{place}: search 1 (Bans): {told[0].reason}"
    assert told[0].reason.startswith("srot: no such key")
    assert str(told[1]).startswith(f"{place}: search 3: a search needs a name")
    for text in ("[[search", "[search]", "other = 1"):
        with pytest.raises(QueryError):
            read_saved(written(tmp_path, text), told.append)


def test_a_search_can_be_saved_beside_unusable_ones(tmp_path: Path) -> None:
    place = written(tmp_path, SOME_UNUSABLE)
    save_search(place, SavedSearch("Schools", Request("school")))
    assert place.read_text(encoding="utf-8").startswith(SOME_UNUSABLE)
    assert read_saved(place, lambda _: None)[-1] == SavedSearch("Schools", Request("school"))
    with pytest.raises(QueryError, match="there is a search named 'Later' already"):
        save_search(place, SavedSearch("Later", Request("school")))


def test_a_file_that_is_not_utf_8_says_where(tmp_path: Path) -> None:
    place = tmp_path / "saved.toml"
    place.write_bytes(b'[[search]]\nname = "caf\xe9"\n')
    with pytest.raises(QueryError) as caught:
        read_saved(place)
    assert str(caught.value) == f"{place}: not UTF-8: byte 22"


def test_a_long_key_is_cut_in_the_message(tmp_path: Path) -> None:
    place = written(tmp_path, f"[{'x' * 9_000}]\n" * 2)
    with pytest.raises(QueryError, match="not TOML") as caught:
        read_saved(place)
    assert len(str(caught.value)) < len(str(place)) + 250


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="cannot be read"):
        read_saved(tmp_path / "nothing.toml")


# Saving one


def test_a_saved_search_is_added_to_the_end_and_the_rest_stays(tmp_path: Path) -> None:
    before = '\ufeff# mine\r\n[[search]]\r\nname = "Bans"\nquery = "ban" # all of them'
    place = written(tmp_path, before)
    added = SavedSearch('Cafés "now"', Request("café", topics=("Food", "Drink"), after="7d", min_heat=1.5))
    save_search(place, added)
    text = place.read_bytes().decode()
    assert text.startswith(before)
    assert text.removeprefix(before).splitlines() == [
        "",
        "",
        "[[search]]",
        'name = "Cafés \\"now\\""',
        'query = "café"',
        'after = "7d"',
        'topics = ["Food", "Drink"]',
        "min_heat = 1.5",
    ]
    assert read_saved(place) == (SavedSearch("Bans", Request("ban")), added)


def test_a_file_is_made_for_the_first_search(tmp_path: Path) -> None:
    place = tmp_path / "saved.toml"
    save_search(place, SavedSearch("Bans", Request("ban")))
    assert place.read_text(encoding="utf-8") == '[[search]]\nname = "Bans"\nquery = "ban"\n'


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_NAMES = _TEXTS.filter(lambda name: name.isprintable() and name.strip())


@given(
    st.lists(
        st.builds(
            SavedSearch,
            _NAMES,
            st.builds(
                Request,
                _TEXTS,
                topics=st.lists(_TEXTS, max_size=3).map(tuple),
                sort=st.sampled_from(["relevance", "newest"]),
                min_heat=st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
                unpublished=st.booleans(),
                boosts=st.builds(Boosts, heat=st.floats(0, 10), half_life=st.none() | st.floats(0.5, 100)),
                collapse=st.sampled_from([None, "copies", "stories"]),
            ),
        ),
        max_size=4,
        unique_by=lambda search: search.name,
    )
)
def test_what_is_saved_is_read_again(searches: list[SavedSearch]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory, "saved.toml")
        for search in searches:
            save_search(place, search)
        assert searches == [] or read_saved(place) == tuple(searches)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[31m", "x" * 201, "\ud800", 7])
def test_a_name_is_a_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(QueryError, match="a search needs a name"):
        save_search(tmp_path / "saved.toml", SavedSearch(name, Request("ban")))
    assert not list(tmp_path.iterdir())


def test_a_name_is_used_once(tmp_path: Path) -> None:
    place = written(tmp_path, "[[search]]\nname = 'Bans'\n")
    with pytest.raises(QueryError, match="there is a search named 'Bans' already"):
        save_search(place, SavedSearch("Bans", Request("ban")))
    assert place.read_text(encoding="utf-8") == "[[search]]\nname = 'Bans'\n"


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    place = written(tmp_path, "[[search\n")
    with pytest.raises(QueryError, match="not TOML"):
        save_search(place, SavedSearch("Bans", Request("ban")))
    assert place.read_text(encoding="utf-8") == "[[search\n"


def test_a_file_does_not_grow_beyond_what_can_be_read(tmp_path: Path) -> None:
    place = written(tmp_path, "#" * (MAX_SIZE - 10) + "\n")
    with pytest.raises(QueryError, match="larger than"):
        save_search(place, SavedSearch("Bans", Request("ban")))
    assert read_saved(place) == ()


def test_a_zone_without_a_name_cannot_be_saved(tmp_path: Path) -> None:
    request = Request("ban", tz=timezone(timedelta(hours=2)))
    with pytest.raises(QueryError, match=r"^tz: "):
        save_search(tmp_path / "saved.toml", SavedSearch("Bans", request))


def test_a_directory_is_no_file_of_searches(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="cannot be read"):
        save_search(tmp_path, SavedSearch("Bans", Request("ban")))
    with pytest.raises(StorageError, match="cannot be written"):
        save_search(tmp_path / "nowhere" / "saved.toml", SavedSearch("Bans", Request("ban")))
