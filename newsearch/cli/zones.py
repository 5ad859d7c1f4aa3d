"""The time zone that determines when days begin."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from newsearch.cli.terminal import complain
from newsearch.errors import QueryError
from newsearch.query import parse_zone

# The POSIX form: the name of a zone and its offset from UTC, and a second name with daylight saving (CET-1CEST).
_POSIX = re.compile(r"(?:[A-Za-z]{3,}|<[\w+-]+>)[-+]?\d.*")


class _Local(tzinfo):
    """The zone of the system with its daylight saving: the one that `astimezone()` uses by default."""

    @property
    def key(self) -> str | None:
        """Its IANA name, if the system provides it."""
        name = os.environ.get("TZ", "").removeprefix(":") or os.path.realpath("/etc/localtime")
        name = name.rpartition("zoneinfo/")[2]
        try:
            parse_zone(name)
        except QueryError:
            return None
        return name

    def __str__(self) -> str:
        return "the zone of this system"

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return moment.replace(tzinfo=None).astimezone().utcoffset() if moment else None

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return moment.replace(tzinfo=None).astimezone().tzname() if moment else None

    def fromutc(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


def zone(name: str | None) -> tzinfo:
    """The zone with this name, or that of the system.

    Raises:
        QueryError: there is no such zone.
    """
    if name is not None:
        return parse_zone(name)
    _doubt(os.environ.get("TZ", ""))
    return _Local()


def shown_moment(moment: date | datetime, tz: tzinfo) -> str:
    """A moment to the minute, with the offset of the zone from UTC. A day stays a day."""
    return moment.astimezone(tz).isoformat(" ", "minutes") if isinstance(moment, datetime) else str(moment)


def _doubt(name: str) -> None:
    """Warn if the system is set to an unknown zone, which it silently treats as UTC."""
    name = name.removeprefix(":")
    if not name or _POSIX.fullmatch(name) or os.path.isabs(name):
        return
    try:
        parse_zone(name)
    except QueryError as error:
        complain(f"TZ: {error}; using UTC")
