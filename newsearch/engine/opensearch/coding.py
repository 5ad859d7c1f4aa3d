"""The words of articles as fields of their documents, written as JSON. This runs once per word of an article.

The Python here is the reference. Where `_coding.c` has been compiled, its function of the same name replaces it. It
returns identical bytes in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add, mul
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._compiled import compiled
from newsearch.engine.arrays.segment.postings import MAX_POSITIONS

Array: TypeAlias = NDArray[Any]


def coded_texts(
    tokens: Array,
    stems: Array,
    lengths: Array,
    weights: Array,
    forms: tuple[Array, Array],
    stem_forms: tuple[Array, Array],
    unsaturated: Array,
) -> list[bytes]:
    """The fields of the words of some articles: exact, stem, and x_, s_ and length_ of each text field (see schema).

    Args:
        tokens: int32, the number of each word's term, article by article, field by field.
        stems: int32, the number of each word's stem, with its language in front (`en:ban`).
        lengths: int32, words in each field of each article, flattened.
        weights: float64, the weight of one occurrence in each field of each article, flattened.
        forms: of all terms: the concatenated texts in UTF-8, uint8; and where each of them ends, int64.
        stem_forms: the same of all stems. Neither holds a character that JSON escapes.
        unsaturated: float64, `ranking.unsaturate` of 0 to 255.

    Returns:
        For each article the members of a JSON object, without its braces.

    Raises:
        ValueError: the arrays do not fit together.
    """
    names, kin = _texts(*forms), _texts(*stem_forms)
    size = len(ranking.TEXT_FIELDS)
    found, start = [], 0
    for of_field, weight in zip(
        lengths.reshape(-1, size).tolist(), weights.reshape(-1, size).tolist(), strict=True
    ):
        end = start + sum(of_field)
        own, own_stems = tokens[start:end].tolist(), stems[start:end].tolist()
        if len(own) != end - start:
            raise ValueError("the arrays do not fit together")
        counted: dict[int, list[int]] = {}
        fields, at = [], 0
        for field, length in enumerate(of_field):
            cut = min(length, max(0, MAX_POSITIONS - at))
            for term in own[at : at + cut]:
                counted.setdefault(term, [0] * size)[field] += 1
            if length:
                name = ranking.TEXT_FIELDS[field]
                fields.append(f'"x_{name}":"{" ".join([names[term] for term in own[at : at + cut]])}"')
                fields.append(f'"s_{name}":"{" ".join([kin[stem] for stem in own_stems[at : at + cut]])}"')
                fields.append(f'"length_{name}":{length}')
            at += length
        summed = [_added(map(mul, counts, weight)) for counts in counted.values()]
        of_term = dict(zip(counted, ranking.saturate(np.array(summed)).tolist(), strict=True))
        stem_of = dict(zip(own, own_stems, strict=True))
        exact = " ".join([f"{names[term]}|{code}" for term, code in of_term.items()])
        united = _united({term: kin[stem_of[term]] for term in of_term}, of_term, names, unsaturated.tolist())
        found.append(",".join([f'"exact":"{exact}"', f'"stem":"{united}"', *fields]).encode())
        start = end
    if start != len(tokens) or start != len(stems):
        raise ValueError("the arrays do not fit together")
    return found


def _united(
    stems: dict[int, str], codes: dict[int, int], names: Sequence[str], unsaturated: Sequence[float]
) -> str:
    """The stems of an article with the codes of all their forms together, and of the best form if it differs."""
    terms: dict[str, list[int]] = {}
    for term, stem in stems.items():
        terms.setdefault(stem, []).append(term)
    united, best = [], []
    for stem, own in terms.items():
        code = codes[own[0]]
        if len(own) > 1:
            # In the order of the forms, as ranking says: the last bit of a sum depends on it.
            total = _added(unsaturated[codes[term]] for term in sorted(own, key=names.__getitem__))
            code = round(255 * total / (ranking.K1 + total))
            most = max(codes[term] for term in own)
            if most != code:
                best.append(f"{best_form(stem)}|{most}")
        united.append(f"{stem}|{code}")
    return " ".join([*united, *best])


def _added(values: Iterable[float]) -> float:
    """The sum of values added up one after another, which `sum` does not do on every Python."""
    return reduce(add, values, 0.0)


def best_form(stem: str) -> str:
    """The token for the best code of a single form, from that of a stem: `en:ban` gives `en<ban`."""
    return stem.replace(":", "<", 1)


def _texts(utf8: Array, ends: Array) -> list[str]:
    text, at = utf8.tobytes(), 0
    found = []
    for end in ends.tolist():
        found.append(text[at:end].decode())
        at = end
    return found


_CONSTANTS = {"FIELDS": len(ranking.TEXT_FIELDS), "MAX_POSITIONS": MAX_POSITIONS, "K1": ranking.K1}

if _twin := compiled(f"{__package__}._coding", _CONSTANTS):
    coded_texts = _twin.coded_texts
