"""Query text -> engine-independent tree: `parse` reads a query, `describe` shows the tree.

Nothing here depends on an engine. docs/query-syntax.md is the user documentation.
"""

from __future__ import annotations

from newsearch.query.dates import in_utc, parse_date_range, parse_duration, parse_moment, parse_zone
from newsearch.query.describe import describe
from newsearch.query.fields import CHOICES, FIELDS, is_bare
from newsearch.query.parser import (
    MAX_COST,
    MAX_DISTANCE,
    MAX_EDITS,
    MAX_QUERY_LENGTH,
    MAX_WEIGHT,
    MIN_WEIGHT,
    Parsed,
    parse,
)
from newsearch.query.tokens import MAX_CLAUSES, MAX_DEPTH, Note

__all__ = [
    "CHOICES",
    "FIELDS",
    "MAX_CLAUSES",
    "MAX_COST",
    "MAX_DEPTH",
    "MAX_DISTANCE",
    "MAX_EDITS",
    "MAX_QUERY_LENGTH",
    "MAX_WEIGHT",
    "MIN_WEIGHT",
    "Note",
    "Parsed",
    "describe",
    "in_utc",
    "is_bare",
    "parse",
    "parse_date_range",
    "parse_duration",
    "parse_moment",
    "parse_zone",
]
