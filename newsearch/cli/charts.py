"""Numbers drawn with characters: bars, lines of small columns, and curves of braille dots."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from newsearch.cli.terminal import cells

_COLUMNS = "▁▂▃▄▅▆▇█"
_ASCII_COLUMNS = "-=#"

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of the dots of a braille character: four rows of two (Unicode, chapter 21.1)."""


def bar(value: float, most: float, width: int, utf8: bool) -> str:
    """A bar; at least one column for any value above 0."""
    return ("█" if utf8 else "#") * max(round(width * value / most), 1) if value else ""


def spark(values: Sequence[float], most: float, utf8: bool) -> str:
    """One small column for each value, by its share of the highest value; a dot for 0."""
    columns = _COLUMNS if utf8 else _ASCII_COLUMNS
    highest = len(columns) - 1
    none = "·" if utf8 else "."
    return "".join(columns[min(highest, int(highest * value / most))] if value else none for value in values)


def curve(values: Sequence[float], most: float, width: int, height: int) -> list[str]:
    """A curve through the values, from left to right, as lines of braille characters.

    Each character has two dots across and four down. If there are more values than dots across, a dot stands for the
    highest of its values.

    Args:
        most: the value at the top; the bottom is 0.
        width, height: in characters.
    """
    across, down = 2 * width, 4 * height
    rows = [round((down - 1) * (1 - value / most)) if most else down - 1 for value in _spread(values, across)]
    bits = [[0] * width for _ in range(height)]
    previous = rows[0] if rows else 0
    for x, y in enumerate(rows):
        # Neighbouring dots are joined by a vertical line, of which each column has a half.
        middle = (previous + y) // 2
        for column, start, end in ((max(x - 1, 0), previous, middle), (x, middle, y)):
            for dot in range(min(start, end), max(start, end) + 1):
                bits[dot // 4][column // 2] |= _DOTS[dot % 4][column % 2]
        previous = y
    return ["".join(chr(0x2800 + cell) for cell in line) for line in bits]


def _spread(values: Sequence[float], dots: int) -> list[float]:
    """One value for each dot."""
    count = len(values)
    if count > dots:
        bounds = [at * count // dots for at in range(dots + 1)]
        return [max(values[start:end]) for start, end in pairwise(bounds)]
    if count < 2:
        return list(values) * dots
    found = []
    for at in range(dots):
        place = at * (count - 1) / (dots - 1)
        left = min(int(place), count - 2)
        found.append(values[left] + (values[left + 1] - values[left]) * (place - left))
    return found


def padded(text: str, width: int) -> str:
    """A text in exactly this many columns of the terminal: shortened with an ellipsis, or filled up with spaces."""
    size = cells(text)
    if size > width:
        while text and size > width - 1:
            size -= cells(text[-1])
            text = text[:-1]
        text, size = text + "…", size + 1
    return text + " " * (width - size)
