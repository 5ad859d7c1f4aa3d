"""The Whoosh engine: a Whoosh index whose segments are numpy arrays in memory-mapped files.

Whoosh itself is imported by `codec` and `writer` alone, when something is written or when one of Whoosh's own
query classes is to run: a search reads the arrays directly, and starts without it.
"""
