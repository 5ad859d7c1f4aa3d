"""Engines: what keeps an index and answers a query tree. `base` is the protocol that each one fulfils."""
