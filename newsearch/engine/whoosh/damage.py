"""Damage told from bugs: where reading fails, the segments themselves say which of the two it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from newsearch.engine.whoosh.segment import Segment
from newsearch.engine.whoosh.view import View
from newsearch.errors import IndexCorrupt, NewsearchError

Given = ParamSpec("Given")
Result = TypeVar("Result")


class _OfView(Protocol):
    _view: View


Owner = TypeVar("Owner", bound=_OfView)


def verify(segments: Iterable[Segment]) -> None:
    """Read segments whole, and compare them with their checksums and with what holds in every segment.

    Raises:
        IndexCorrupt: one of them is not what was written, or not what newsearch writes.
    """
    from newsearch.engine.whoosh.structure import check_words  # not before something has failed

    for segment in segments:
        segment.file.verify()
        check_words(segment)


def verify_sums(segments: Iterable[Segment]) -> None:
    """Compare segments with their checksums, and make sure that reading them whole takes no more than they are.

    Raises:
        IndexCorrupt: one of them is not what was written, or asks for more.
    """
    from newsearch.engine.whoosh.structure import check_offsets

    for segment in segments:
        segment.file.verify()
        check_offsets(segment)


def checked(
    method: Callable[Concatenate[Owner, Given], Result],
) -> Callable[Concatenate[Owner, Given], Result]:
    """A method that raises IndexCorrupt where it fails over damaged files.

    To read everything at every search would cost more than the search; it is done after a failure only.
    """

    @wraps(method)
    def checking(owner: Owner, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return method(owner, *args, **kwargs)
        except NewsearchError:
            raise
        except Exception as error:
            try:
                verify(owner._view.segments)
            except IndexCorrupt as damage:
                raise damage from error
            raise

    return checking
