"""Is an argument of the kind that a function takes? Each check raises an error that names the argument if it is not."""

from __future__ import annotations

import errno
import os
from math import inf
from numbers import Integral, Real
from typing import Any

from newsearch.errors import StorageError


def check_number(
    name: str,
    value: Any,
    low: float = -inf,
    high: float = inf,
    *,
    whole: bool = False,
    error: type[Exception] = ValueError,
) -> None:
    """Hold an argument to be a number within bounds, and a whole one if that is asked for."""
    # The kinds that nearly all are: to ask an abstract class takes ten times as long.
    kind = type(value)
    if (kind is int or (kind is float and not whole)) and low <= value <= high and (whole or _fits(value)):
        return
    is_number = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if is_number and low <= value <= high and (whole or _fits(value)):
        return
    bounds = "" if low == -inf else f" from {low:,} on" if high == inf else f" from {low:,} to {high:,}"
    raise error(f"{name}: {_shown(value)} is not a {'whole ' if whole else ''}number{bounds}")


def check_flag(name: str, value: Any, *, error: type[Exception] = ValueError) -> None:
    """Hold an argument to be true or false, and nothing that only counts as one of them."""
    if value is True or value is False:
        return
    if type(value).__module__ != "numpy" or not type(value).__name__.startswith("bool"):
        raise error(f"{name}: {_shown(value)} is neither True nor False")


def check_text(name: str, value: Any, *, error: type[Exception] = ValueError) -> None:
    """Hold an argument to be a text."""
    if not isinstance(value, str):
        raise error(f"{name}: {_shown(value)} is not a str")


def check_path(name: str, value: Any) -> None:
    """Hold an argument to be a path, and one that the system can be asked for.

    Raises:
        ValueError: it is something else.
        StorageError: no file has such a name.
    """
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"{name}: {_shown(value)} is not a path")
    if reason := unusable_path(value):
        raise StorageError(_shown(value), "cannot be used", OSError(errno.EINVAL, reason))


def unusable_path(path: str | os.PathLike[str]) -> str:
    """Say why the system cannot even be asked for a path; nothing where it can."""
    try:
        encoded = os.fsencode(path)
    except UnicodeEncodeError:
        return "a path with half of a character in it"
    if b"\0" in encoded:
        return "a path with a zero byte in it"
    return ""


def _fits(value: Any) -> bool:
    """Whether a number is one to a float, as it has to be where it is compared with others."""
    try:
        return bool(float(value) == float(value))
    except (OverflowError, ValueError):
        return False


def _shown(value: Any) -> str:
    try:
        return f"{value!r:.80}"
    except ValueError:  # Python writes no whole numbers of thousands of digits
        return f"this {type(value).__name__}"
