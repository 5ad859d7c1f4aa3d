"""That everybody is given the same articles and words, and that the tables say what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import relevance
from bench.rankers import RANKERS
from bench.relevance import EXPANDED, UNEXPANDED, Bed, Figures
from newsearch import Article
from newsearch.evaluation import read_collection

ARTICLES = [
    Article(id="both", title="Storm in the harbour", excerpt="It was loud."),
    Article(id="one", title="The market of storms", excerpt="A word about fish, and another about lamps."),
    Article(id="none", title="A quiet day", excerpt="Nothing happened, which was news."),
    *(Article(id=f"filler-{n}", title="Rain", excerpt="It rained again in the valley.") for n in range(5)),
]


@pytest.mark.parametrize("name", RANKERS)
def test_a_ranker_finds_what_holds_any_of_the_words_the_best_first(name: str) -> None:
    library = {"fts5": "sqlite3"}.get(name, name)
    pytest.importorskip(library, reason=f"{library} is in the extra bench")
    queries = {"1": 'NOT "storms" AND (harbours)?', "2": "zeppelin"}
    assert RANKERS[name](ARTICLES, queries) == {"1": ["both", "one"], "2": []}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    directory = tmp_path_factory.mktemp("bed")
    lines = [{"_id": a.id, "title": a.title, "excerpt": a.excerpt, "heat": 10} for a in ARTICLES]
    lines.append({"_id": "hidden", "title": "Storm in the harbour", "published": False})
    (directory / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (directory / "queries.jsonl").write_text('{"_id": "one", "text": "harbour storm"}\n')
    (directory / "qrels.tsv").write_text("one\tboth\t2\n")
    collection = read_collection(directory)
    assert collection.corpus
    said: list[str] = []
    beds = [Bed(name, collection.corpus, collection, skip_own=True) for name in ("seeds", "other")]
    return relevance.run(beds, said.append)


def test_nobody_finds_what_is_unpublished_or_is_the_query_itself(figures: Figures) -> None:
    for systems in figures.systems.values():
        for name, evaluation in systems.items():
            found = evaluation.run["one"]
            if name == EXPANDED:  # which finds more, by other words
                assert {"one", "hidden"}.isdisjoint(found)
                found = found[:1]
            assert found == ("both",), name
            assert evaluation.means["nDCG@10"] == 1


def test_the_tables_name_every_system_and_the_seeds_have_the_curve(figures: Figures) -> None:
    seeds, other, curve = relevance.tables(figures)
    assert [row[0] for row in seeds[2]] == [
        "newsearch",
        UNEXPANDED,
        EXPANDED,
        "newsearch, text alone",
        *_measured(figures),
    ]
    assert [row[0] for row in other[2]] == ["newsearch", UNEXPANDED, EXPANDED, *_measured(figures)]
    assert len(curve[2]) == len(figures.curve) > 10
    assert curve[2][0] == ["0", "0", "", "1.000", "1.000", "1.000", "+0.000 (1.000)"]


def test_the_figures_can_be_written_as_json(figures: Figures) -> None:
    document = json.loads(json.dumps(relevance.as_dict(figures)))
    assert set(document["beds"]) == {"seeds", "other"}
    assert document["versions"]["newsearch"]


def test_a_collection_that_is_not_at_hand_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relevance, "run", lambda *_: Figures())
    result = CliRunner().invoke(relevance.main, ["--data", str(tmp_path)])
    assert result.exit_code == 0
    assert f"time is not at hand in {tmp_path}" in result.output


def _measured(figures: Figures) -> list[str]:
    return [name for name in RANKERS if name not in figures.missing]
