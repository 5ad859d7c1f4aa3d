"""Loads compiled modules, checks them against their Python counterparts, and rejects stale builds.

Each C module does the same as the Python module beside it. It is built when newsearch is installed, and left out if
there is no compiler. A module built from other sources, or with other constants, would follow outdated rules. This is
an error, and never ignored silently.

setup.py runs this file on its own, before newsearch is installed. It may import only the standard library.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from importlib import import_module
from typing import Any

MODULES = (
    "newsearch.articles._reading",
    "newsearch.engine.arrays.loops._kernel",
    "newsearch.engine.arrays.loops._sieve",
    "newsearch.engine.arrays.loops._spread",
    "newsearch.engine.arrays.searching._lookup",
    "newsearch.engine.arrays.segment._json_articles",
    "newsearch.engine.arrays.segment._stored",
    "newsearch.engine.arrays.writing._building",
    "newsearch.engine.opensearch._coding",
    "newsearch.stories._comparing",
    "newsearch.stories._likeness",
    "newsearch.stories._linkage",
    "newsearch.stories._smoothing",
    *(() if os.name == "nt" else ("newsearch.sources._listing",)),
)
"""All compiled modules of this platform."""

_SHARED = "_c"


def compiled(name: str, constants: Mapping[str, float]) -> Any:
    """Return the compiled module with this full name, or None if newsearch was installed without a compiler.

    Args:
        name: the name of the module, which exports CONSTANTS and SOURCE (see _c/_module.h).
        constants: the Python value of each of CONSTANTS.

    Raises:
        StaleBuild: the module cannot be imported, has other constants, or was not built from the sources beside it.
    """
    try:
        module = import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name == name:
            return None
        raise _stale(name, f"it cannot be imported ({missing})") from missing
    except Exception as error:  # its initialisation may raise anything
        raise _stale(name, f"it cannot be imported ({error})") from error
    found = getattr(module, "CONSTANTS", None)
    if found != constants:
        differing = sorted(dict(found or {}).items() ^ constants.items())
        raise _stale(name, f"it has other constants ({', '.join(dict.fromkeys(n for n, _ in differing))})")
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    files = sources(os.path.join(root, *name.split(".")))
    # An installed package has no sources beside it. All its files come from the same build.
    if files and getattr(module, "SOURCE", None) != fingerprint(files):
        raise _stale(name, "its sources have changed since it was built")
    return module


def sources(stem: str) -> list[str]:
    """Return the paths of the C files of a compiled module; empty if the sources are not present.

    Args:
        stem: the path of the module without its suffix. All files whose names start with it belong to the module.
    """
    folder, name = os.path.split(stem)
    shared = os.path.join(os.path.dirname(__file__), _SHARED)
    own = [
        file for file in sorted(os.listdir(folder)) if file.startswith(name) and file.endswith((".c", ".h"))
    ]
    if not own:
        return []
    return [os.path.join(folder, file) for file in own] + [
        os.path.join(shared, file) for file in sorted(os.listdir(shared)) if file.endswith(".h")
    ]


def fingerprint(files: list[str]) -> int:
    """Return a 32-bit checksum of the contents of files."""
    total = 0
    for file in files:
        with open(file, "rb") as stream:
            total = zlib.crc32(stream.read(), zlib.crc32(b"\0", total))
    return total


def _stale(name: str, reason: str) -> Exception:
    from newsearch.errors import StaleBuild

    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    is_checkout = os.path.exists(os.path.join(root, "setup.py"))
    advice = f"`pip install -e .` in {root}" if is_checkout else "`pip install --force-reinstall newsearch`"
    return StaleBuild(f"{name}: this compiled module is not of this newsearch: {reason}; run {advice}")
