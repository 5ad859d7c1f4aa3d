"""Who published first, and how long after it did the others follow?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from newsearch.articles.article import Article
from newsearch.search.folding import Copy, copy_of
from newsearch.stories.bylines import wire


@dataclass(frozen=True, slots=True)
class Publication:
    """One publication of a text.

    Attributes:
        copy: the article.
        after: the delay after the first publication; None if its date is unknown, if no date is known, or if one of the
            two dates has no time.
        wire: the wire service named in the byline or dateline, such as Reuters; empty if none is named.
        is_first: whether no publication is earlier. Several can be first if they appeared at the same time. One that is
            dated by a day without a time is first only if it is alone on its day, or with others of that kind.
    """

    copy: Copy
    after: timedelta | None
    wire: str
    is_first: bool


def publications_of(group: Sequence[Article]) -> list[Publication]:
    """The publications of a text, or the reports of an event: the earliest first, then undated ones.

    On one day, those with a time come before those without, whose time may have been any.
    """
    group = sorted(group, key=lambda one: (*_when(one.date), one.id))
    first = group[0].date
    return [
        Publication(
            copy_of(one),
            one.date - first if isinstance(first, datetime) and isinstance(one.date, datetime) else None,
            wire(one),
            one.date is not None and _when(one.date) == _when(first),
        )
        for one in group
    ]


def _when(moment: date | datetime | None) -> tuple[bool, date, bool, datetime]:
    if moment is None:
        return True, date.max, True, _NEVER
    if isinstance(moment, datetime):
        return False, moment.astimezone(UTC).date(), False, moment
    return False, moment, True, _NEVER


_NEVER = datetime.max.replace(tzinfo=UTC)
