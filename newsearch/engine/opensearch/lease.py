"""The lock of an index in a cluster, which allows one writer at a time.

It is a document that its holder renews all the time. A holder that has died on this machine is recognised by its
process. Any other is taken for dead if it has not renewed the document for the seconds of the lease, by its own clock
and by that of the observer. Publishing renews the lock first: a writer that was taken for dead, and goes on, publishes
nothing.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Any

from newsearch.engine.opensearch.connection import Cluster, Refused
from newsearch.engine.opensearch.generation import meta_index
from newsearch.errors import EngineError, IndexLocked, IndexMissing
from newsearch.text.clean import one_line

_CONFLICT = 409
_POLL = 0.25
_RENEWALS = 4
"""How often the lock is renewed in the time of a lease."""

_LONGEST = 3600.0
"""The maximum length of a lease, in seconds."""

_MAX_RACES = 10
"""How often the lock may be gone, or taken over, when it is looked at."""


class Lease:
    """Holds the lock from construction until `release`.

    Args:
        wait: seconds to wait for another writer.

    Raises:
        IndexLocked: another writer still held the lock after that time.
        EngineError: the cluster cannot be asked.
    """

    def __init__(self, cluster: Cluster, wait: float = 0.0) -> None:
        self._cluster = cluster
        self._path = f"/{meta_index(cluster.alias)}/_doc/lock"
        self._seconds = cluster.settings.lease
        self._holder = {
            "holder": uuid.uuid4().hex,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "machine": _machine(),
            "since": datetime.now(UTC).isoformat(),
            "lease": self._seconds,
        }
        self._version: dict[str, str] = {}
        self._lost = False
        self._renewing = Lock()
        self._acquire(time.monotonic() + wait)
        self._stopped = Event()
        self._thread = Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raises IndexLocked if another writer has taken the lock over."""
        if self._lost:
            raise IndexLocked(
                f"{self._cluster.place}: another writer has taken the index over, because this one gave no sign of life"
                f" for {self._seconds:g} seconds; run the command again"
            )

    def confirm(self) -> None:
        """Renew the lock now. Raises as `check` does, or EngineError if the cluster cannot be asked."""
        self.check()
        self._renew()
        self.check()

    def release(self) -> None:
        """Release the lock."""
        self._stop()
        if not self._lost:
            with suppress(EngineError, IndexMissing):
                self._cluster.ask("DELETE", self._path, params=self._version, missing=True)
            self._lost = True

    def _stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._stopped.wait(self._seconds / _RENEWALS):
            with suppress(EngineError):  # the next renewal may succeed; the others wait for the whole lease
                self._renew()
            if self._lost:
                return

    def _renew(self) -> None:
        with self._renewing:
            self._renew_once()

    def _renew_once(self) -> None:
        try:
            self._write(self._version)
        except IndexMissing:
            self._lost = True
        except Refused as error:
            if error.status != _CONFLICT:
                raise
            # Our own renewal, whose answer was lost, conflicts too.
            found = self._cluster.ask("GET", self._path, missing=True)
            if found and _lock(found).get("holder") == self._holder["holder"]:
                self._version = _version(found)
            else:
                self._lost = True

    def _write(self, params: Mapping[str, str]) -> None:
        document = {**self._holder, "renewed": datetime.now(UTC).isoformat()}
        answer = self._cluster.ask("PUT", self._path, document, {**params, "refresh": "false"})
        self._version = _version(answer)

    def _acquire(self, until: float) -> None:
        lock: Mapping[str, Any] = {}
        races = 0
        while True:
            if self._writes({"op_type": "create"}):
                return
            found = self._cluster.ask("GET", self._path, missing=True)
            is_held = bool(found and found.get("found"))
            if is_held:
                lock = _lock(found)
                if lock.get("holder") == self._holder["holder"]:
                    self._version = _version(found)  # the answer to our own request was lost
                    return
                if self._is_abandoned(found):
                    if self._writes(_version(found)):
                        return
                    is_held = False
            # Another writer may have released the lock, or taken it over, in between. That does not go on forever.
            races += not is_held
            if time.monotonic() >= until and (is_held or races > _MAX_RACES):
                raise _locked(self._cluster.place, lock)
            time.sleep(_POLL)

    def _writes(self, params: Mapping[str, str]) -> bool:
        """Whether the lock could be written, which another writer may prevent."""
        try:
            self._write(params)
        except Refused as error:
            if error.status != _CONFLICT:
                raise
            return False
        return True

    def _is_abandoned(self, found: Mapping[str, Any]) -> bool:
        lock = _lock(found)
        if lock.get("machine") and lock["machine"] == _machine() and not _is_running(lock.get("pid")):
            return True
        try:
            age = (datetime.now(UTC) - datetime.fromisoformat(lock["renewed"])).total_seconds()
            lease = min(float(lock["lease"]), _LONGEST)
        except (LookupError, TypeError, ValueError):
            age, lease = 1.0, 0.0  # not a lock that newsearch writes
        if age <= lease:
            return False
        # The clocks of two machines may differ. A living writer renews its lock within this time.
        end = time.monotonic() + 2 * lease / _RENEWALS
        while time.monotonic() < end:
            time.sleep(_POLL)
            now = self._cluster.ask("GET", self._path, missing=True)
            if not now or _version(now) != _version(found):
                return False
        return True


def _lock(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document in an answer; empty if it is not one that newsearch writes."""
    document = found.get("_source")
    return document if isinstance(document, Mapping) else {}


def _version(answer: Mapping[str, Any]) -> dict[str, str]:
    return {"if_seq_no": str(answer.get("_seq_no")), "if_primary_term": str(answer.get("_primary_term"))}


def _locked(place: str, lock: Mapping[str, Any]) -> IndexLocked:
    advice = "try again later, or with --wait"
    try:
        pid = int(lock["pid"])
        host, since = one_line(str(lock["host"]))[:100], one_line(str(lock["since"]))[:19]
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return IndexLocked(f"{place}: being written by another process; {advice}")
    message = f"{place}: being written by process {pid} on {host} since {since} UTC; {advice}"
    return IndexLocked(message, pid, host, since)


def _machine() -> str:
    """What tells this machine, and this space of process numbers on it, from all others; empty if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return f"{file.read(64).strip()} {os.readlink('/proc/self/ns/pid')}"
    except (OSError, ValueError):
        return ""


def _is_running(pid: Any) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
