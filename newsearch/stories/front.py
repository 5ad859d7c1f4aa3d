"""How a story is presented: its headline, who ran it first, and how many outlets have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from newsearch.stories.clusters import Report
from newsearch.stories.wording import weight


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about one event.

    Attributes:
        id: the key of its first report; later reports do not change it.
        headline: the index of the report with the most central title.
        reports: indices of its reports, the earliest first.
        outlets: number of outlets; each report of an unknown outlet counts as one.
    """

    id: str
    headline: int
    reports: tuple[int, ...]
    outlets: int


def front_page(reports: Sequence[Report], labels: Sequence[int]) -> list[Story]:
    """The stories of labelled reports, sorted by most outlets, then most reports, then earliest first."""
    members: dict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        members[label].append(place)
    found = []
    for places in members.values():
        places.sort(key=lambda i: (reports[i].time, reports[i].key))
        known = {reports[i].outlet for i in places} - {""}
        unknown = sum(not reports[i].outlet for i in places)
        first = reports[places[0]].key
        found.append(Story(first, headline(reports, places), tuple(places), len(known) + unknown))
    found.sort(key=lambda s: (-s.outlets, -len(s.reports), reports[s.reports[0]].time, s.id))
    return found


def headline(reports: Sequence[Report], places: Sequence[int]) -> int:
    """The report whose title has most in common with the other titles; the earliest in a tie.

    A term counts by its length and by the number of outlets with it in a title. Long titles are penalised.
    """
    if len(places) < 3:
        # with two titles, neither is more central
        return min(places, key=lambda i: (reports[i].time, reports[i].key))
    support: dict[str, set[str]] = defaultdict(set)
    for i in places:
        for term in reports[i].title:
            support[term].add(reports[i].outlet or reports[i].key)

    def central(i: int) -> float:
        terms = set(reports[i].title)
        shared = sum(weight((term,)) * (len(support[term]) - 1) for term in terms)
        return float(shared / max(1.0, float(weight(terms)) ** 0.5))

    return min(places, key=lambda i: (-central(i), reports[i].time, reports[i].key))
