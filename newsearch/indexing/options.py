"""How is a run made? The arguments that `build` and `reindex` share, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from newsearch._arguments import check_flag, check_number
from newsearch.engine.base import NO_SETTINGS, SourceSettings
from newsearch.engine.writing import LEAST_MEMORY, MEMORY
from newsearch.indexing.gate import Gate
from newsearch.indexing.reports import Watch
from newsearch.sources.formats import format_names


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a run.

    Attributes:
        workers, wait, memory, progress, dry_run, gate, resume, defaults, trust_env, keep_history: see `build`.
        given: how the sources are read, see `settings_of`.

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
    given: SourceSettings = NO_SETTINGS
    defaults: bool = False
    trust_env: bool = False
    keep_history: bool | None = None

    def __post_init__(self) -> None:
        check_number("workers", self.workers, 1, whole=True)
        check_number("wait", self.wait, 0)
        check_number("memory", self.memory, LEAST_MEMORY, whole=True)
        check_flag("dry_run", self.dry_run)
        check_flag("resume", self.resume)
        check_flag("defaults", self.defaults)
        check_flag("trust_env", self.trust_env)
        if self.keep_history is not None:
            check_flag("keep_history", self.keep_history)
        if self.progress is not None and not callable(self.progress):
            raise ValueError(f"progress: {self.progress!r:.80} is not a function")
        if self.gate is not None and not isinstance(self.gate, Gate):
            raise ValueError(
                f"gate: {self.gate!r:.80} is not a newsearch.Gate; read_gate reads one from a file"
            )


def settings_of(
    format: str, day_first: bool | None, keep: timedelta | None, window: bool | None
) -> SourceSettings:
    """How sources are read, from the arguments of `build`. Raises ValueError for one that is none."""
    if format and format not in format_names():
        raise ValueError(f"format: {format!r:.80} is none of {', '.join(format_names())}")
    for name, flag in (("day_first", day_first), ("window", window)):
        if flag is not None:
            check_flag(name, flag)
    if keep is not None and (not isinstance(keep, timedelta) or keep <= timedelta()):
        raise ValueError(f"keep: {keep!r:.80} is no length of time; give a timedelta")
    seconds = None if keep is None else max(1, int(keep.total_seconds()))
    return SourceSettings(format, day_first, seconds, window)
