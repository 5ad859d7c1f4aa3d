"""Files of saved searches."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsearch import QueryError, Request
from newsearch.search.saved import MAX_SIZE, SavedSearch, read_saved


def written(tmp_path: Path, text: str) -> Path:
    place = tmp_path / "saved.toml"
    place.write_text(text, encoding="utf-8")
    return place


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


def test_a_file_may_be_empty(tmp_path: Path) -> None:
    assert read_saved(written(tmp_path, "# nothing yet\n")) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 1", "'name'"),
        ("[search]\nname = 'x'", "[[search]]"),
        ("search = 3", "[[search]]"),
        ("[[search]]\nquery = 'x'", "search 1: it needs a name"),
        ("[[search]]\nname = ''", "search 1: it needs a name"),
        ("[[search]]\nname = 'a\\u0007'", "search 1: it needs a name"),
        ('[[search]]\nname = "a\\u0007"', "search 1: it needs a name"),
        ("[[search]]\nname = 'x'\n[[search]]\nname = 'x'", "search 2: there are two searches named 'x'"),
        ("[[search]]\nname = 'x'\nsrot = 'newest'", "search 1 (x): srot"),
        ("[[search]]\nname = 'x'\nafter = 'soon'", "search 1 (x): after"),
        ("[[search\nname = 'x'", "not TOML"),
        (f"[[search]]\nname = 'x'\nlimit = {'1' * 5_000}", "not TOML"),
        (f"[[search]]\nname = 'x'\nlimit = 0x{'f' * 5_000}", "search 1 (x): limit: this int is not"),
        *(
            (f"[[search]]\nname = 'x'\n{name} = 0x{'f' * 5_000}", f"search 1 (x): {name}: ")
            for name in ("topics", "boosts", "sort", "collapse", "count", "show", "tz", "request")
        ),
        ("#" * (MAX_SIZE + 1), "larger than"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    place = written(tmp_path, text.replace("'a\\u0007'", "''"))
    with pytest.raises(QueryError) as caught:
        read_saved(place)
    assert str(caught.value).startswith(f"{place}: ")
    assert said in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="cannot be read"):
        read_saved(tmp_path / "nothing.toml")
