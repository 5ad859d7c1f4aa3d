"""Options for the output of commands."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import click

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
