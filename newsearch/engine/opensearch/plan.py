"""What do the changes of one source do to its documents?"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.opensearch.held import Documents

Array: TypeAlias = NDArray[Any]


class Plan(NamedTuple):
    """What the changes of a source do.

    Attributes:
        new: documents that the next generation has and the published one has not.
        redundant: documents that were written again, but are as they were.
        dying: published documents that the next generation has not.
        replaced: how many articles have a new document in place of one that dies.
    """

    new: Documents
    redundant: Documents
    dying: Documents
    replaced: int


def planned(added: Documents, ahead: Documents, committed: Documents, gone: Array, *, dropped: bool) -> Plan:
    """What the changes of a source do to its documents.

    Args:
        added: the documents that were added, one for each key, in any order.
        ahead: those that an interrupted run has written. They count as added too, unless they are added again or gone.
        committed: the published ones.
        gone: the keys of articles that the source has not any more.
        dropped: whether all published articles die that are not added again.
    """
    earlier = ahead.chosen(~np.isin(ahead.keys, added.keys) & ~np.isin(ahead.keys, gone))
    new = Documents(*map(np.concatenate, zip(added, earlier, strict=True)))
    new = new.chosen(np.argsort(new.keys))
    is_known = np.isin(new.keys, committed.keys)
    same = is_known.copy()
    at = np.searchsorted(committed.keys, new.keys[is_known])
    alive = ~np.isin(committed.keys[at], gone)
    same[is_known] = (committed.contents[at] == new.contents[is_known]) & alive
    confirmed = new.keys[same]
    redundant, new = new.chosen(same), new.chosen(~same)
    again = np.isin(committed.keys, new.keys)
    dies = (again | np.isin(committed.keys, gone) | dropped) & ~np.isin(committed.keys, confirmed)
    replaced = int(np.count_nonzero(again & ~np.isin(committed.keys, gone)))
    return Plan(new, redundant, committed.chosen(dies), replaced)
