"""Of many connections at once, each worker gets its share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from socket import create_connection, create_server, socket

import pytest

if os.name != "posix":
    pytest.skip("for POSIX alone", allow_module_level=True)

from newsearch.serve import shared_socket
from newsearch.serve.shared_socket import SharedSocket


class Clients:
    """Clients of a socket, and its ends of their connections."""

    def __init__(self, listening: SharedSocket) -> None:
        self._listening = listening
        self._open = ExitStack()

    def connect(self) -> None:
        self._open.enter_context(create_connection(self._listening.getsockname()))

    def accept(self, count: int) -> None:
        for _ in range(count):
            self.connect()
            self._open.enter_context(self._listening.accept()[0])

    def end(self) -> None:
        self._open.close()


@pytest.fixture
def listening() -> Iterator[SharedSocket]:
    with SharedSocket(create_server(("127.0.0.1", 0)), 2) as made:
        made.setblocking(False)
        yield made


@pytest.fixture
def clients(listening: SharedSocket) -> Iterator[Clients]:
    made = Clients(listening)
    yield made
    made.end()


def pauses_of(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object] = list) -> list[float]:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        meanwhile()

    monkeypatch.setattr(shared_socket, "sleep", pause)
    return pauses


def test_who_has_more_connections_than_another_lets_it_go_first(
    listening: SharedSocket, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = pauses_of(monkeypatch)
    clients.accept(3)
    assert pauses == []
    other = socket(listening.family, listening.type, listening.proto, os.dup(listening.fileno()))
    pauses = pauses_of(monkeypatch, lambda: other.accept()[0].close())
    clients.connect()
    with other, pytest.raises(BlockingIOError):
        listening.accept()
    assert len(pauses) == 1


def test_what_no_other_worker_takes_is_accepted(
    listening: SharedSocket, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = pauses_of(monkeypatch)
    clients.accept(8)
    assert len(pauses) == 5


def test_connections_that_have_ended_do_not_count(
    listening: SharedSocket, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = pauses_of(monkeypatch)
    for _ in range(8):
        clients.accept(1)
        clients.end()
    assert pauses == []


def test_a_closed_connection_does_not_count_though_it_is_not_freed(listening: SharedSocket) -> None:
    """Those of uvicorn are parts of cycles, and are freed only by a garbage collection."""
    with create_connection(listening.getsockname()):
        connection, _ = listening.accept()
    assert listening._counts[1] == 1
    connection.close()
    assert listening._counts[1] == 0


def test_workers_with_as_many_connections_do_not_wait(
    listening: SharedSocket, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = pauses_of(monkeypatch)
    clients.accept(3)
    listening._counts[2:] = [os.getppid(), 3]
    clients.accept(3)
    assert pauses == []
    assert list(listening._counts) == [os.getpid(), 6, os.getppid(), 3]


def test_a_worker_that_has_ended_is_replaced(listening: SharedSocket, clients: Clients) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    listening._counts[:] = [os.getppid(), 5, ended.pid, 7]
    clients.accept(2)
    assert list(listening._counts) == [os.getppid(), 5, os.getpid(), 2]


def test_the_number_of_an_ended_worker_may_be_that_of_a_process_of_another_user(
    listening: SharedSocket, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(process: int, number: int) -> None:
        raise PermissionError

    listening._counts[:2] = [os.getppid(), 7]
    monkeypatch.setattr(os, "kill", refuse)
    clients.accept(1)
    assert list(listening._counts) == [os.getpid(), 1, 0, 0]


def test_two_workers_that_take_the_same_place_part(listening: SharedSocket, clients: Clients) -> None:
    clients.accept(2)
    listening._counts[:2] = [os.getppid(), 4]
    clients.accept(1)
    assert list(listening._counts) == [os.getppid(), 4, os.getpid(), 3]


def test_closing_it_closes_what_it_was_made_of() -> None:
    made = create_server(("127.0.0.1", 0))
    SharedSocket(made, 2).close()
    assert made.fileno() == -1
