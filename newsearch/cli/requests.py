"""The search options, for every command that runs or saves a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

import click

from newsearch.cli.options import expand_option, limit_option, tz_option
from newsearch.cli.values import Length, Number, Profile, Whole
from newsearch.cli.zones import zone
from newsearch.engine.base import SORTS
from newsearch.errors import QueryError
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.search.request import COLLAPSES, COUNTS, Request

Command = TypeVar("Command", bound=Callable[..., Any])


def _several(name: str, attribute: str, metavar: str, text: str) -> Callable[[Command], Command]:
    return click.option(name, attribute, multiple=True, metavar=metavar, help=text)


_OPTIONS = (
    limit_option("Maximum number of hits."),
    click.option(
        "--offset",
        metavar="NUMBER",
        type=Whole(min=0),
        default=0,
        show_default=True,
        help="Number of hits to skip.",
    ),
    click.option(
        "--sort", type=click.Choice(SORTS), default="relevance", show_default=True, help="Order of the hits."
    ),
    click.option(
        "--after", metavar="DATE", help="Only from this date on: 2020-09-29, 2020-09, yesterday, 7d."
    ),
    click.option("--before", metavar="DATE", help="Only before this date."),
    _several("--topic", "topics", "TOPIC", "Only with this topic; repeat to require several."),
    _several(
        "--provider", "providers", "NAME", "Only of this outlet, by name or domain; repeat to allow several."
    ),
    _several("--author", "authors", "NAME", "Only by this author; repeat to allow several."),
    _several("--category", "categories", "NAME", "Only of this category; repeat to allow several."),
    _several("--type", "types", "NAME", "Only of this type, such as video; repeat to allow several."),
    _several("--language", "languages", "TAG", "Only in this language, such as fr; repeat to allow several."),
    click.option("--min-heat", type=Number(), metavar="NUMBER", help="Only with at least this heat."),
    click.option("--min-quality", type=Number(), metavar="NUMBER", help="Only with at least this quality."),
    click.option("--unpublished", is_flag=True, help="Also find unpublished articles."),
    click.option(
        "--heat-weight",
        type=Number(),
        metavar="NUMBER",
        help="How much heat counts, 0 to 10.  [default: 0.5]",
    ),
    click.option(
        "--quality-weight",
        type=Number(),
        metavar="NUMBER",
        help="How much quality counts, 0 to 10.  [default: 0.5]",
    ),
    click.option(
        "--half-life",
        type=Length(),
        metavar="TIME",
        help="Prefer recent articles: recency halves in this time, such as 7d.",
    ),
    click.option(
        "--profile",
        type=Profile(),
        metavar="FILE",
        help="Use the weights that `newsearch tune` wrote; the options above override them.",
    ),
    click.option(
        "--as-of",
        metavar="DATE",
        help="Search as of the end of this day, or of this instant; articles dated later are not found.",
    ),
    tz_option(),
    expand_option,
    click.option(
        "--collapse",
        type=click.Choice([*COLLAPSES, "none"]),
        help="Show one hit for all copies of a text, or for all articles of a story.  [default: copies on a terminal]",
    ),
    click.option(
        "--show",
        metavar="WHICH",
        help="Of a group, show the best, first or last article, or an outlet's, by name or domain.  [default: best]",
    ),
    click.option(
        "--per-outlet",
        metavar="NUMBER",
        type=Whole(min=1),
        help="Hits of one outlet on a page, as long as others have some.",
    ),
    click.option(
        "--count",
        type=click.Choice(COUNTS),
        default="articles",
        show_default=True,
        help="What facets count; all copies of a text count as one text.",
    ),
)


def request_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the search options to a command. It receives the `request` built from them and from its `text`."""

    @wraps(command)
    def with_request(
        text: Sequence[str],
        heat_weight: float | None,
        quality_weight: float | None,
        half_life: timedelta | None,
        profile: Boosts | None,
        zone_name: str | None,
        collapse: str | None,
        show: str | None,
        **given: Any,
    ) -> int:
        boosts = _boosts(profile or DEFAULT_BOOSTS, heat_weight, quality_weight, half_life)
        attributes = {name: given.pop(name) for name in _ATTRIBUTES if name in given}
        request = Request(
            " ".join(text),
            boosts=boosts,
            tz=zone(zone_name),
            collapse=None if collapse == "none" else collapse,
            show="best" if show is None else show,
            **attributes,
        )
        return command(request=request, **given)

    for option in reversed(_OPTIONS):
        with_request = option(with_request)
    return with_request


_ATTRIBUTES = tuple(Request.__dataclass_fields__)


def _boosts(
    profile: Boosts, heat: float | None, quality: float | None, half_life: timedelta | None
) -> Boosts:
    days = half_life / timedelta(days=1) if half_life else None
    given = {"heat": heat, "quality": quality, "half_life": days}
    try:
        return replace(profile, **{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        raise QueryError(str(error)) from error
