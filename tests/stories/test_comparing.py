"""The compiled comparison of words and the one in Python give the same relations."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from newsearch.stories import comparing
from newsearch.stories._senses import POLAR, are_opposite
from newsearch.stories.comparing import Comparer, chunk_kind, comparer, term_kind
from newsearch.stories.copies import opposed, relation, renamed
from newsearch.stories.wording import wording_of_repaired

compiled = pytest.mark.skipif(
    importlib.util.find_spec("newsearch.stories._comparing") is None,
    reason="newsearch was installed without a compiler",
)

CHUNKS = """The ferry Ferries harbour Berger Kowalski Westmere reopened closed is not no never 12 twelve 15 2.50 2.5
    1,200 covid-19 COVID-19 Covid coronavirus US America confirms denies rises falls Monday Tuesday said. said:
    "fire," (AP) -
    LONDON (Reuters) — | · Herald EXCLUSIVE: $5 £3m .5 ...5 Été été l'eau 日本語 it's Kowalski's and… the... U.S.
    AT&T a-b
    x\u0301y ½ -- >> , ' New York""".split()
sentences = st.lists(st.sampled_from(CHUNKS) | st.text(min_size=1, max_size=4), max_size=24).map(" ".join)
times = st.sampled_from([float("nan"), 0.0, 3600.0, 50_000.0, 200_000.0, 400_000.0])


@st.composite
def alike(draw: st.DrawFn) -> list[tuple[str, str, int, float]]:
    """Articles that are made of few sentences, with a word changed here and there."""
    bases = draw(st.lists(st.tuples(sentences, sentences), min_size=1, max_size=3))
    found = []
    for _ in range(draw(st.integers(2, 5))):
        parts = []
        for text in draw(st.sampled_from(bases)):
            words = text.split()
            for _ in range(draw(st.integers(0, 2))):
                at = draw(st.integers(0, len(words)))
                words[at : at + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(CHUNKS), max_size=2))
            parts.append(" ".join(words[: draw(st.sampled_from([99, 99, 7]))]))
        found.append((*parts, draw(st.integers(0, 2)), draw(times)))
    return found


def compare(articles: list[tuple[str, str, int, float]]) -> tuple[list[float], list[float]]:
    words = [
        wording_of_repaired(title, text, str(outlet) if outlet else "", None if time != time else time)
        for title, text, outlet, time in articles
    ]
    pairs = [(i, j) for i in range(len(words)) for j in range(len(words))]
    made = comparer()
    titles, texts, outlets, seconds = map(list, zip(*articles, strict=True))
    made.add(titles, texts, np.array(outlets, np.int32).tobytes(), np.array(seconds, np.float64).tobytes())
    assert np.frombuffer(made.sizes(), np.int32).tolist() == [len(w.title) + len(w.text) for w in words]
    found = np.frombuffer(made.relations(np.array(pairs, np.int64))).tolist()
    return found, [relation(words[i], words[j]) for i, j in pairs]


LONG = " ".join(f"word{i}" for i in range(230))


@examples(300)
@given(alike())
@example([("Ferry reopened", LONG, 0, 0.0), ("Ferry reopened", LONG + " end", 0, 0.0), (LONG, "", 1, 0.0)])
@example([("a " * 400, "b " * 400, 0, 0.0), ("a " * 399, "a b " * 200, 0, 0.0)])
@example([("12 people died in the fire", "", 1, 0.0), ("15 people died in the fire", "", 2, 0.0)])
@example([("Â¡", "Ã‚Â¡ Â¡", 0, 0.0), ("", "Â¡", 0, 0.0)])
@example([("\ud800 lone", "surrogates \udfff here", 1, 0.0), ("\ud800 lone", "surrogates here", 2, 0.0)])
def test_relations_are_the_same(articles: list[tuple[str, str, int, float]]) -> None:
    found, right = compare(articles)
    assert found == right


def test_the_class_in_python_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    source = importlib.util.find_spec("newsearch.stories.comparing")
    assert source
    assert source.loader
    module = importlib.util.module_from_spec(source)
    with monkeypatch.context() as patch:
        patch.setattr("newsearch._compiled.compiled", lambda *_: None)
        source.loader.exec_module(module)
    monkeypatch.setattr(comparing, "Comparer", module.Comparer)
    found, right = compare([("Ferry reopened in Westmere", LONG, 1, 0.0), ("Ferry reopened", LONG, 2, 60.0)])
    assert found == right
    assert max(found) > 1


@compiled
def test_what_does_not_fit_together_is_refused() -> None:
    made = comparer()
    made.add(["Ferry"], ["reopened"], bytes(4), bytes(8))
    wrong: list[tuple[Any, ...]] = [
        (["Ferry"], [], bytes(4), bytes(8)),
        (["Ferry"], ["reopened"], bytes(3), bytes(8)),
        (["Ferry"], ["reopened"], bytes(4), b""),
    ]
    for arguments in wrong:
        with pytest.raises(ValueError, match="as many articles"):
            made.add(*arguments)
    for pairs in ([0, 1], [-1, 0], [2**40, 0]):
        with pytest.raises(IndexError):
            made.relations(np.array(pairs, np.int64))
    with pytest.raises(TypeError):
        made.relations(np.array([0, 0, 0], np.int64))
    with pytest.raises(TypeError):
        made.relations(np.array([0, 0], np.int32))
    with pytest.raises((TypeError, AttributeError)):
        made.add([1], ["reopened"], bytes(4), bytes(8))
    assert np.frombuffer(made.relations(np.array([0, 0], np.int64))).shape == (1,)


@compiled
def test_an_error_of_python_is_passed_on() -> None:
    def fails(*_: object) -> Any:
        raise KeyError("broken")

    made: Any = Comparer(chunk_kind, fails, opposed, renamed, ())
    with pytest.raises(KeyError):
        made.add(["Ferry"], ["costs 2.50"], bytes(4), bytes(8))
    with pytest.raises(RuntimeError, match="failed"):
        made.add(["Ferry"], ["reopened"], bytes(4), bytes(8))
    made = Comparer(chunk_kind, term_kind, fails, renamed, tuple(POLAR))
    texts = ["the ferry to the islands rises today", "the ferry to the islands falls today"]
    made.add(["", ""], texts, bytes(8), bytes(16))
    with pytest.raises(KeyError):
        made.relations(np.array([0, 1], np.int64))


@compiled
def test_nobody_else_is_let_in_while_words_are_compared() -> None:
    made: Any = None

    def asks(old: object, new: object) -> bool:
        made.add(["Ferry"], ["reopened"], bytes(4), bytes(8))
        return False

    made = Comparer(chunk_kind, term_kind, asks, renamed, tuple(POLAR))
    texts = ["the ferry to the islands rises today", "the ferry to the islands falls today"]
    made.add(["", ""], texts, bytes(8), bytes(16))
    with pytest.raises(RuntimeError, match="another thread"):
        made.relations(np.array([0, 1], np.int64))


def test_forgotten_articles_leave_their_numbers_to_others() -> None:
    made = comparer()
    made.add(["Ferry reopened", "Ferry"], ["today", "never"], bytes(8), bytes(16))
    made.forget()
    assert made.sizes() == b""
    with pytest.raises(IndexError):
        made.relations(np.array([0, 0], np.int64))
    made.add(["Harbour closed for the night"], [""], bytes(4), bytes(8))
    assert np.frombuffer(made.sizes(), np.int32).tolist() == [5]


@given(st.lists(alike(), min_size=1, max_size=3), st.data())
@examples(60)
def test_articles_that_are_left_after_forgetting_others_compare_as_before(
    batches: list[list[tuple[str, str, int, float]]], data: st.DataObject
) -> None:
    made, left = comparer(), []
    for batch in batches:
        titles, texts, outlets, seconds = map(list, zip(*batch, strict=True))
        made.add(titles, texts, np.array(outlets, np.int32).tobytes(), np.array(seconds).tobytes())
        count = data.draw(st.integers(0, len(left) + len(batch)))
        made.forget(count)
        left = [*left, *batch][count:]
        pairs = np.array([(i, j) for i in range(len(left)) for j in range(len(left))], np.int64).reshape(-1)
        assert np.frombuffer(made.relations(pairs)).tolist() == (compare(left)[1] if left else [])
        sizes = np.frombuffer(made.sizes(), np.int32).tolist()
        first = data.draw(st.integers(0, len(left)))
        assert np.frombuffer(made.sizes(first), np.int32).tolist() == sizes[first:]
    for wrong in (-1, len(left) + 1):
        with pytest.raises(IndexError):
            made.forget(wrong)
        with pytest.raises(IndexError):
            made.sizes(wrong)


WORDS = (*sorted(POLAR)[:: len(POLAR) // 60], *"rise rises fall falls likely unlikely monday".split())


@given(st.sampled_from(WORDS) | st.text(max_size=5), st.sampled_from(WORDS) | st.text(max_size=5))
@example("possible", "impossible")
@example("rises", "falls")
def test_opposites_are_polar_or_begin_with_a_prefix(a: str, b: str) -> None:
    if are_opposite(a, b):
        assert {a, b} <= POLAR or a.endswith(b) or b.endswith(a)
