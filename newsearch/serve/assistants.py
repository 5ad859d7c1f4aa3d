"""The tools for assistants over HTTP. They are loaded at their first use: the SDK takes 25 MB, and most of a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from starlette.types import ASGIApp, Receive, Scope, Send

from newsearch.serve.live import Live
from newsearch.serve.settings import Settings


class Assistants:
    """An ASGI app with the tools, which answers while `running` is entered."""

    def __init__(self, live: Live, settings: Settings, path: str) -> None:
        self._live = live
        self._settings = settings
        self._path = path
        self._endpoint: asyncio.Future[ASGIApp] | None = None
        self._wanted = asyncio.Event()
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._endpoint is None:
            self._endpoint = asyncio.get_running_loop().create_future()
            self._wanted.set()
        # Shielded, because a client that leaves must not cancel what the others wait for.
        endpoint = await asyncio.shield(self._endpoint)
        await endpoint(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The time in which the tools can be used."""
        host = asyncio.create_task(self._host())
        try:
            yield
        finally:
            self._closing.set()
            self._wanted.set()
            await host

    async def _host(self) -> None:
        """Run the SDK's sessions, which must begin and end in one task."""
        await self._wanted.wait()
        waiting = self._endpoint
        if waiting is None:
            return
        try:
            # In a thread, because the others must not wait for an import.
            tools = await asyncio.to_thread(import_module, "newsearch.serve.tools")
            server = tools.server(self._live, self._settings)
            endpoint = tools.http_endpoint(server, self._path)
            async with server.session_manager.run():
                waiting.set_result(endpoint)
                await self._closing.wait()
        except Exception as error:
            if waiting.done():
                raise
            waiting.set_exception(error)
