"""A server as a process: uvicorn with any number of workers."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from newsearch.errors import EngineError
from newsearch.serve.application import app
from newsearch.serve.guard import Seen
from newsearch.serve.settings import Settings

HEAD_SECONDS = 10
"""Maximum time for a client to send the head of a request."""

_BODY_SECONDS = 20
_MAX_HEAD = 32_768
_CONNECTIONS = 1_000


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, and at which address.

    Attributes:
        index: directory of the index.
        settings: limits and location of the server.
        host, port: the address to listen on; port 0 selects any free port.
        workers: number of processes that answer requests.
        synonyms: a file of synonyms.
        log: called after each request; must be picklable if there are several workers.
    """

    index: str
    settings: Settings
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    synonyms: str | None = None
    log: Callable[[Seen], None] | None = None

    def make(self) -> ASGIApp:
        """The app."""
        return app(self.index, settings=self.settings, synonyms=self.synonyms, log=self.log)


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 with limits for clients that send a request unreasonably slowly, or an endless head."""

    _deadline: asyncio.TimerHandle | None = None
    _head = 0
    _in_body = False
    _is_complete = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        self._is_complete = False
        super().data_received(data)
        if self._is_complete or self._in_body:
            self._head = 0
            return
        self._head += len(data)
        if self._head > _MAX_HEAD:
            self._give_up()
        elif self._deadline is None:
            self._wait(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_body = True
        self._wait(_BODY_SECONDS)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body, self._is_complete = False, True
        self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _wait(self, seconds: float) -> None:
        self._forget()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._forget()
        if not self.transport.is_closing():
            self.transport.close()


def run(served: Served, ready: Callable[[str], None]) -> None:
    """Serve until the process is stopped (TERM, or Ctrl-C); requests in progress are answered first.

    Args:
        ready: called with the address of the server when it listens.

    Raises:
        EngineError: the server cannot listen on the address.
    """
    config = Config(
        partial(Served.make, served),
        factory=True,
        host=served.host,
        port=served.port,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        workers=served.workers,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=HEAD_SECONDS,
        timeout_graceful_shutdown=15,
    )
    try:
        socket = _listen(served)
    except OSError as error:
        place, reason = f"{served.host}:{served.port}", error.strerror or error
        raise EngineError(f"{place}: cannot be listened on: {reason}; choose another --port") from error
    host = f"[{served.host}]" if ":" in served.host else served.host
    # After stopping, uvicorn raises the signal that stopped it again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ready(f"http://{host}:{socket.getsockname()[1]}{served.settings.base_path}/")
    try:
        if served.workers > 1:
            Multiprocess(config, sockets=[socket]).run()
        else:
            Server(config).run(sockets=[socket])
    except KeyboardInterrupt:
        return


def _listen(served: Served) -> Any:
    import socket

    family = socket.AF_INET6 if ":" in served.host else socket.AF_INET
    # Named, because asyncio would otherwise not disable Nagle's algorithm, and responses would wait 40 ms for an ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((served.host, served.port))
        listening.listen(2_048)  # before the address is announced, so clients can connect
    except OSError:
        listening.close()
        raise
    listening.set_inheritable(True)
    return listening


def run_tools(index: str, settings: Settings, synonyms: str | None = None) -> None:
    """Offer the tools for assistants on standard input and output, until the input ends."""
    from newsearch.serve.live import Live
    from newsearch.serve.tools import server

    live = Live(index, settings, synonyms)
    try:
        server(live, settings).run("stdio")
    except KeyboardInterrupt:
        return
    finally:
        live.close()
