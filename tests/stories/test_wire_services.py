"""Wire services are known by bylines and datelines."""

from __future__ import annotations

import pytest

from newsearch.articles.article import Article
from newsearch.stories.bylines import wire


@pytest.mark.parametrize(
    ("excerpt", "authors", "named"),
    [
        ("LONDON (Reuters) - Ferries are running again.", (), "Reuters"),
        ("WESTMERE, May 1 (AP) — Ferries are running again.", (), "AP"),
        ("New Harbour, April 18 (IANS): Ferries run.", (), "IANS"),
        ("Reuters - Ferries are running again.", (), "Reuters"),
        ("Ferries are running again.", ("The Associated Press",), "AP"),
        ("Ferries are running again.", ("Jo Doe, Associated Press",), "AP"),
        ("Ferries are running again.", ("By REUTERS",), "Reuters"),
        ("Ferries are running again, Reuters reports - at last.", (), ""),
        ("The app (AP) is new.", (), ""),
        ("Ferries are running again.", ("Ap Singh",), ""),
        ("", (), ""),
    ],
)
def test_a_wire_service_is_known_by_what_signs_the_text(
    excerpt: str, authors: tuple[str, ...], named: str
) -> None:
    assert wire(Article(id="a", title="Ferries", excerpt=excerpt, authors=authors)) == named
