"""Clients of an HTTP server, in a process of their own: `load` asks for addresses over connections that stay open.

One thread and epoll: a request costs the client some 25 microseconds. Its share of a processor is told with every
measurement, because client and server share the machine.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

_HEAD = re.compile(
    rb"HTTP/1\.[01] (\d+).*?\r\n(?:content-length: *(\d+)|transfer-encoding: *chunked)",
    re.DOTALL | re.IGNORECASE,
)
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_PATIENCE = 60.0
"""Seconds without any answer after which the server is taken for dead."""


class Measured(NamedTuple):
    """What a run came to.

    Attributes:
        rate: answers a second.
        half, most, worst: milliseconds that half of the answers, and 99 of 100, took at most, and the slowest one. At a
            fixed rate they count from when the request was due, not from when a connection was free for it.
        statuses: the number of answers by status.
        client: the share of one processor that the client took.
        answers: the number of answers.
    """

    rate: float
    half: float
    most: float
    worst: float
    statuses: dict[str, int]
    client: float
    answers: int


def load(
    port: int, addresses: Sequence[str], *, connections: int, seconds: float, rate: float | None = None
) -> Measured:
    """Ask for addresses in turn, again from the first if there are too few, for some seconds.

    Args:
        connections: the number of requests at the same time, at most.
        rate: requests that are due each second; None asks as fast as the connections are free.
    """
    plan = {"port": port, "connections": connections, "seconds": seconds, "rate": rate}
    given = json.dumps({**plan, "addresses": list(addresses)})
    done = subprocess.run([sys.executable, "-m", __name__], input=given, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Measured(**json.loads(done.stdout))


class _Connection:
    """One connection, and the answer that it is reading."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.due = 0.0
        self.is_asked = False
        self._got = bytearray()
        self._end = 0
        self._status = ""
        self._is_chunked = False

    def ask(self, request: bytes, due: float) -> None:
        self.due, self.is_asked = due, True
        self.socket.sendall(request)

    def read(self) -> str | None:
        """The status, if the answer is complete."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed a connection")
        self._got += data
        if not self._end:
            at = self._got.find(b"\r\n\r\n")
            if at < 0:
                return None
            head = _HEAD.match(bytes(self._got[: at + 4]))
            if head is None:
                raise ValueError(f"no answer of a known length: {bytes(self._got[:200])!r}")
            self._status, self._is_chunked = head[1].decode(), head[2] is None
            self._end = at + 4 + int(head[2] or 1)
        if len(self._got) < self._end or (self._is_chunked and not self._got.endswith(_LAST_CHUNK)):
            return None
        self._got.clear()
        self._end = 0
        self.is_asked = False
        return self._status


def _run(port: int, addresses: list[str], connections: int, seconds: float, rate: float | None) -> Measured:
    requests = [f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for address in addresses]
    selector = selectors.DefaultSelector()
    free: deque[_Connection] = deque()
    for _ in range(connections):
        connection = _Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        free.append(connection)
    taken: list[float] = []
    statuses: Counter[str] = Counter()
    asked, busy, clock = 0, 0, time.perf_counter
    started, cpu = clock(), time.process_time()
    heard = started
    while True:
        now = clock()
        is_over = now - started >= seconds
        if is_over and not busy:
            break
        if now - heard > _PATIENCE:
            raise TimeoutError(f"no answer for {_PATIENCE:.0f} seconds")
        while free and not is_over:
            due = now if rate is None else started + asked / rate
            if due > now:
                break
            free.popleft().ask(requests[asked % len(requests)], due)
            asked, busy = asked + 1, busy + 1
        wait = 1.0 if rate is None or not free or is_over else max(0.0, started + asked / rate - clock())
        for key, _ in selector.select(wait):
            connection = key.data
            if not connection.is_asked:
                # The server may close a connection that is not used for some seconds.
                selector.unregister(connection.socket)
                connection.socket.close()
                free.remove(connection)
                fresh = _Connection(port)
                selector.register(fresh.socket, selectors.EVENT_READ, fresh)
                free.append(fresh)
                continue
            if status := connection.read():
                heard = clock()
                taken.append(heard - connection.due)
                statuses[status] += 1
                free.append(connection)
                busy -= 1
    took, cpu = clock() - started, time.process_time() - cpu
    taken.sort()
    half, most, worst = (1000 * taken[int((len(taken) - 1) * part)] for part in (0.5, 0.99, 1.0))
    return Measured(len(taken) / took, half, most, worst, dict(statuses), cpu / took, len(taken))


if __name__ == "__main__":
    print(json.dumps(_run(**json.load(sys.stdin))._asdict()))
