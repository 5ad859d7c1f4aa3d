"""Options for the output of commands."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import click

from newsearch.engine.base import LEAST_CACHE
from newsearch.errors import QueryError
from newsearch.query import parse_duration
from newsearch.ranking import Boosts

Command = TypeVar("Command", bound=Callable[..., Any])


def format_option(*names: str) -> Callable[[Command], Command]:
    """Add an option to a command that selects one of these formats, including text."""
    return click.option(
        "--format",
        "format_name",
        type=click.Choice(names),
        default="text",
        show_default=True,
        help="Output format.",
    )


def limit_option(
    help: str, *, default: int | None = 10, least: int = 0, most: int | None = None
) -> Callable[[Command], Command]:
    """--limit. `help` names the default if there is none that is a number."""
    return click.option(
        "-n",
        "--limit",
        metavar="NUMBER",
        type=click.IntRange(min=least, max=most),
        default=default,
        show_default=default is not None,
        help=help,
    )


color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Whether to use colours and hyperlinks.",
)


expand_option = click.option(
    "--expand/--no-expand",
    default=None,
    help="Also search for words that the best articles share; by default, only to rank a query in sentences.",
)


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
        size = int(match[1]) << _SHIFTS[match[2] or ""] if match else 0
        if size < self._least:
            least = f"{self._least >> 20}M"
            self.fail(f"{value!r} is not a size of at least {least}, such as 512M or 2G", param, context)
        return size


def cache_option(default: str, whose: str = "") -> Callable[[Command], Command]:
    """--cache. `whose` says who takes this memory if there are several."""
    return click.option(
        "--cache",
        type=Size(LEAST_CACHE),
        default=default,
        show_default=True,
        metavar="SIZE",
        help=f"Memory that searching may take{whose}, besides what the system keeps of files.",
    )


class Profile(click.ParamType):  # type: ignore[type-arg]  # click before 8.4 has no arguments there
    """A profile file, or its weights themselves if there is no such file: heat=1,half-life=30d."""

    name = "profile"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> Boosts:
        if isinstance(value, Boosts):
            return value
        text = str(value)
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
