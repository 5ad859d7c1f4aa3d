"""An index over the network: a page for people, an API, feeds, and MCP, in one ASGI app. It never writes the index.

`app` is the application for any ASGI server; `newsearch serve` runs it in uvicorn. Needs the extra `web`.
docs/http.md describes it.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from newsearch.errors import EngineError

if TYPE_CHECKING:
    from newsearch.serve.application import app as app

__all__ = ["app", "check_web"]


def check_web() -> None:
    """Check that the packages of the extra `web` are installed.

    Raises:
        EngineError: one of them is missing.
    """
    for name in ("starlette", "jinja2", "uvicorn", "httptools", "mcp"):
        if find_spec(name) is None:
            raise EngineError(f"the package {name} is needed: pip install 'newsearch[web]'")


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    check_web()
    from newsearch.serve.application import app

    return app
