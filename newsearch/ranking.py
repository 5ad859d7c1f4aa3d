"""The ranking formulas, as pure functions over numpy arrays. Nothing here reads an index.

Text. BM25F with one saturation over all fields (Robertson, Zaragoza and Taylor, "Simple BM25 extension to
multiple weighted fields", CIKM 2004), its per-posting part fixed when the posting is written:

    w(term, article) = sum over fields of weight_f * tf_f / (1 - b_f + b_f * length_f / pivot_f)
    s(term, article) = w / (k1 + w)                    kept in one byte: round(255 * s), at least 1
    idf(term)        = ln(1 + (N - n + 0.5) / (n + 0.5))
    weight(term)     = idf**2 / (idf + DAMPING)        half of it for a function word (the, of, which)
    text             = sum over words of weight * (k1 + 1) * ((PARTS - 1) * s_stem + s_exact) / PARTS

N is the number of live articles, and n the number of those that contain the word in any form. s_stem counts every form
of the word, s_exact only the form as typed. An exact match therefore outranks a stem match. Only exact forms have
postings. The weights that their bytes c represent are summed in the order of the forms, and rounded to a byte again:

    s_stem           = w / (k1 + w),   w = sum over forms of k1 * c / (255 - c)        255 counts as 254.75

The length pivots are constants, not measured averages: a posting never changes when other articles are added or
removed.

The weight of a word is its idf, damped where it is low. In a long query, words found in a third of all articles would
otherwise add up to more than they are worth. docs/relevance.md explains the choice of the damping and of the half.

Boosts. With s(x) = (x - p) / (x + p), where the pivot p is the collection's median of the signal:

    score = text * 2 ** (w_heat * s(heat)) * 2 ** (w_quality * s(quality)) * 2 ** (w_recency * recency)

A missing or negative signal is neutral (s = 0). s is in [-1, 1), and a boost in [2**-w, 2**w): heat can reorder
articles of similar relevance, but never outweigh relevance. Recency is 2 * 2**(-age / half_life) - 1, in (-1, 1], and
counts only if a half-life is set.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._arguments import check_number, check_path, read_json, shown
from newsearch.errors import QueryError

Floats: TypeAlias = NDArray[np.float64]


class FieldWeight(NamedTuple):
    """The parameters of one text field: weight, strength of length normalisation (0 to 1), length pivot in words."""

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
"""The exact form has one part in this many of a word's score: a whole number, so that codes add up as integers."""

CODE_SCALE = (K1 + 1) / 255

DAMPING = 1.0
"""The idf at which a word weighs half of its idf."""

FUNCTION_SHARE = 0.5
"""What a function word weighs, as a share of what another word of its idf does."""


def field_weights(lengths: NDArray[Any]) -> Floats:
    """The weight of one occurrence in each field, from their lengths in words. Shape (articles, fields)."""
    weight = np.array([f.weight for f in FIELD_WEIGHTS.values()])
    b = np.array([f.b for f in FIELD_WEIGHTS.values()])
    pivot = np.array([f.pivot for f in FIELD_WEIGHTS.values()])
    result: Floats = weight / (1 - b + b * (lengths / pivot))
    return result


def saturate(weights: Floats) -> NDArray[np.uint8]:
    """w -> the byte round(255 * w / (K1 + w)), at least 1: a posting is never worth nothing."""
    codes: NDArray[np.uint8] = np.clip(np.rint(255 * weights / (K1 + weights)), 1, 255).astype(np.uint8)
    return codes


def unsaturate(codes: NDArray[Any]) -> Floats:
    """The w of a byte. 255 represents 254.5 to 255, where w is unbounded, and counts as the middle, 254.75."""
    known = np.minimum(codes, 254.75)
    result: Floats = K1 * known / (255 - known)
    return result


def idf(articles: int, holding: int) -> float:
    """Inverse document frequency, above 0 for every 0 <= holding <= articles."""
    return log(1 + (articles - holding + 0.5) / (holding + 0.5))


def word_weight(articles: int, holding: int) -> float:
    """The weight of a word in a query: its idf, damped where it is low. Above 0, and below the idf."""
    value = idf(articles, holding)
    return value * value / (value + DAMPING)


class Pivots(NamedTuple):
    """Medians of the signals over the whole index; 0 if no article has the signal."""

    heat: float = 0.0
    quality: float = 0.0


_SHORTEST_HALF_LIFE = 1e-6
"""Days: a twelfth of a second. Of what is shorter, no two articles are of one age."""


@dataclass(frozen=True, slots=True)
class Boosts:
    """The strength of each signal in the score, as an exponent of two; 0 switches a signal off.

    Attributes:
        heat: weight of heat, at least 0.
        quality: weight of quality, at least 0.
        recency: weight of recency, at least 0; it counts only with a half-life.
        half_life: the number of days in which the recency of an article halves, or None.
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
        """Convert a fraction or any other number to a float that numpy can compute with."""
        if type(getattr(self, name)) not in (int, float):
            object.__setattr__(self, name, float(getattr(self, name)))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Boosts:
        """Read a profile: a JSON file of weights, as written by `save`. Missing weights have their defaults.

        Raises:
            QueryError: the file cannot be read or is not a profile; the message names the field.
            ValueError: the argument is not a path.
        """
        check_path("path", path)
        too_large = f"larger than {_MAX_PROFILE_SIZE:,} bytes, so it is not a profile"
        document = read_json(path, _MAX_PROFILE_SIZE, too_large, "a profile", error=QueryError)
        try:
            return boosts_of(_weights(document))
        except ValueError as error:
            raise QueryError(f"{path}: {error}") from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the weights as a profile.

        Raises:
            QueryError: the file cannot be written.
            ValueError: the argument is not a path.
        """
        check_path("path", path)
        from newsearch._durable import save_text  # rarely needed

        document = {"schema": PROFILE_SCHEMA, "boosts": asdict(self)}
        try:
            save_text(Path(path), json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise QueryError(f"{path}: cannot be written: {error.strerror}") from error


PROFILE_SCHEMA = 1
"""The version of the profiles that `Boosts.save` writes, and the one that `Boosts.load` reads."""

_MAX_PROFILE_SIZE = 65_536


def _weights(document: object) -> dict[str, Any]:
    """The weights of a profile. Raises ValueError with the name of the invalid field."""
    if not isinstance(document, dict):
        raise ValueError("a profile is a JSON object with `schema` and `boosts`")
    for name in document:
        if name not in ("schema", "boosts"):
            raise ValueError(f"{name:.80}: no such key; a profile has `schema` and `boosts`")
    schema = document.get("schema")
    if schema != PROFILE_SCHEMA or isinstance(schema, bool):
        raise ValueError(
            f"schema: {shown(schema)} is not {PROFILE_SCHEMA}, the only version that is supported"
        )
    boosts = document.get("boosts")
    if not isinstance(boosts, dict):
        raise ValueError("boosts: an object with the weights is missing")
    return boosts


def boosts_of(weights: Mapping[str, Any]) -> Boosts:
    """The boosts with these weights, such as those in a file; missing weights have their defaults.

    Raises:
        ValueError: a weight is unknown or invalid; the message begins with its place, such as `boosts.heat`.
    """
    for name, weight in weights.items():
        if name not in Boosts.__slots__:
            raise ValueError(f"boosts.{name!s:.80}: no such weight: one of {', '.join(Boosts.__slots__)}")
        try:
            Boosts(**{name: weight})
        except ValueError as error:
            raise ValueError(f"boosts.{name}: {str(error).removeprefix(f'{name}: ')}") from error
    return Boosts(**weights)


DEFAULT_BOOSTS = Boosts()


def readable(value: float) -> str:
    """A heat or a quality as people read it: with six digits at most, and in full from a million on."""
    return f"{value:,.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:g}"


def signal(values: NDArray[Any], pivot: float) -> Floats:
    """s(x) = (x - p) / (x + p) for known x (x >= 0); 0 if x is negative or NaN, or the pivot is not above 0."""
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


def log_likelihood(here: int, articles: int, total: int, every: int) -> float:
    """Dunning's log-likelihood ratio G2 of a word in some articles of a collection; see `log_likelihoods`."""
    return float(log_likelihoods(np.array([here]), articles, np.array([total]), every)[0])


def log_likelihoods(here: NDArray[Any], articles: int, total: NDArray[Any], every: int) -> Floats:
    """How distinctive words are for some articles of a collection: Dunning's log-likelihood ratio G2.

        G2 = 2 * sum over the four cells of observed * ln(observed / expected)

    The cells are the articles with and without the word, among these articles and among all others (Dunning, "Accurate
    methods for the statistics of surprise and coincidence", Computational Linguistics 19, 1993).

    Args:
        here: for each word, the number of these articles that contain it.
        articles: the number of these articles.
        total: for each word, the number of articles of the collection that contain it.
        every: the number of articles in the collection.

    Returns:
        0 for a word that is no more frequent in these articles than in the others.
    """
    rows = np.stack([here, total - here]).astype(np.float64)
    sizes = np.array([[articles], [every - articles]], np.float64)
    found = np.zeros(len(here))
    for observed, share in ((rows, total / every), (sizes - rows, 1 - total / every)):
        expected = sizes * share
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = observed * np.log(observed / expected)
        found += np.where(observed > 0, terms, 0).sum(axis=0)
    found[rows[0] * every <= total * float(articles)] = 0
    return np.maximum(2 * found, 0)


def top(scores: Floats, count: int) -> NDArray[np.intp]:
    """Positions of the `count` best scores and of all ties with the last of them, in no particular order."""
    size = len(scores)
    if count <= 0 or size <= count:
        return np.arange(size if count > 0 else 0)
    if size > 8 * _SAMPLE and count < _SAMPLE:
        # The score at the same rank of a sample is a lower bound. Comparing with it discards nearly everything.
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
