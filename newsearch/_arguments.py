"""Checks of argument types and ranges, and of files given as arguments. An error names what is invalid."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Sequence
from math import inf
from numbers import Integral, Real
from typing import Any

from newsearch.errors import StorageError, json_problem


def check_number(
    name: str,
    value: Any,
    low: float = -inf,
    high: float = inf,
    *,
    whole: bool = False,
    error: type[Exception] = ValueError,
) -> None:
    """Check that an argument is a number within bounds, and optionally a whole number."""
    # Nearly all numbers are of these types. Checking against an abstract class takes ten times as long.
    kind = type(value)
    if (kind is int or (kind is float and not whole)) and low <= value <= high and (whole or _fits(value)):
        return
    is_number = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if is_number and low <= value <= high and (whole or _fits(value)):
        return
    bounds = "" if low == -inf else f" of {low:,} or more" if high == inf else f" from {low:,} to {high:,}"
    raise error(f"{name}: {shown(value)} is not a {'whole ' if whole else ''}number{bounds}")


def check_flag(name: str, value: Any, *, error: type[Exception] = ValueError) -> None:
    """Check that an argument is True or False. Other truthy or falsy values are rejected."""
    if value is True or value is False:
        return
    if type(value).__module__ != "numpy" or not type(value).__name__.startswith("bool"):
        raise error(f"{name}: {shown(value)} is neither true nor false")


def check_text(name: str, value: Any, *, error: type[Exception] = ValueError) -> None:
    """Check that an argument is a str."""
    if not isinstance(value, str):
        raise error(f"{name}: {shown(value)} is not a text")


def read_file(path: str | os.PathLike[str], most: int, too_large: str, *, error: type[Exception]) -> bytes:
    """Read a file that was given as an argument, and may be any file.

    Args:
        most: the maximum size in bytes; no more is read.
        too_large: what is wrong with a larger file, for the message.

    Raises:
        error: the file cannot be read, or is too large; the message names it.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror}") from problem
    if len(content) > most:
        raise error(f"{path}: {too_large}")
    return content


def read_json(
    path: str | os.PathLike[str], most: int, too_large: str, what: str, *, error: type[Exception]
) -> Any:
    """Read a JSON file that was given as an argument, and was perhaps written by hand.

    Args:
        most, too_large: as for `read_file`.
        what: what the file should be, such as `a gate`, for the message.

    Raises:
        error: the file cannot be read, or has no JSON, or has a key twice in one object; the message names it.
    """

    def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return without_repetition(pairs, f"{path}: not {what}: ", error=error)

    try:
        return json.loads(read_file(path, most, too_large, error=error), object_pairs_hook=unrepeated)
    except (ValueError, RecursionError) as problem:
        raise error(f"{path}: not {what}: {json_problem(problem)}") from problem


def without_repetition(
    pairs: Sequence[tuple[str, Any]], where: str = "", *, error: type[Exception]
) -> dict[str, Any]:
    """The keys and values of an object of JSON. Of two values for one key, neither can be what was meant.

    Raises:
        error: a key is given twice; the message begins with `where`.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise error(f"{where}{name:.80}: given twice")
    return found


def check_path(name: str, value: Any) -> None:
    """Check that an argument is a path that can be passed to the operating system.

    Raises:
        ValueError: the argument is not a path.
        StorageError: no file can have this name.
    """
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"{name}: {shown(value)} is not a path")
    if reason := unusable_path(value):
        raise StorageError(shown(value), "cannot be used", OSError(errno.EINVAL, reason))


def unusable_path(path: str | os.PathLike[str]) -> str:
    """The reason why a path cannot be passed to the operating system; empty if it can."""
    try:
        encoded = os.fsencode(path)
    except UnicodeEncodeError:
        return "a path with half of a character in it"
    if b"\0" in encoded:
        return "a path with a zero byte in it"
    return ""


def _fits(value: Any) -> bool:
    """Whether a number can be compared with a float, as the checks of bounds require."""
    try:
        return bool(float(value) == float(value))
    except (OverflowError, ValueError):
        return False


def shown(value: Any) -> str:
    """A value as a message quotes it."""
    try:
        return f"{value!r:.80}"
    except ValueError:  # Python refuses to format integers of thousands of digits
        return f"this {type(value).__name__}"
