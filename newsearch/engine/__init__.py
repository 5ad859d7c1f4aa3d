"""Who keeps an index and answers query trees? `open_engine` chooses an engine by the place of the index."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from newsearch.errors import EngineError

if TYPE_CHECKING:
    from newsearch.engine.base import Engine

ENGINES: dict[str, str] = {"": "newsearch.engine.arrays.engine:ArraysEngine"}
"""By the scheme of a place (`scheme://...`) the engine for it, as `module:class`. It is imported when first needed,
and called with the place. A directory has no scheme, and is given as a Path."""

_EXTRAS = {"opensearch+https": "opensearch", "opensearch+http": "opensearch"}
"""By scheme, the extra of newsearch that will bring the engine."""


def open_engine(place: str | os.PathLike[str]) -> Engine:
    """The engine of an index. Nothing is opened yet, and there need be no index.

    Args:
        place: a directory; or text that begins with the scheme of another engine, as in opensearch+https://host/name.

    Raises:
        EngineError: no engine of this version keeps an index there.
    """
    scheme, mark, _ = place.partition("://") if isinstance(place, str) else ("", "", "")
    if not mark or "/" in scheme:
        scheme, place = "", Path(place)
    home = ENGINES.get(scheme)
    if home is None:
        raise EngineError(f"{place}: {_no_engine(scheme)}")
    module, _, name = home.partition(":")
    engine: Engine = getattr(import_module(module), name)(place)
    return engine


def _no_engine(scheme: str) -> str:
    if extra := _EXTRAS.get(scheme):
        return (
            f"this version of newsearch has no engine for {scheme}:// yet; a later one will bring it with the extra"
            f" newsearch[{extra}]. Until then, give a directory"
        )
    return f"there is no engine for {scheme}://; give a directory (./{scheme}:... if that is its name)"
