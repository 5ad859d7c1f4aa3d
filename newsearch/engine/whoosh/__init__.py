"""The Whoosh engine: a Whoosh index whose segments are numpy arrays in memory-mapped files.

Whoosh itself is imported by `codec` and `compatible` alone, for those who come with Whoosh's own queries and writers:
newsearch's searches and writers work on the arrays directly, and start without it.
"""
