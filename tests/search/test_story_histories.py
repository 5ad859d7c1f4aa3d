"""Stories, coverage and words after any history are those of an index that was built at once."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from test_folding import FERRIES, OTHERS
from test_fronts import REPORTS, SINGLE

import newsearch
from newsearch import Index

RECORDS = [
    {**record, "webUrl": f"https://news.example/{record['id']}"}
    for record in (*REPORTS, *SINGLE[:2], *FERRIES[:3], *OTHERS[:2])
]

Kept = dict[int, tuple[bool, bool]]
"""Of each record that is there: whether it is published, and whether it was changed."""

KEPT = st.dictionaries(
    st.integers(0, len(RECORDS) - 1), st.tuples(st.sampled_from([True, True, False]), st.booleans())
)


def written(kept: Kept) -> list[dict[str, Any]]:
    return [
        {
            **RECORDS[i],
            "published": published,
            "excerpt": "The mayor spoke of something else." if changed else RECORDS[i]["excerpt"],
        }
        for i, (published, changed) in sorted(kept.items())
    ]


def build(place: Path, first: Kept, second: Kept) -> None:
    """Two sources: an article of the first is hidden if the second has it, too. Neither becomes empty."""
    for name, kept in (("a", first), ("b", second)):
        file = place / f"{name}.jsonl"
        records = [*written(kept), {"id": name, "title": "Nothing else", "publishedDateTime": "2024-04-30"}]
        file.write_text("".join(json.dumps(record) + "\n" for record in records))
        newsearch.build(file, index=place / "index")


def told(index: Index) -> list[Any]:
    return [
        list(index.stories(after="2024")),
        list(index.stories()),
        list(index.stories("ferry OR volcano", after="2024")),
        index.coverage("harbour OR volcano", by="day"),
        index.words("volcano"),
        [[article.id for article in index.related(record["id"])] for record in RECORDS[:4]],
    ]


@examples(12)
@given(st.lists(st.tuples(KEPT, KEPT), min_size=1, max_size=4))
def test_a_history_leaves_no_trace(history: list[tuple[Kept, Kept]]) -> None:
    with TemporaryDirectory() as grown, TemporaryDirectory() as fresh, mock.patch("os.fsync"):
        for first, second in history:
            build(Path(grown), first, second)
        build(Path(fresh), *history[-1])
        with newsearch.open(f"{grown}/index") as one, newsearch.open(f"{fresh}/index") as other:
            for found, expected in zip(told(one), told(other), strict=True):
                assert found == expected
