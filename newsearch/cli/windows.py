"""The options of a window of time, for every command that counts or groups the articles in one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar

import click

from newsearch.cli.options import tz_option
from newsearch.cli.zones import zone

if TYPE_CHECKING:
    from newsearch import Index

Command = TypeVar("Command", bound=Callable[..., Any])


class Dates(TypedDict):
    """The arguments of the library that a window becomes."""

    after: str | None
    before: str | None
    as_of: str | None
    tz: tzinfo


class Window(NamedTuple):
    """A window of time, as given by the options of a command."""

    after: str | None
    before: str | None
    as_of: str | None
    tz: tzinfo

    @property
    def dates(self) -> Dates:
        """The arguments of `Index.timeline` and its siblings."""
        return {"after": self.after, "before": self.before, "as_of": self.as_of, "tz": self.tz}

    def notes(self, index: Index, *queries: str) -> list[str]:
        """What may have been meant differently in queries of this window, or in the window itself."""
        found = [index.search(query, limit=0, **self.dates).notes for query in queries]
        return list(dict.fromkeys(note.message for notes in found for note in notes))


_OPTIONS = (
    click.option("--after", metavar="DATE", help="Only articles from this date on: 2020-09-29, 2020-09, 3d."),
    click.option("--before", metavar="DATE", help="Only articles before this date."),
    click.option("--as-of", metavar="DATE", help="Count as of the end of this day, or of this instant."),
    tz_option(),
)


def window_options(command: Command) -> Command:
    """Give a command --after, --before, --as-of and --tz, as its argument `window`."""

    @wraps(command)
    def windowed(
        *args: Any,
        after: str | None,
        before: str | None,
        as_of: str | None,
        zone_name: str | None,
        **options: Any,
    ) -> Any:
        return command(*args, window=Window(after, before, as_of, zone(zone_name)), **options)

    found: Any = windowed
    for option in reversed(_OPTIONS):
        found = option(found)
    made: Command = found
    return made


by_option = click.option(
    "--by",
    type=click.Choice(("day", "week", "month", "year")),
    help="Also count the articles of each day, week, month or year.",
)
