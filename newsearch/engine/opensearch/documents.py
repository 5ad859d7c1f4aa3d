"""How does an article become a document? As JSON, which is written once, and sent as it is.

Articles are converted in batches. The words of a batch are counted by the loops that build the segments of the arrays,
which makes the codes the same to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import Any, Final, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.writing import building
from newsearch.engine.arrays.writing.content import signatures_of
from newsearch.engine.arrays.writing.spoken import CODES, languages_of
from newsearch.engine.opensearch.coding import coded_texts
from newsearch.engine.opensearch.fields import fields
from newsearch.stories.signatures import term_hashes, term_lots
from newsearch.text import analysis
from newsearch.text.languages import is_foreign

Array: TypeAlias = NDArray[Any]

_MAX_TERMS = 1 << 20
"""An analyser that has numbered more terms than this is replaced, which bounds its memory."""

_BATCH = 512
"""Articles converted at once. Larger batches are slower: their arrays leave the cache."""

_FIELDS = len(ranking.TEXT_FIELDS)
_EXCERPT: Final = ranking.TEXT_FIELDS.index("excerpt")
_UNSATURATED: Final = ranking.unsaturate(np.arange(256))


def documents(
    articles: Sequence[Article], protected: frozenset[str], own: Sequence[Mapping[str, Any]] = ()
) -> list[bytes]:
    """The documents of some articles, as JSON.

    Args:
        protected: terms that share their stems with no other (see Stemming).
        own: for each article the fields that a writer fills (see schema); none of them if it is empty.

    Raises:
        ValueError: a text holds a lone surrogate, which no JSON can hold.
    """
    analyser = _analyser(protected)
    if len(analyser) > _MAX_TERMS:
        _analyser.cache_clear()
        analyser = _analyser(protected)
    found: list[bytes] = []
    for at in range(0, len(articles), _BATCH):
        batch = articles[at : at + _BATCH]
        found += analyser.documents(batch, own[at : at + _BATCH] or [{}] * len(batch))
    return found


@lru_cache(maxsize=2)
def _analyser(protected: frozenset[str]) -> _Analyser:
    return _Analyser(protected)


class _Analyser:
    """Numbers the terms of many batches, and remembers their stems. Its length is the number of its terms."""

    def __init__(self, protected: frozenset[str]) -> None:
        self._stemmings = analysis.stemmings(protected)
        self._numbers: dict[str, int] = {}
        self._numbering = building.TermNumbering(self._numbers, analysis.chunk_terms)
        self._terms: list[str] = []
        self._forms = _Texts()
        self._foreign = _Column(bool)
        self._hashes = _Column(np.uint64)
        self._lots = _Column(np.uint8)
        self._stem_numbers: dict[str, int] = {}
        self._stem_forms = _Texts()
        self._stems = [_Column(np.int32) for _ in self._stemmings]
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._terms)

    def documents(self, articles: Sequence[Article], own: Sequence[Mapping[str, Any]]) -> list[bytes]:
        texts = [text for a in articles for text in (a.title, " ".join(a.topics), a.excerpt, a.body)]
        with self._lock:
            words = building.Numbered(*(np.frombuffer(p, np.int32) for p in self._numbering.numbered(texts)))
            self._learn()
            lengths = words.lengths.reshape(len(articles), _FIELDS)
            tags = list(dict.fromkeys(a.language or "" for a in articles))
            tag = np.array([tags.index(a.language or "") for a in articles], np.int64)
            totals = lengths.sum(axis=1)
            spoken = languages_of(tags, tag, self._numbers, words.tokens, totals, self._foreign.array)
            coded = coded_texts(
                words.tokens,
                self._stems_of(words.tokens, np.repeat(spoken.stemmed, totals)),
                words.lengths,
                ranking.field_weights(lengths).ravel(),
                self._forms.arrays,
                self._stem_forms.arrays,
                _UNSATURATED,
            )
            draws = building.Draws(self._hashes.array, self._lots.array)
            signatures = signatures_of(list(articles), words, draws).view("<i8").tolist()
        languages = [self._stemmings[number].language for number in spoken.stemmed.tolist()]
        names = [
            article.language or CODES[n]
            for article, n in zip(articles, spoken.detected.tolist(), strict=True)
        ]
        has_excerpt = (lengths[:, _EXCERPT] > 0).tolist()
        rows = zip(articles, coded, languages, names, has_excerpt, signatures, own, strict=True)
        return [
            b"{%s,%s"
            % (
                text,
                orjson.dumps(
                    {
                        "language": language,
                        "signature_1": signature[0],
                        "signature_2": signature[1],
                        **fields(article, name, with_excerpt),
                        **added,
                    }
                )[1:],
            )
            for article, text, language, name, with_excerpt, signature, added in rows
        ]

    def _learn(self) -> None:
        """Remember what was read about the terms that were met for the first time. They are the last ones."""
        new = list(islice(reversed(self._numbers), len(self._numbers) - len(self._terms)))[::-1]
        self._terms += new
        self._forms.extend(new)
        self._foreign.extend(np.fromiter(map(is_foreign, new), bool, len(new)))
        self._hashes.extend(term_hashes(new))
        self._lots.extend(np.frombuffer(term_lots(new), np.uint8))

    def _stems_of(self, tokens: Array, languages: Array) -> Array:
        """The number of each word's stem in the language of its article.

        Args:
            languages: for each word, as an index into LANGUAGES.
        """
        found = np.empty(len(tokens), np.int32)
        for language in np.unique(languages).tolist():
            is_here = languages == language
            stems = self._stems[language]
            stems.extend(np.full(len(self._terms) - len(stems.array), -1, np.int32))
            own, known = tokens[is_here], stems.array
            unknown = np.unique(own[known[own] < 0])
            if len(unknown):
                known[unknown] = self._numbered_stems(self._stemmings[language], unknown.tolist())
            found[is_here] = known[own]
        return found

    def _numbered_stems(self, stemming: analysis.Stemming, terms: list[int]) -> list[int]:
        numbers, before = self._stem_numbers, len(self._stem_numbers)
        stems = stemming.stems([self._terms[term] for term in terms])
        found = [numbers.setdefault(f"{stemming.language}:{stem}", len(numbers)) for stem in stems]
        self._stem_forms.extend(list(islice(reversed(numbers), len(numbers) - before))[::-1])
        return found


class _Column:
    """An array that grows."""

    def __init__(self, dtype: Any) -> None:
        self._held: Array = np.empty(1024, dtype)
        self._size = 0

    @property
    def array(self) -> Array:
        return self._held[: self._size]

    def extend(self, values: Array) -> None:
        size = self._size + len(values)
        if size > len(self._held):
            grown = np.empty(2 * size, self._held.dtype)
            grown[: self._size] = self.array
            self._held = grown
        self._held[self._size : size] = values
        self._size = size


class _Texts:
    """Texts as JSON writes them, without quotation marks, and as `coded_texts` reads them."""

    def __init__(self) -> None:
        self._utf8 = _Column(np.uint8)
        self._ends = _Column(np.int64)

    @property
    def arrays(self) -> tuple[Array, Array]:
        return self._utf8.array, self._ends.array

    def extend(self, texts: Sequence[str]) -> None:
        written = [orjson.dumps(text)[1:-1] for text in texts]
        ends = np.cumsum(np.fromiter(map(len, written), np.int64, len(written)))
        self._ends.extend(ends + len(self._utf8.array))
        self._utf8.extend(np.frombuffer(b"".join(written), np.uint8))
