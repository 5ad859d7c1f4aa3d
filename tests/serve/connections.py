"""A server that listens in this process, and connections to it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def listening(served: Any) -> Iterator[tuple[int, Any]]:
    """The port and the state of a server in a thread of this process, with the protocol of `newsearch serve`."""
    from uvicorn import Config, Server

    from newsearch.serve.process import PatientProtocol

    config = Config(
        served, http=PatientProtocol, ws="none", lifespan="auto", log_config=None, log_level="critical"
    )
    server = Server(config)
    with socket.create_server(("127.0.0.1", 0)) as place:
        thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[place]),))
        thread.start()
        try:
            yield place.getsockname()[1], server
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


def received(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    found = b""
    while part := connection.recv(65_536):
        found += part
    return found


def connected(port: int, **options: Any) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60, **options)
