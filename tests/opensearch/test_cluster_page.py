"""What docs/cluster.md says about searches is true."""

from __future__ import annotations

import re
from pathlib import Path

from newsearch.engine.base import MAX_PAGE
from newsearch.engine.opensearch import answer, likeness, paging, reader, searches, translate, translation

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return " ".join(re.split(rf"\n##+ {title}\n", PAGE)[1].split("\n##")[0].split())


def test_the_limits_of_searches_are_those_of_the_code() -> None:
    searching, differing = section("Searching"), section("What differs")
    assert f"beyond the {paging.WINDOW:,}th hit" in searching
    assert f"{paging._STEP:,} hits in one request" in searching
    assert f"may reach {MAX_PAGE:,} together" in searching
    assert f"more than {translate.MAX_FORMS * translate.MAX_PARTS:,} of them" in differing
    assert f"only the {translate.MAX_FORMS} most frequent ones" in differing
    assert f"of two prefixes, {translate.MAX_FORMS // 2} each" in differing
    assert f"a text of more than {translation.MAX_TERMS} words" in differing
    assert f"at most {likeness.MAX_LIKE:,} words" in differing
    assert f"more than {answer._MAX_NEAR:,} neighbours" in differing
    assert f"beyond {reader._PRECISION:,}" in differing
    assert searches.WHOLE == {"allow_partial_search_results": "false"}
