"""The head of a response is sent with the first part of its body, and never kept back for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from newsearch.serve.process import _Joined


class Transport:
    """Notes what is done with it."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.done


def done(act: Callable[[_Joined], None], *, turns: int = 2) -> list[bytes | str]:
    """What reaches the transport, some turns of the loop later."""

    async def run() -> list[bytes | str]:
        transport = Transport()
        act(_Joined(transport, asyncio.get_running_loop()))
        for _ in range(turns):
            await asyncio.sleep(0)
        return [*transport.done]

    return asyncio.run(run())


def test_head_and_body_are_one_write() -> None:
    def answer(joined: _Joined) -> None:
        joined.write(b"head")
        joined.write(b"body")
        joined.write(b"more")

    assert done(answer) == [b"headbody", b"more"]


def test_a_head_without_a_body_is_sent_in_the_next_turn() -> None:
    assert done(lambda joined: joined.write(b"head"), turns=0) == []
    assert done(lambda joined: joined.write(b"head")) == [b"head"]
    assert done(lambda joined: joined.write(b"")) == []


def test_closing_sends_what_is_waiting_first() -> None:
    def end(joined: _Joined) -> None:
        joined.write(b"head")
        joined.close()
        assert joined.is_closing()

    assert done(end) == [b"head", "closed"]
