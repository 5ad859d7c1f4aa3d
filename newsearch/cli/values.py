"""What the values of options may be: numbers, sizes, lengths of time, profiles."""

from __future__ import annotations

import math
import os
import re
from datetime import timedelta
from typing import Any

import click

from newsearch.errors import QueryError
from newsearch.query import parse_duration
from newsearch.ranking import Boosts


class Whole(click.IntRange):
    """A whole number within bounds. An error names both."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        try:
            number = int(value)
        except (TypeError, ValueError):
            number = None
        least, most = self.min or 0, self.max
        if number is None or number < least or (most is not None and number > most):
            bounds = f"of {least:,} or more" if most is None else f"from {least:,} to {most:,}"
            self.fail(f"{value!r:.80} is not a whole number {bounds}", param, context)
        return number


class Number(click.ParamType):  # type: ignore[type-arg]  # click before 8.4 has no arguments there
    """A number.

    Args:
        least: the smallest number allowed.
    """

    name = "number"

    def __init__(self, least: float = -math.inf) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> float:
        number: float | None
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = None
        if number is None or not (number >= self._least or self._least == -math.inf):
            bound = f" of {self._least:g} or more" if self._least > -math.inf else ""
            self.fail(f"{value!r:.80} is not a number{bound}", param, context)
        return number


_SHIFTS = {"": 0, "K": 10, "M": 20, "G": 30}


class Size(click.ParamType):  # type: ignore[type-arg]  # click before 8.4 has no arguments there
    """A number of bytes, such as 512M, 512MB, 512MiB or 2G; all are powers of 1024.

    Args:
        least: the smallest size allowed, in bytes.
    """

    name = "size"

    def __init__(self, least: int) -> None:
        self._least = least

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([0-9]{1,12})(?:([KMG])I?)?B?", str(value).strip().upper())
        size = int(match[1]) << _SHIFTS[match[2] or ""] if match else -1
        if size < self._least:
            least = f" of at least {self._least >> 20}M" if self._least else ""
            self.fail(f"{value!r} is not a size{least}, such as 512M or 2G", param, context)
        return size


class Length(click.ParamType):  # type: ignore[type-arg]  # as above
    """A length of time, such as 15min, 2h or 1d."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> timedelta:
        try:
            length = value if isinstance(value, timedelta) else parse_duration(str(value))
        except QueryError as error:
            self.fail(str(error), param, context)
        if not length:
            self.fail(f"{value!r} is not longer than 0", param, context)
        return length


class FileName(click.Path):
    """The name of a file. An empty one is refused, because as a path it is the working directory."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        if value == "":
            self.fail("the name of a file is empty", param, context)
        return super().convert(value, param, context)


class Profile(click.ParamType):  # type: ignore[type-arg]  # click before 8.4 has no arguments there
    """A profile file, or its weights themselves if there is no such file: heat=1,half-life=30d."""

    name = "profile"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> Boosts:
        if isinstance(value, Boosts):
            return value
        text = str(value)
        if not text:
            self.fail("the name of a file is empty", param, context)
        try:
            if "=" in text and not os.path.exists(text):
                return Boosts(**dict(map(_weight, text.split(","))))
            return Boosts.load(text)
        except (ValueError, QueryError) as error:
            self.fail(str(error), param, context)


def _weight(setting: str) -> tuple[str, float]:
    """One setting in a one-line profile. Raises ValueError or QueryError."""
    name, _, value = (part.strip() for part in setting.partition("="))
    if name == "half-life":
        return "half_life", parse_duration(value) / timedelta(days=1)
    if name not in ("heat", "quality", "recency"):
        raise ValueError(f"{name!r} is not a weight; the weights are heat, quality, recency and half-life")
    try:
        return name, float(value)
    except ValueError:
        raise ValueError(f"{name}: {value!r} is not a number") from None
