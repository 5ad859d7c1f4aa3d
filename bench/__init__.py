"""Measures newsearch and its peers on the same articles and queries: `python -m bench --help`."""
