"""How is a run made? The options that `build` and `reindex` share, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from inspect import signature
from typing import Any, TypedDict, TypeVar

from newsearch._arguments import check_flag, check_number
from newsearch.engine.base import SourceSettings
from newsearch.engine.writing import LEAST_MEMORY, MEMORY
from newsearch.indexing.gate import Gate
from newsearch.indexing.reports import Watch
from newsearch.sources.formats import format_names

_Function = TypeVar("_Function", bound=Callable[..., Any])


class RunArguments(TypedDict, total=False):
    """The types of the options of a run, for functions that pass them on. See `build`, which describes them."""

    workers: int
    wait: float
    memory: int
    progress: Watch | None
    dry_run: bool
    gate: Gate | None
    resume: bool
    format: str
    day_first: bool | None
    trust_env: bool
    keep: timedelta | None
    keep_history: bool | None
    window: bool | None
    defaults: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of a run: those of RunArguments with their defaults. See `build`, which describes them.

    Raises:
        ValueError: a value has the wrong type or is out of range.
    """

    workers: int = 1
    wait: float = 0.0
    memory: int = MEMORY
    progress: Watch | None = None
    dry_run: bool = False
    gate: Gate | None = None
    resume: bool = True
    format: str = ""
    day_first: bool | None = None
    trust_env: bool = False
    keep: timedelta | None = None
    keep_history: bool | None = None
    window: bool | None = None
    defaults: bool = False

    def __post_init__(self) -> None:
        check_number("workers", self.workers, 1, whole=True)
        check_number("wait", self.wait, 0)
        check_number("memory", self.memory, LEAST_MEMORY, whole=True)
        for name in ("dry_run", "resume", "defaults", "trust_env"):
            check_flag(name, getattr(self, name))
        for name in ("day_first", "keep_history", "window"):
            if getattr(self, name) is not None:
                check_flag(name, getattr(self, name))
        if self.progress is not None and not callable(self.progress):
            raise ValueError(f"progress: {self.progress!r:.80} is not a function")
        if self.gate is not None and not isinstance(self.gate, Gate):
            raise ValueError(
                f"gate: {self.gate!r:.80} is not a newsearch.Gate; read_gate reads one from a file"
            )
        if self.format and self.format not in format_names():
            raise ValueError(f"format: {self.format!r:.80} is none of {', '.join(format_names())}")
        if self.keep is not None and (not isinstance(self.keep, timedelta) or self.keep <= timedelta()):
            raise ValueError(f"keep: {self.keep!r:.80} is not a length of time; give a timedelta")

    @property
    def settings(self) -> SourceSettings:
        """The options that the index remembers for each source."""
        seconds = None if self.keep is None else max(1, int(self.keep.total_seconds()))
        return SourceSettings(self.format, self.day_first, seconds, self.window)


def with_run_options(function: _Function) -> _Function:
    """Show the options of a run in the signature of a function that takes them as `**options`.

    `help` and completion then list each with its default, as if the function spelled them out.
    """
    shown = signature(function)
    own = (parameter for parameter in shown.parameters.values() if parameter.kind != parameter.VAR_KEYWORD)
    parameters = [*own, *signature(RunOptions).parameters.values()]
    function.__dict__["__signature__"] = shown.replace(parameters=parameters)
    return function
