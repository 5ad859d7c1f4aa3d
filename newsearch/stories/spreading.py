"""No outlet has more than its share of the hits on a page, as long as other outlets have hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

_Hit = TypeVar("_Hit")


def spread(
    hits: Sequence[_Hit], outlet_of: Callable[[_Hit], Hashable], most: int | None, size: int, end: int
) -> tuple[list[_Hit], bool]:
    """The hits page by page.

    Hits of an outlet beyond its share move to the next page. They also fill pages that would otherwise have gaps.

    Args:
        hits: in the order of the search.
        outlet_of: the outlet of a hit; any false value if it is unknown.
        most: hits of one outlet on a page, as long as others have any; None for no limit.
        size: of a page.
        end: how many hits are needed.

    Returns:
        At least `end` of them, as far as there are so many; and whether further hits would not change these.
    """
    if most is None:
        return list(hits), len(hits) >= end
    waiting, is_full = list(hits), True
    ordered: list[_Hit] = []
    while waiting and len(ordered) < end:
        page: list[_Hit] = []
        later: list[_Hit] = []
        counts: Counter[Hashable] = Counter()
        for at, hit in enumerate(waiting):
            outlet = outlet_of(hit)
            if outlet and counts[outlet] == most:
                later.append(hit)
                continue
            counts[outlet] += 1
            page.append(hit)
            if len(page) == size:
                later += waiting[at + 1 :]
                break
        missing = size - len(page)
        is_full = is_full and not missing
        ordered += page + later[:missing]
        waiting = later[missing:]
    return ordered, is_full and len(ordered) >= end
