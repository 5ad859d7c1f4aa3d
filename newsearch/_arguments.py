"""Is an argument of the kind that a function takes? Each check raises an error that names the argument if it is not."""

from __future__ import annotations

import os
from math import inf
from numbers import Integral, Real
from typing import Any


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
    if (type(value) is int or (type(value) is float and not whole)) and low <= value <= high:
        return
    is_number = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if is_number and low <= value <= high:
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
    """Hold an argument to be a path."""
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"{name}: {_shown(value)} is not a path")


def _shown(value: Any) -> str:
    return f"{value!r:.80}"
