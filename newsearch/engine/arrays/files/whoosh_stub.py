"""The constant file that lets Whoosh's own functions open an index. newsearch itself never unpickles it.

`whoosh.index.open_dir` looks for its own table of contents, and unpickles the contents. This file names two functions
of `newsearch.engine.whoosh.table` in place of the schema and the segments, in the layout of Whoosh's format -111:

    varint 4, 8, 4      sizes of int, long and float
    int    -12345       big endian, as all integers here
    int    -111         the format
    varint 3, 54, 0     a release of Whoosh
    varint n, n bytes   a pickle of the schema
    int    0, 0         generation, unused
    bytes               a pickle of the segments

It holds no data of the index, and therefore never has to change.
"""

from __future__ import annotations

from struct import pack

STUB_NAME = "_MAIN_0.toc"
"""Generation 0 of Whoosh's index MAIN. The number never changes either: toc.json holds the published generation."""


def _call(function: str) -> bytes:
    """A pickle of protocol 2 that calls a function of `newsearch.engine.whoosh.table` without arguments."""
    return b"\x80\x02cnewsearch.engine.whoosh.table\n" + function.encode() + b"\n)R."


_SCHEMA = _call("schema")

STUB = b"".join(
    (
        bytes((4, 8, 4)),
        pack(">ii", -12345, -111),
        bytes((3, 54, 0, len(_SCHEMA))),
        _SCHEMA,
        pack(">ii", 0, 0),
        _call("segments"),
    )
)
