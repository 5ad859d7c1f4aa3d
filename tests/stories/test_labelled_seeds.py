"""Copies and stories of the seeds, scored against labels made by reading them: see seeds.tsv."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pytest

import newsearch
from newsearch import Index

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
LABELS = Path(__file__).with_name("seeds.tsv")

Pairs = set[frozenset[str]]


class Label(NamedTuple):
    id: str
    copy: str
    story: str


def labels() -> list[Label]:
    lines = LABELS.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert rows[0] == list(Label._fields)
    return [Label(*row) for row in rows[1:]]


def pairs(groups: Iterable[Iterable[str]]) -> Pairs:
    return {frozenset(pair) for group in groups for pair in combinations(sorted(group), 2)}


def labelled(field: str) -> Pairs:
    groups: dict[str, list[str]] = {}
    for label in labels():
        if name := getattr(label, field):
            groups.setdefault(name, []).append(label.id)
    return pairs(group for name, group in groups.items() if not name.endswith("?"))


def unclear() -> Pairs:
    """Pairs of which nothing is expected."""
    groups: dict[str, list[str]] = {}
    for label in labels():
        groups.setdefault(label.story.rstrip("?"), []).append(label.id)
    doubtful = {label.id for label in labels() if label.story.endswith("?")}
    return {pair for pair in pairs(groups.values()) if pair & doubtful}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("seeds") / "index"
    newsearch.build(SEEDS, index=place)
    return newsearch.open(place)


def test_the_labels_name_articles_of_the_seeds(index: Index) -> None:
    known = set(index.ids())
    # one page at two paths is one article in the index
    missing = {label.id for label in labels()} - known
    assert len(missing) <= 1
    assert len(labels()) == len({label.id for label in labels()})


def test_copies_are_those_that_a_reader_finds(index: Index) -> None:
    known = set(index.ids())
    found = pairs({one.copy.id for one in index.copies(id)} for id in known)
    assert found == {pair for pair in labelled("copy") if pair <= known}


def test_no_story_joins_two_events(index: Index) -> None:
    stories = index.stories(after="2019", limit=1000)
    found = pairs([article.id for article in story.articles] for story in stories)
    assert found - labelled("story") - unclear() == set()


def test_most_reports_of_an_event_in_one_language_are_one_story(index: Index) -> None:
    stories = index.stories(after="2019", limit=1000)
    found = pairs([article.id for article in story.articles] for story in stories)
    articles = {article.id: article for article in index.articles() if article.published}
    languages = {id: article.language or "en" for id, article in articles.items()}
    expected = {
        pair
        for pair in labelled("story")
        if pair <= set(articles) and len({languages[id] for id in pair}) == 1
    }
    assert len(expected & found) >= 0.6 * len(expected)
