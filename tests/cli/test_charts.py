"""Numbers drawn with characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsearch.cli.charts import bar, curve, padded, spark
from newsearch.cli.terminal import cells

values = st.lists(st.integers(0, 1000), min_size=1, max_size=300)


@given(values, st.integers(1, 80), st.integers(1, 12))
def test_a_curve_fills_its_place_and_has_a_dot_in_each_column(
    numbers: list[int], width: int, height: int
) -> None:
    lines = curve(numbers, max(numbers), width, height)
    assert [len(line) for line in lines] == [width] * height
    assert all("\u2800" <= c <= "\u28ff" for line in lines for c in line)
    for column in zip(*lines, strict=True):
        assert any(c > "\u2800" for c in column)


def test_a_curve_rises_from_the_bottom_to_the_top() -> None:
    assert curve([0, 0, 9, 9], 9, 2, 1) == ["⣰⠋"]
    assert curve([0, 0], 9, 2, 2) == ["⠀⠀", "⣀⣀"]
    assert curve([9, 9], 9, 2, 2) == ["⠉⠉", "⠀⠀"]


@given(values)
def test_any_count_is_seen(numbers: list[int]) -> None:
    most = max(numbers)
    for utf8 in (True, False):
        assert [c not in ".·" for c in spark(numbers, most, utf8)] == [number > 0 for number in numbers]
        assert all((len(bar(number, most, 40, utf8)) > 0) == (number > 0) for number in numbers)


@given(st.text(st.sampled_from("ab日é"), max_size=12), st.integers(2, 9))
def test_a_padded_text_has_its_width(text: str, width: int) -> None:
    assert cells(padded(text, width)) == width
    assert padded(text, width).rstrip(" ") == text or padded(text, width).rstrip(" ").endswith("…")
