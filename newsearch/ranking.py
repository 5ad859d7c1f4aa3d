"""The ranking formulas, as pure functions over numpy arrays. Nothing here reads an index.

Text. BM25F with one saturation over all fields (Robertson, Zaragoza and Taylor, "Simple BM25 extension to
multiple weighted fields", CIKM 2004), its per-posting part fixed when the posting is written:

    w(term, article) = sum over fields of weight_f * tf_f / (1 - b_f + b_f * length_f / pivot_f)
    s(term, article) = w / (k1 + w)                    kept in one byte: round(255 * s), at least 1
    idf(term)        = ln(1 + (N - n + 0.5) / (n + 0.5))
    weight(term)     = idf**2 / (idf + DAMPING)        half of it for a function word (the, of, which)
    text             = sum over words of weight * (k1 + 1) * ((PARTS - 1) * s_stem + s_exact) / PARTS

N is the number of live articles and n of those that hold the word in any form. s_stem counts every form of
the word, s_exact only the form that was typed, so that an exact match outranks a stem match. Only exact forms
have postings; what their bytes c stand for is added up in the order of the forms, and is rounded to a byte again:

    s_stem           = w / (k1 + w),   w = sum over forms of k1 * c / (255 - c)        255 counts as 254.75

The length pivots are constants, not measured averages: a posting never changes when other articles come or go.

The weight of a word is its idf, damped where it is low: in a long query, what stands in a third of all articles
adds up to more than it tells. docs/relevance.md says how the damping and the half were chosen.

Boosts. With s(x) = (x - p) / (x + p), where the pivot p is the collection's median of the signal:

    score = text * 2 ** (w_heat * s(heat)) * 2 ** (w_quality * s(quality)) * 2 ** (w_recency * recency)

A missing or negative signal is neutral (s = 0). s lies in [-1, 1), so a boost lies in [2**-w, 2**w):
heat can move an article among its equals, and never drown relevance. Recency is 2 * 2**(-age / half_life) - 1,
in (-1, 1], and counts only when a half-life is asked for.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._arguments import check_number, check_path
from newsearch.errors import QueryError, json_problem

Floats: TypeAlias = NDArray[np.float64]


class FieldWeight(NamedTuple):
    """How one text field counts: its weight, how much its length matters (0 to 1), its pivot in words."""

    weight: float
    b: float
    pivot: float


FIELD_WEIGHTS = {
    "title": FieldWeight(weight=3.0, b=0.6, pivot=10),
    "topics": FieldWeight(weight=1.0, b=0.2, pivot=3),
    "excerpt": FieldWeight(weight=1.0, b=0.5, pivot=30),
    "body": FieldWeight(weight=1.0, b=0.6, pivot=300),
}
"""The text fields, in the order in which an article's words are numbered."""

TEXT_FIELDS = tuple(FIELD_WEIGHTS)

K1 = 1.2
PARTS = 4
"""The exact form is one part in so many of a word's score: a whole number, so that codes add up as integers."""

CODE_SCALE = (K1 + 1) / 255

DAMPING = 1.0
"""The idf at which a word weighs half of its idf."""

FUNCTION_SHARE = 0.5
"""What a function word weighs, as a share of what another word of its idf does."""


def field_weights(lengths: NDArray[Any]) -> Floats:
    """The weight of one occurrence in each field: shape (articles, fields), from lengths in words."""
    weight = np.array([f.weight for f in FIELD_WEIGHTS.values()])
    b = np.array([f.b for f in FIELD_WEIGHTS.values()])
    pivot = np.array([f.pivot for f in FIELD_WEIGHTS.values()])
    result: Floats = weight / (1 - b + b * (lengths / pivot))
    return result


def saturate(weights: Floats) -> NDArray[np.uint8]:
    """w -> the byte round(255 * w / (K1 + w)), at least 1, so that a posting is never worth nothing."""
    codes: NDArray[np.uint8] = np.clip(np.rint(255 * weights / (K1 + weights)), 1, 255).astype(np.uint8)
    return codes


def unsaturate(codes: NDArray[Any]) -> Floats:
    """The w that such a byte stands for. Those that stand for 255 have no end: it counts as the middle of them."""
    known = np.minimum(codes, 254.75)
    result: Floats = K1 * known / (255 - known)
    return result


def idf(articles: int, holding: int) -> float:
    """Inverse document frequency, above 0 for every 0 <= holding <= articles."""
    return log(1 + (articles - holding + 0.5) / (holding + 0.5))


def word_weight(articles: int, holding: int) -> float:
    """What a word counts in a query: its idf, damped where it is low. Above 0, and below its idf."""
    value = idf(articles, holding)
    return value * value / (value + DAMPING)


class Pivots(NamedTuple):
    """Medians of the signals over the whole index; 0 where no article has the signal."""

    heat: float = 0.0
    quality: float = 0.0


_SHORTEST_HALF_LIFE = 1e-6
"""Days: a twelfth of a second. Of what is shorter, no two articles are of one age."""


@dataclass(frozen=True, slots=True)
class Boosts:
    """How strongly the signals move a score, as powers of two: 0 switches a signal off.

    Attributes:
        heat: weight of heat, at least 0.
        quality: weight of quality, at least 0.
        recency: weight of recency, at least 0; it counts only with a half-life.
        half_life: days in which the recency of an article halves, or None.
    """

    heat: float = 0.5
    quality: float = 0.5
    recency: float = 1.0
    half_life: float | None = None

    def __post_init__(self) -> None:
        for name in ("heat", "quality", "recency"):
            check_number(name, getattr(self, name))
            if not 0 <= getattr(self, name) <= 10:
                raise ValueError(f"the {name} weight must lie between 0 and 10, not {getattr(self, name)}")
            self._as_float(name)
        if self.half_life is not None:
            check_number("half_life", self.half_life)
            if not 0 < self.half_life < 1e6:
                raise ValueError(f"the half-life must be a positive number of days, not {self.half_life}")
            self._as_float("half_life")
            if self.half_life < _SHORTEST_HALF_LIFE:
                raise ValueError(f"the half-life must be at least {_SHORTEST_HALF_LIFE:g} days")

    def _as_float(self, name: str) -> None:
        """Make a fraction, or what else is a number, one that numpy computes with."""
        if type(getattr(self, name)) not in (int, float):
            object.__setattr__(self, name, float(getattr(self, name)))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Boosts:
        """Read a profile: a JSON file of weights, as `save` writes it. A weight that is left out is the default.

        Raises:
            QueryError: the file cannot be read or is no profile; the message names the field.
            ValueError: the path is none.
        """
        check_path("path", path)
        try:
            with Path(path).open("rb") as file:
                document = json.loads(file.read(_MAX_PROFILE_SIZE))
        except OSError as error:
            raise QueryError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise QueryError(f"{path}: not a profile: {json_problem(error)}") from error
        try:
            return cls(**_weights(document))
        except ValueError as error:
            raise QueryError(f"{path}: {error}") from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the weights as a profile.

        Raises:
            QueryError: the file cannot be written.
            ValueError: the path is none.
        """
        check_path("path", path)
        from newsearch._durable import save_text  # few write a profile

        document = {"schema": PROFILE_SCHEMA, "boosts": asdict(self)}
        try:
            save_text(Path(path), json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise QueryError(f"{path}: cannot be written: {error.strerror}") from error


PROFILE_SCHEMA = 1
"""The version of the profiles that `Boosts.save` writes, and the one that `Boosts.load` reads."""

_MAX_PROFILE_SIZE = 65_536


def _weights(document: object) -> dict[str, Any]:
    """The weights of a profile. Raises ValueError with the name of the field that is wrong."""
    if not isinstance(document, dict):
        raise ValueError("a profile is a JSON object with `schema` and `boosts`")
    if document.get("schema") != PROFILE_SCHEMA:
        raise ValueError(
            f"schema: {document.get('schema')!r} is not {PROFILE_SCHEMA}, the only version that is supported"
        )
    boosts = document.get("boosts")
    if not isinstance(boosts, dict):
        raise ValueError("boosts: an object with the weights is missing")
    for name in boosts:
        if name not in Boosts.__slots__:
            raise ValueError(f"boosts.{name}: no such weight; there are {', '.join(Boosts.__slots__)}")
    return boosts


DEFAULT_BOOSTS = Boosts()


def signal(values: NDArray[Any], pivot: float) -> Floats:
    """s(x) = (x - p) / (x + p) for known x (x >= 0), 0 where it is negative, NaN, or the pivot is not above 0."""
    x = np.asarray(values, dtype=np.float64)
    known = x >= 0
    if pivot <= 0:
        return np.zeros(x.shape)
    x = np.where(known, x, pivot)
    return (x - pivot) / (x + pivot)


def recency(ages: Floats, half_life: float) -> Floats:
    """2 * 2**(-age / half_life) - 1; ages and half-life in days. Unknown ages (NaN) are neutral, future ones 1."""
    decayed = 2 * np.exp2(-np.maximum(ages, 0) / half_life) - 1
    return np.where(np.isnan(ages), 0.0, decayed)


def top(scores: Floats, count: int) -> NDArray[np.intp]:
    """Positions of the `count` best scores and of all that tie with the last of them, in no order."""
    size = len(scores)
    if count <= 0 or size <= count:
        return np.arange(size if count > 0 else 0)
    if size > 8 * _SAMPLE and count < _SAMPLE:
        # The same rank within a sample is a lower bound, and one comparison with it discards nearly everything.
        sample = scores[:: size // _SAMPLE]
        kept = (scores >= np.partition(sample, len(sample) - count)[len(sample) - count]).nonzero()[0]
        return kept.take(top(scores.take(kept), count)) if len(kept) < size else _top(scores, count)
    return _top(scores, count)


_SAMPLE = 1024


def _top(scores: Floats, count: int) -> NDArray[np.intp]:
    place = len(scores) - count
    ranked = scores.copy()
    ranked.partition(place)
    kept: NDArray[np.intp] = (scores >= ranked[place]).nonzero()[0]
    return kept
