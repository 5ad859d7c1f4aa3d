"""The compiled loop that writes the words of documents, beside its Python."""

from __future__ import annotations

import importlib
import json
from types import ModuleType

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from newsearch import ranking
from newsearch.engine.opensearch import coding

FORMS = ("ban", "bans", "banned", "été", "東京", "3.5", "c++", "a")
STEMS = ("en:ban", "fr:été", "en:東京", "en:3.5", "en:c++", "en:a:b")
KIN = (0, 0, 0, 1, 2, 3, 4, 5)


def texts(given: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    encoded = [text.encode() for text in given]
    return np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([len(e) for e in encoded], dtype=np.int64)


@pytest.fixture(scope="module")
def python() -> ModuleType:
    """The module without its compiled twin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("newsearch._compiled.compiled", lambda *_: None)
        spec = importlib.util.find_spec(coding.__name__)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def arguments(articles: list[list[list[int]]]) -> list[object]:
    lengths = np.array([[len(field) for field in article] for article in articles], np.int32).reshape(-1, 4)
    tokens = np.array([word for article in articles for field in article for word in field], np.int32)
    stems = np.array([KIN[token] for token in tokens.tolist()], np.int32)
    weights = ranking.field_weights(lengths).ravel()
    unsaturated = ranking.unsaturate(np.arange(256))
    return [tokens, stems, lengths.ravel(), weights, texts(FORMS), texts(STEMS), unsaturated]


fields = st.lists(st.integers(0, len(FORMS) - 1), max_size=12)


@examples(100)
@given(st.lists(st.lists(fields, min_size=4, max_size=4), max_size=4))
def test_both_write_the_same_bytes(python: ModuleType, articles: list[list[list[int]]]) -> None:
    given = arguments(articles)
    made = coding.coded_texts(*given)  # type: ignore[arg-type]
    assert made == python.coded_texts(*given)
    for text, article in zip(made, articles, strict=True):
        document = json.loads(b"{%s}" % text)
        for name, words in zip(ranking.TEXT_FIELDS, article, strict=True):
            assert document.get(f"x_{name}", "").split() == [FORMS[word] for word in words]


def test_words_beyond_the_last_position_are_counted_only(python: ModuleType) -> None:
    given = arguments([[[0], [], [1] * (coding.MAX_POSITIONS - 2), [2] * 5]])
    made = coding.coded_texts(*given)  # type: ignore[arg-type]
    assert made == python.coded_texts(*given)
    document = json.loads(b"{%s}" % made[0])
    assert document["x_body"] == "banned"
    assert document["length_body"] == 5


@pytest.mark.parametrize("at", range(7))
def test_arrays_that_do_not_fit_are_refused(at: int) -> None:
    given = arguments([[[0, 1], [], [2], [3]]])
    cut = given[at]
    given[at] = (cut[0], cut[1][:0]) if isinstance(cut, tuple) else cut[:-1]  # type: ignore[index]
    with pytest.raises((ValueError, IndexError)):
        coding.coded_texts(*given)  # type: ignore[arg-type]
