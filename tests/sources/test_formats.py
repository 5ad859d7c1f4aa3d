"""Real files of every format, held to the values that were written down for each: 98 % of them must be right.

The files are not part of the project; without them beside the checkout, these tests are skipped.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from newsearch.articles.article import Article
from newsearch.errors import SourceError
from newsearch.sources.opml import subscriptions
from newsearch.sources.registry import open_source

FORMATS = Path(
    os.environ.get("NEWSEARCH_FORMATS", Path(__file__).parents[2].parent / "shared" / "data" / "formats")
)
KEYS = """title url date modified author provider topics category language published
excerpt_starts body_contains body_lacks""".split()
ENOUGH = 0.98

needs_files = pytest.mark.skipif(not FORMATS.is_dir(), reason=f"needs the sample files in {FORMATS}")
FOLDERS = sorted(path.name for path in FORMATS.iterdir() if path.is_dir()) if FORMATS.is_dir() else []


@needs_files
@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != "opml"])
def test_the_values_of_real_files_are_right(folder: str) -> None:
    checks = list(judged(FORMATS / folder))
    wrong = [what for is_right, what in checks if not is_right]
    assert len(wrong) <= (1 - ENOUGH) * len(checks), "\n".join(wrong)


@needs_files
def test_the_lists_of_feeds_are_right() -> None:
    checks = list(listed(FORMATS / "opml"))
    assert [what for is_right, what in checks if not is_right] == []


def listed(folder: Path) -> Iterator[tuple[bool, str]]:
    """Every value that was written down of lists of feeds, and whether it is right."""
    for told in sorted(folder.glob("*.expected.json")):
        name = told.name.removesuffix(".expected.json")
        expected = json.loads(told.read_text(encoding="utf-8"))
        found = subscriptions(told.with_name(name).read_bytes(), name)
        yield len(found) == expected["count"], f"{name}: {len(found)} feeds"
        first, last = expected["first"], expected["last"]
        for entry, feed in [*zip(first, found, strict=False), *zip(last, found[-len(last) :], strict=True)]:
            topics = [entry.get("topics", []), *entry.get("topics_or", [])]
            yield feed.feed == entry["feed"], f"{name}: {feed.feed}"
            yield folded(feed.title) == folded(entry["title"]), f"{name}: {feed.title}"
            yield "url" not in entry or feed.page == entry["url"], f"{name}: {feed.page}"
            yield list(feed.folders) in topics, f"{name}: {feed.folders}"


def judged(folder: Path) -> Iterator[tuple[bool, str]]:
    """Every value that was written down of the files of a folder, and whether it is right."""
    for told in sorted(folder.rglob("*.expected.json")):
        name = told.name.removesuffix(".expected.json")
        expected = json.loads(told.read_text(encoding="utf-8"))
        if isinstance(expected, list):
            expected = {"count": len(expected), "first": expected}
        path = told.with_name(name)
        articles = read(path)
        label = str(path.relative_to(folder.parent))
        counts = [expected[key] for key in ("count",) if key in expected] + expected.get("count_or", [])
        if counts:
            yield len(articles) in counts, f"{label}: {len(articles)} articles, not {counts[0]}"
        first, last = expected["first"], expected.get("last") or []
        pairs = [
            *zip(first, articles, strict=False),
            *zip(last, articles[-len(last) :] if last else [], strict=False),
        ]
        for number, entry in enumerate([*first, *last]):
            article = pairs[number][1] if number < len(pairs) else None
            for key in KEYS:
                if key in entry:
                    found = value_of(article, key) if article else "no article"
                    is_right = article is not None and is_accepted(article, entry, key)
                    yield is_right, f"{label} #{number} {key}: {found!r:.200} is not {entry[key]!r:.200}"


def read(path: Path) -> list[Article]:
    """The articles of a file."""
    try:
        results = list(open_source(path).articles())
    except SourceError:
        return []
    return [article for article in results if not isinstance(article, SourceError)]


def value_of(article: Article, key: str) -> Any:
    provider = article.provider
    values = {
        "url": article.url,
        "author": list(article.authors),
        "provider": {"name": provider.name, "domain": provider.domain} if provider else None,
        "excerpt_starts": (article.excerpt or article.body)[:60],
        "body_contains": (article.body or article.excerpt)[:60],
        "body_lacks": article.body[:60],
    }
    return values[key] if key in values else getattr(article, key)


def is_accepted(article: Article, entry: Mapping[str, Any], key: str) -> bool:
    """Whether a value of an article is one of those that the entry has under a key."""
    stem = key.removesuffix("_starts")
    texts = [folded(article.body), folded(article.excerpt)]
    if key == "body_contains":
        return any(folded(entry[key]) in text for text in texts)
    if key == "body_lacks":
        return not any(folded(phrase) in text for phrase in entry[key] for text in texts)
    accepted = [entry[key], *entry.get(f"{stem}_or", [])]
    if key == "excerpt_starts":
        return any(text.startswith(folded(start)) for start in accepted for text in texts)
    return any(same(key, getattr(article, _FIELDS.get(key, key)), value, entry) for value in accepted)


_FIELDS = {"author": "authors"}


def same(key: str, found: Any, wanted: Any, entry: Mapping[str, Any]) -> bool:
    if key in ("date", "modified"):
        return found is None if wanted is None else found is not None and instant(found) == instant(wanted)
    if key == "provider":
        domain = found.domain.removeprefix("www.") if found else ""
        wanted_domain = wanted.get("domain", "").removeprefix("www.")
        return (
            found is not None
            and ("name" not in wanted or folded(found.name) == folded(wanted["name"]))
            and (domain == wanted_domain or domain.endswith(f".{wanted_domain}") or not wanted_domain)
        )
    if key in ("author", "topics"):
        names = {folded(name).casefold() for name in found}
        may = {folded(name).casefold() for name in entry.get("topics_may", ())} if key == "topics" else set()
        must = {folded(name).casefold() for name in wanted or ()}
        return must <= names and names - must <= may
    if isinstance(wanted, str) and isinstance(found, str):
        return folded(found) == folded(wanted)
    return bool(found == wanted) or (wanted is None and found in ("", None))


def folded(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def instant(value: Any) -> dt.datetime:
    when = value if isinstance(value, dt.date) else dt.datetime.fromisoformat(value)
    if not isinstance(when, dt.datetime):
        when = dt.datetime(when.year, when.month, when.day)
    return when.astimezone(dt.UTC) if when.tzinfo else when.replace(tzinfo=dt.UTC)


def main() -> None:
    """Print the share of values that are right by folder, and what is wrong."""
    for folder in FOLDERS:
        checks = list(listed(FORMATS / folder) if folder == "opml" else judged(FORMATS / folder))
        wrong = [what for is_right, what in checks if not is_right]
        print(f"{folder:<12} {1 - len(wrong) / max(len(checks), 1):7.1%} of {len(checks)}")
        for what in wrong:
            print("   ", what)


if __name__ == "__main__":
    main()
