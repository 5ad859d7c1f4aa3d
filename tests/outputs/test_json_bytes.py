"""JSON for HTTP is the JSON of the command, only shorter."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from newsearch.outputs.json_page import to_json, to_json_bytes
from newsearch.text.clean import escape_unseen

TEXT = st.text(
    st.characters(codec=None) | st.sampled_from("\x7f\x85\xad\u202e\u2028\ud800\ufeff\U000e0041é'\"\\")
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_it_means_the_same_and_shows_what_is_there(value: object) -> None:
    data = to_json_bytes(value)
    text = data.decode()
    assert json.loads(text) == json.loads(to_json(value)) == value
    assert escape_unseen(text) == text


def test_it_is_compact() -> None:
    assert to_json_bytes({"a": [1, "é\x7f"], "b": None}) == '{"a":[1,"é\\u007f"],"b":null}'.encode()
