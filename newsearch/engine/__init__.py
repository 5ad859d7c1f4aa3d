"""Who keeps an index and answers query trees? `open_engine` chooses an engine by the place of the index."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from newsearch.errors import EngineError

if TYPE_CHECKING:
    from newsearch.engine.base import Engine

_OPENSEARCH = "newsearch.engine.opensearch.engine:OpenSearchEngine"

ENGINES: dict[str, str] = {
    "": "newsearch.engine.arrays.engine:ArraysEngine",
    "opensearch+https": _OPENSEARCH,
    "opensearch+http": _OPENSEARCH,
}
"""By the scheme of a place (`scheme://...`) the engine for it, as `module:class`. It is imported when first needed,
and called with the place. A directory has no scheme, and is given as a Path."""


class ClusterPlace(str):
    """The address of an index in a cluster, with the password of its user. As text, it is only the address.

    Args:
        address: opensearch+https://user@host:9200/name, with the options that docs/cluster.md lists.
        password: of the user.
    """

    password: str

    def __new__(cls, address: str, password: str = "") -> ClusterPlace:
        place = super().__new__(cls, address)
        place.password = password
        return place


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
    return (
        f"there is no engine for {scheme}://; give opensearch+https://HOST/NAME for an index in a cluster,"
        f" or a directory (./{scheme}:... if that is its name)"
    )
