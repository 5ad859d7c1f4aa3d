"""The search libraries that are measured: one module each, made here by name."""

from __future__ import annotations

from importlib import import_module

from bench.peers.base import Peer

NAMES = ("newsearch", "tantivy", "tantivy-boosted", "pisa", "lucene", "fts5", "whoosh", "bm25s")


def make(name: str) -> Peer:
    """The peer of this name; ImportError when its library is not installed."""
    module_name, _, boosted = name.partition("-")
    module = import_module(f"bench.peers.{module_name}")
    if module_name == "tantivy":
        peer: Peer = module.Tantivy(boosted=bool(boosted))
    else:
        peer = getattr(module, module_name.capitalize())()
    return peer
