"""The zone in which days begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from newsearch.query import parse_zone


class _Local(tzinfo):
    """The zone of the system, with its changes of clocks: what `astimezone()` without a zone knows."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return moment.replace(tzinfo=None).astimezone().utcoffset() if moment else None

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return moment.replace(tzinfo=None).astimezone().tzname() if moment else None

    def fromutc(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


def zone(name: str | None) -> tzinfo:
    """The zone of this name, or that of the system.

    Raises:
        QueryError: there is no such zone.
    """
    return _Local() if name is None else parse_zone(name)
