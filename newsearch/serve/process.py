"""A server as a process: uvicorn with any number of workers."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from errno import EADDRNOTAVAIL, EMFILE, ENFILE
from functools import partial
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, gaierror, socket
from threading import Thread
from time import monotonic, sleep
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config, Server
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.supervisors import Multiprocess

from newsearch.errors import EngineError
from newsearch.serve.answers import Answer, problem
from newsearch.serve.application import app
from newsearch.serve.guard import Guard, Seen
from newsearch.serve.heap import keep_little
from newsearch.serve.scratch import hold, scratch_directory
from newsearch.serve.settings import Settings
from newsearch.serve.shared_socket import SharedSocket

HEAD_SECONDS = 10
"""Maximum time for a client to send the head of a request."""

_BODY_SECONDS = 25
"""Maximum time for a client to send a body that the app does not read, or that it has refused as too late."""

_SEND_SECONDS = 60
"""Maximum time in which a client reads none of an answer that does not fit into the buffers, or hardly anything."""

_MAX_HEAD = 32_768
_CONNECTIONS = 1_000
"""Open connections beyond which requests are refused; twice as many are not kept open at all."""

_QUEUE = 2_048
"""Connections that wait to be accepted."""

_SWITCH_SECONDS = 0.001
"""The maximum number of seconds that the loop waits for a thread that searches, on one processor. Python's default is 5
ms."""

_GARBAGE = 20_000
_STARTING_SECONDS = 1.0
_STOPPING_SECONDS = 15
"""Maximum time for the requests that have begun when the server is stopped."""

_ENDING_SECONDS = 2.0
"""Maximum time for searches that nobody waits for any more, when the loop of a process has ended."""

_FILES = 3 * _CONNECTIONS
"""Open files that a worker may need: connections up to the number at which they are closed, and the index."""

_TOLD_SECONDS = 60.0
"""Minimum time between two lines on connections that cannot be opened."""

_RETRY_SECONDS = 5.0
"""The time in which asyncio tries again to accept a connection; it takes a second, and longer under load."""


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, and at which address.

    Attributes:
        index: directory of the index.
        settings: limits and location of the server.
        host, port: the address to listen on; port 0 selects any free port.
        workers: number of processes that answer requests.
        synonyms: a file of synonyms.
        log: called after each request.
        tell: called when a file can no longer be read, and when it can again.
        log_config: for `logging.config.dictConfig` in each process.

    All of them must be picklable if there are several workers.
    """

    index: str
    settings: Settings
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    synonyms: str | None = None
    log: Callable[[Seen], None] | None = None
    tell: Callable[[str], None] | None = None
    log_config: dict[str, Any] | None = None

    def make(self, shared: socket | None = None) -> ASGIApp:
        """The app, in a process that it has for itself.

        Args:
            shared: the listening socket, if other workers listen on it too.
        """
        sys.setswitchinterval(_SWITCH_SECONDS)
        keep_little()
        # Modules stay as long as the process, and answers leave no cycles: most collections find nothing.
        gc.freeze()
        gc.set_threshold(_GARBAGE, 20, 50)
        if self.settings.shared is not None:
            hold(self.settings.shared)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_Faults(self.tell))
        _ending.add(loop.create_task(_end_after_loop()))
        if shared is not None:
            Thread(target=_end_with_parent, name="newsearch-parent", daemon=True).start()
            loop.call_later(_STARTING_SECONDS, shared.listen, _QUEUE)
        return app(self.index, settings=self.settings, synonyms=self.synonyms, log=self.log, tell=self.tell)


_ending: set[asyncio.Task[None]] = set()
"""Keeps the tasks of `_end_after_loop` alive: a loop holds its tasks only weakly."""


async def _end_after_loop() -> None:
    """Wait until the loop ends, which cancels its tasks. Then end the process soon, whatever its threads do.

    The interpreter would wait for a search that hangs, as one in a cluster that does not answer.
    """
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        Thread(target=_end_soon, name="newsearch-ending", daemon=True).start()


def _end_soon() -> None:
    sleep(_ENDING_SECONDS)
    os._exit(0)


class _Faults:
    """Handles the errors that no task of a loop handles: those that a crowd causes are told now and then.

    asyncio tells each attempt to accept a connection when no more files can be opened: thousands of tracebacks a
    second. It then tries as often to listen again, which fails if the server has stopped meanwhile.
    """

    def __init__(self, tell: Callable[[str], None] | None) -> None:
        self._tell = tell
        self._told = -_TOLD_SECONDS
        self._crowded = -_RETRY_SECONDS

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, now = context.get("exception"), monotonic()
        if isinstance(error, OSError) and error.errno in (EMFILE, ENFILE) and "socket" in context:
            self._crowded = now
            if self._tell and now - self._told >= _TOLD_SECONDS:
                self._told = now
                self._tell(
                    f"connections wait: {error.strerror}; raise the limit (ulimit -n, or LimitNOFILE of systemd)"
                )
        elif not (
            isinstance(error, ValueError) and "handle" in context and now - self._crowded < _RETRY_SECONDS
        ):
            loop.default_exception_handler(context)


def _end_with_parent() -> None:
    """Stop this worker when its parent is gone: nothing else would stop it, and it would keep the port."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    # A search that never ends would keep the process.
    sleep(2 * _STOPPING_SECONDS)
    os._exit(1)


async def _crowded(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a request because there are too many connections."""
    headers = {"Retry-After": "5", "Connection": "close"}
    await problem(503, "too many connections are open", headers=headers)(scope, receive, send)


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 with limits for clients that send or read unreasonably slowly, for endless heads and for crowds.

    A request that `Guard` answers at once is answered while it is read, and in one piece. A task and the messages of
    ASGI would take a fifth of the time of an answer that is kept.
    """

    _deadline: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _head = 0
    _in_body = False
    _has_body_time = False
    _is_complete = False
    _may_answer = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > 2 * _CONNECTIONS:
            transport.abort()
        self._wait(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        self._is_complete = False
        # Of many requests sent together, the others wait until other clients have had their turn.
        self._may_answer = True
        super().data_received(data)
        self._may_answer = False
        if self._is_complete or self._in_body:
            self._head = 0
            if self._in_body and not self._has_body_time:
                self._has_body_time = True
                self._wait(_BODY_SECONDS)
            return
        self._head += len(data)
        if self._head > _MAX_HEAD:
            self._give_up()
        elif self._deadline is None:
            self._wait(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        if len(self.connections) > _CONNECTIONS:
            self.app = _crowded
        super().on_headers_complete()
        self._in_body, self._has_body_time = True, False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        answer = self._answer_at_once(cycle, app) if self._may_answer else None
        if answer is None:
            super()._start_asgi_task(cycle, app)
            return
        self._may_answer = False
        cycle.response_started = cycle.response_complete = True
        self.transport.write(_whole(answer, self.server_state.default_headers, keeps_open=cycle.keep_alive))
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _answer_at_once(self, cycle: RequestResponseCycle, app: Any) -> Answer | None:
        guard: Any = app.app if isinstance(app, ProxyHeadersMiddleware) else app
        scope: Any = cycle.scope
        if (
            not isinstance(guard, Guard)
            or scope["method"] not in ("GET", "HEAD")
            or self.flow.write_paused
            or any(name in _CHANGES for name, _ in scope["headers"])
        ):
            return None
        try:
            return guard.at_once(scope)
        except Exception:  # the app raises it again, where uvicorn logs it
            return None

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body, self._is_complete = False, True
        self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._forget_stuck()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        # Closing would wait for the client to read the rest.
        self._stuck = self.loop.call_later(_SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._forget_stuck()
        super().resume_writing()

    def _forget_stuck(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

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


_CHANGES = frozenset(
    [b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"x-forwarded-for", b"x-forwarded-proto"]
)
"""Headers of requests that have a body, or that uvicorn or its middleware does more with."""


def _whole(answer: Answer, more: Iterable[tuple[bytes, bytes]], *, keeps_open: bool) -> bytes:
    """A response of HTTP/1.1."""
    parts = [STATUS_LINE[answer.status]]
    for name, value in (*more, *answer.headers):
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n" if keeps_open else b"connection: close\r\n\r\n")
    parts.append(answer.body)
    return b"".join(parts)


def run(served: Served, ready: Callable[[str], None]) -> None:
    """Serve until the process is stopped (TERM, or Ctrl-C); requests in progress are answered first.

    Args:
        ready: called with the address of the server when it listens.

    Raises:
        EngineError: the server cannot listen on the address.
    """
    _raise_file_limit()
    try:
        listening = _listen(served)
    except OSError as error:
        place, reason = f"{served.host}:{served.port}", error.strerror or error
        is_of_host = isinstance(error, gaierror) or error.errno == EADDRNOTAVAIL
        raise EngineError(
            f"{place}: cannot listen on this address: {reason}; choose another --{'host' if is_of_host else 'port'}"
        ) from error
    with scratch_directory() if served.settings.shared_memory else nullcontext() as shared:
        _run(replace(served, settings=replace(served.settings, shared=shared)), listening, ready)


def _run(served: Served, listening: socket, ready: Callable[[str], None]) -> None:
    is_shared = served.workers > 1
    if is_shared and os.name == "posix":
        listening = SharedSocket(listening, served.workers)
    config = Config(
        partial(Served.make, served, listening if is_shared else None),
        factory=True,
        host=served.host,
        port=served.port,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        workers=served.workers,
        log_config=served.log_config,
        log_level="warning",
        access_log=False,
        server_header=False,
        # A worker would otherwise accept all connections that wait, and leave none for the others.
        backlog=1 if is_shared else _QUEUE,
        timeout_keep_alive=HEAD_SECONDS,
        timeout_graceful_shutdown=_STOPPING_SECONDS,
        # A worker that has not answered by then is killed, even one that is still starting on a busy machine.
        timeout_worker_healthcheck=60,
    )
    host = f"[{served.host}]" if ":" in served.host else served.host
    # After stopping, uvicorn raises the signal that stopped it again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A terminal that is closed sends it. Several workers are replaced then, which uvicorn does.
    if os.name == "posix" and not is_shared and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    ready(f"http://{host}:{listening.getsockname()[1]}{served.settings.base_path}/")
    try:
        if is_shared:
            Multiprocess(config, sockets=[listening]).run()
        else:
            Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        return


def _raise_file_limit() -> None:
    """Let this process, and the workers that it starts, open as many files as a crowd needs, if the system allows it.

    The usual limit of 1,024 is reached before the connections are too many, and then nobody is told so.
    """
    with suppress(ImportError, OSError, ValueError):  # ImportError: a system without such limits
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit

        soft, hard = getrlimit(RLIMIT_NOFILE)
        if soft != RLIM_INFINITY and soft < _FILES:
            setrlimit(RLIMIT_NOFILE, (_FILES if hard == RLIM_INFINITY else min(_FILES, hard), hard))


def _listen(served: Served) -> socket:
    family = AF_INET6 if ":" in served.host else AF_INET
    # Named, because asyncio would otherwise not disable Nagle's algorithm, and responses would wait 40 ms for an ACK.
    listening = socket(family, SOCK_STREAM, IPPROTO_TCP)
    if os.name == "posix":
        listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        listening.bind((served.host, served.port))
        listening.listen(_QUEUE)  # before the address is announced, so clients can connect
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
