"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from newsearch.cli.values import FileName, Size, Whole
from newsearch.engine.base import LEAST_CACHE

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
    """--limit. `help` describes the default if it is not a number."""
    return click.option(
        "-n",
        "--limit",
        metavar="NUMBER",
        type=Whole(least, most),
        default=default,
        show_default=default is not None,
        help=help,
    )


def tz_option(what: str = "days") -> Callable[[Command], Command]:
    """--tz, as the argument `zone_name`. `what` says what the zone decides."""
    return click.option(
        "--tz",
        "zone_name",
        metavar="ZONE",
        help=f"Time zone of {what}, such as Europe/Paris.  [default: the system's]",
    )


synonyms_option = click.option(
    "--synonyms",
    type=FileName(),
    metavar="FILE",
    help="Also search for synonyms: a group per line, as in: vaccine, jab",
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


def cache_option(default: str, whose: str = "") -> Callable[[Command], Command]:
    """--cache. `whose` says who takes this memory, if there are several."""
    return click.option(
        "--cache",
        type=Size(LEAST_CACHE),
        default=default,
        show_default=True,
        metavar="SIZE",
        help=f"Memory that searching may take{whose}, besides what the system keeps of files.",
    )
