"""Which constant file makes Whoosh's own functions open an index? Nothing of newsearch unpickles it.

`whoosh.index.open_dir` looks for a table of contents of its own kind, and unpickles what it finds there. The file
written here names two functions of `newsearch.engine.whoosh.table` in the place of a schema and of segments, in the
layout of Whoosh's format -111:

    varint 4, 8, 4      sizes of int, long and float
    int    -12345       big endian, as all integers here
    int    -111         the format
    varint 3, 54, 0     a release of Whoosh
    varint n, n bytes   a pickle of the schema
    int    0, 0         generation, unused
    bytes               a pickle of the segments

It says nothing of the index itself, so it never has to change.
"""

from __future__ import annotations

from struct import pack

STUB_NAME = "_MAIN_0.toc"
"""Generation 0 of Whoosh's index MAIN. The number is constant too: what is published stands in the real table."""


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
