"""Tell damaged files from bugs: after a failure, verify the segments to find out which of the two it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from newsearch.engine.arrays.searching.view import View
from newsearch.errors import IndexCorrupt, NewsearchError

Given = ParamSpec("Given")
Result = TypeVar("Result")


class _OfView(Protocol):
    _view: View


Owner = TypeVar("Owner", bound=_OfView)


def checked(
    method: Callable[Concatenate[Owner, Given], Result],
) -> Callable[Concatenate[Owner, Given], Result]:
    """Make a method raise IndexCorrupt if it fails because of damaged files.

    The segments are verified only after a failure. Verifying them at every search would cost more than the search.
    """

    @wraps(method)
    def checking(owner: Owner, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return method(owner, *args, **kwargs)
        except NewsearchError:
            raise
        except Exception as error:
            from newsearch.engine.arrays.segment.structure import verify  # not before something has failed

            try:
                verify(owner._view.segments)
            except IndexCorrupt as damage:
                raise damage from error
            raise

    return checking
