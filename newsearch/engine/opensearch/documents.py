"""How does an article become a document, and a document an article?

Articles are converted in batches. The words of a batch are counted by the loops that build the segments of the arrays,
which makes the codes the same to the bit.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from operator import add, attrgetter
from threading import Lock
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article, Draft, Image, Provider, Version, written
from newsearch.engine.arrays.segment.postings import MAX_POSITIONS
from newsearch.engine.arrays.writing import building
from newsearch.engine.arrays.writing.spoken import CODES, languages_of
from newsearch.engine.opensearch.schema import MAX_VALUE
from newsearch.text import analysis
from newsearch.text.addresses import host_of
from newsearch.text.analysis import fold
from newsearch.text.languages import is_foreign

_MAX_TERMS = 1 << 20
"""An analyser that has numbered more terms than this is replaced, which bounds its memory."""

_BATCH = 512
"""Articles converted at once. Larger batches are slower: their arrays leave the cache."""

_CODES = tuple(f"|{code}" for code in range(256))
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY = 86_400
_FIELDS = len(ranking.TEXT_FIELDS)


def documents(articles: Sequence[Article], protected: frozenset[str]) -> list[dict[str, Any]]:
    """The documents of some articles, without the fields that a writer fills (see schema).

    Args:
        protected: terms that share their stems with no other (see Stemming).

    Raises:
        ValueError: a text holds a lone surrogate, which no JSON can hold.
    """
    analyser = _analyser(protected)
    if len(analyser) > _MAX_TERMS:
        _analyser.cache_clear()
        analyser = _analyser(protected)
    found: list[dict[str, Any]] = []
    for at in range(0, len(articles), _BATCH):
        found += analyser.documents(articles[at : at + _BATCH])
    return found


@lru_cache(maxsize=2)
def _analyser(protected: frozenset[str]) -> _Analyser:
    return _Analyser(protected)


class _Analyser:
    """Numbers the terms of many batches, and remembers their stems. Its length is the number of its terms."""

    def __init__(self, protected: frozenset[str]) -> None:
        self._stemmings = analysis.stemmings(protected)
        self._terms: dict[str, int] = {}
        self._numbering = building.TermNumbering(self._terms, analysis.chunk_terms)
        self._names: list[str] = []
        self._foreign = bytearray()
        self._stems: dict[int, _Stems] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._terms)

    def documents(self, articles: Sequence[Article]) -> list[dict[str, Any]]:
        if not articles:
            return []
        texts = [text for a in articles for text in (a.title, " ".join(a.topics), a.excerpt, a.body)]
        with self._lock:
            token_bytes, length_bytes, _ = self._numbering.numbered(texts)
            new = list(islice(self._terms, len(self._names), None))
            self._names += new
            self._foreign += bytes(map(is_foreign, new))
            foreign = np.frombuffer(bytes(self._foreign), bool)
            tokens = np.frombuffer(token_bytes, np.int32)
            lengths = np.frombuffer(length_bytes, np.int32).reshape(len(articles), _FIELDS)
            tags = list(dict.fromkeys(a.language or "" for a in articles))
            tag = np.array([tags.index(a.language or "") for a in articles], np.int64)
            spoken = languages_of(tags, tag, self._terms, tokens, lengths.sum(axis=1), foreign)
            return self._written(articles, tokens, lengths, spoken.stemmed.tolist(), spoken.told.tolist())

    def _written(
        self,
        articles: Sequence[Article],
        tokens: NDArray[Any],
        lengths: NDArray[Any],
        spoken: list[int],
        told: list[int],
    ) -> list[dict[str, Any]]:
        terms, codes, ends = self._codes(tokens, lengths)
        numbers, of_field = tokens.tolist(), lengths.tolist()
        names, start, first, found = self._names, 0, 0, []
        name = names.__getitem__
        for i, article in enumerate(articles):
            language = spoken[i]
            stems = self._stems_of(language)
            last = ends[i]
            own, own_codes = terms[first:last], codes[first:last]
            document: dict[str, Any] = {
                "exact": " ".join(map(add, map(name, own), map(_CODES.__getitem__, own_codes))),
                "stem": stems.coded(own, own_codes, names),
                "language": stems.language,
            }
            first, left = last, MAX_POSITIONS
            for field, length in zip(ranking.TEXT_FIELDS, of_field[i], strict=True):
                if length:
                    words = numbers[start : start + min(length, left)]
                    document[f"x_{field}"] = " ".join(map(name, words))
                    document[f"s_{field}"] = " ".join(map(stems.known.__getitem__, words))
                    document[f"length_{field}"] = length
                    start += length
                    left = max(0, left - length)
            document |= _facts(article, article.language or CODES[told[i]], of_field[i][_EXCERPT])
            found.append(document)
        return found

    def _codes(self, tokens: NDArray[Any], lengths: NDArray[Any]) -> tuple[list[int], list[int], list[int]]:
        """The terms of each article and their codes, article by article, and where each article ends."""
        used, compact = np.unique(tokens, return_inverse=True)
        size = len(lengths)
        weights = ranking.field_weights(lengths)
        found = building.Inverted(
            *building.inverted(
                compact.astype(np.int32),
                np.arange(len(used), dtype=np.int32),
                np.ascontiguousarray(lengths, np.int32).ravel(),
                np.arange(size, dtype=np.int64),
                weights.ravel(),
                len(used),
                MAX_POSITIONS,
            )
        )
        term = np.repeat(used, np.frombuffer(found.counts, np.int32))
        doc = np.frombuffer(found.doc, np.uint16)
        order = np.argsort(doc, kind="stable")
        codes = ranking.saturate(np.frombuffer(found.weight))
        ends = np.cumsum(np.bincount(doc, minlength=size))
        return term[order].tolist(), codes[order].tolist(), ends.tolist()

    def _stems_of(self, language: int) -> _Stems:
        found = self._stems.get(language)
        if found is None:
            found = self._stems[language] = _Stems(self._stemmings[language])
        return found


class _Stems:
    """The stems of terms in one language, with its code in front: `en:ban`. `known` has them by the term's number."""

    def __init__(self, stemming: analysis.Stemming) -> None:
        self.language = stemming.language
        self.known: dict[int, str] = {}
        self._stemming = stemming

    def of(self, terms: Sequence[int], names: Sequence[str]) -> list[str]:
        """The stems of some terms, given by their numbers.

        Args:
            names: all terms.
        """
        known = self.known
        try:
            return [known[term] for term in terms]
        except KeyError:
            new = [term for term in terms if term not in known]
            stems = self._stemming.stems([names[term] for term in new])
            prefix = f"{self.language}:"
            known.update(zip(new, [prefix + stem for stem in stems], strict=True))
            return [known[term] for term in terms]

    def coded(self, terms: Sequence[int], codes: Sequence[int], names: Sequence[str]) -> str:
        """The stems of an article with the codes of all their forms together, and of the best form if it differs."""
        stems = self.of(terms, names)
        united = dict(zip(stems, codes, strict=True))
        if len(united) == len(stems):
            return " ".join(map(add, stems, map(_CODES.__getitem__, codes)))
        several: dict[str, list[tuple[str, int]]] = {
            stem: [] for stem, count in Counter(stems).items() if count > 1
        }
        for stem, term, code in zip(stems, terms, codes, strict=True):
            if stem in several:
                several[stem].append((names[term], code))
        best = []
        for stem, forms in several.items():
            # In the order of the forms, as ranking says: the last bit of a sum depends on it.
            total = sum(_UNSATURATED[code] for _, code in sorted(forms))
            united[stem] = round(255 * total / (ranking.K1 + total))
            most = max(code for _, code in forms)
            if most != united[stem]:
                best.append(best_form(stem) + _CODES[most])
        return " ".join([*map(add, united, map(_CODES.__getitem__, united.values())), *best])


_UNSATURATED: Final = ranking.unsaturate(np.arange(256)).tolist()
_EXCERPT: Final = ranking.TEXT_FIELDS.index("excerpt")


def best_form(stem: str) -> str:
    """The token for the best code of a single form, from that of a stem: `en:ban` gives `en<ban`."""
    return stem.replace(":", "<", 1)


# Facts


def _facts(article: Article, tag: str, excerpt: int) -> dict[str, Any]:
    """What filters, sorts and facets read.

    Args:
        tag: the language by which the article is found, or "".
        excerpt: the number of words of the excerpt.
    """
    provider = article.provider
    host = (provider and provider.domain) or _host(article)
    facts: dict[str, Any] = {
        "id": article.id[:MAX_VALUE],
        "keys": _keys(article, tag, excerpt, host),
        "type": article.type[:MAX_VALUE],
        "published": article.published,
        "article": _stored(article),
    }
    if article.topics:
        facts["topic"] = [topic[:MAX_VALUE] for topic in article.topics]
    if article.authors:
        facts["author"] = [author[:MAX_VALUE] for author in article.authors]
        facts["author_words"] = [folded_name(author) for author in article.authors]
    if provider and provider.name:
        facts["provider"] = provider.name[:MAX_VALUE]
        facts["provider_words"] = folded_name(provider.name)
    if outlet := (provider and provider.name) or host:
        facts["outlet"] = outlet[:MAX_VALUE]
    if article.category:
        facts["category"] = article.category[:MAX_VALUE]
    if tag:
        facts["tag"] = tag[:MAX_VALUE]
    if urls := _urls(article):
        facts["urls"] = urls
    for name, day, when in (("date", "day", article.date), ("modified", "modified_day", article.modified)):
        if when is not None:
            facts[name] = seconds(when)
            if not isinstance(when, datetime):
                facts[day] = when.toordinal() - _EPOCH_DAY
    for name in ("heat", "quality"):
        value = getattr(article, name)
        if value is not None and 0 <= value < float("inf"):
            facts[name] = value
    return facts


def _keys(article: Article, tag: str, excerpt: int, host: str) -> list[str]:
    keys = [
        f"topic:{topic}" for topic in dict.fromkeys(topic.casefold()[:MAX_VALUE] for topic in article.topics)
    ]
    keys += [
        f"category:{article.category.casefold()[:MAX_VALUE]}",
        f"type:{article.type.casefold()[:MAX_VALUE]}",
    ]
    tag = tag.casefold()[:MAX_VALUE]
    keys += [f"language:{tag[:at]}" for at, sign in enumerate(tag) if sign == "-"]
    keys.append(f"language:{tag}")
    domain = host.casefold()[:MAX_VALUE]
    while domain:
        keys.append(f"domain:{domain}")
        domain = domain.partition(".")[2]
    for name, has in (
        ("image", bool(article.images)),
        ("related", bool(article.related)),
        ("body", bool(article.body)),
        ("excerpt", excerpt > 0),
    ):
        if has:
            keys.append(f"has:{name}")
    return keys


def _urls(article: Article) -> list[str]:
    urls = (article.web_url, article.original_url)
    return list(dict.fromkeys(url.casefold()[:MAX_VALUE] for url in urls if url))


def _host(article: Article) -> str:
    """The host of the address of an article, without www."""
    return host_of(f"{article.web_url or ''} {article.original_url or ''}")


@lru_cache(maxsize=4096)
def folded_name(name: str) -> str:
    """Normalise a name for comparison: case, accents and extra spaces are ignored."""
    return " ".join(fold(name.casefold()).split())


def seconds(when: date) -> int:
    """A moment in whole seconds since 1970, rounded down; a day is its midnight in UTC."""
    if isinstance(when, datetime):
        return (when - _EPOCH) // _SECOND
    return (when.toordinal() - _EPOCH_DAY) * _DAY


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


# The stored article

_PLAIN: Final = tuple(
    name
    for name in Article.__slots__
    if name
    not in (
        "id",
        "title",
        "date",
        "modified",
        "provider",
        "images",
        "related",
        "history",
        "extra",
        "topics",
        "authors",
    )
)
_DEFAULTS: Final = {name: getattr(Article(id="", title=""), name) for name in _PLAIN}
_plain_values: Final = attrgetter(*_PLAIN)
_plain_defaults: Final = tuple(_DEFAULTS.values())


def _stored(article: Article) -> str:
    values = _values(article)
    try:
        return orjson.dumps(values).decode()
    except TypeError:
        # An integer of more than 64 bits, or a lone surrogate.
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        text.encode()
        return text


def _values(article: Article) -> dict[str, Any]:
    values: dict[str, Any] = {"id": article.id, "title": article.title}
    for name, value, default in zip(_PLAIN, _plain_values(article), _plain_defaults, strict=True):
        if value != default:
            values[name] = value
    if article.topics:
        values["topics"] = article.topics
    if article.authors:
        values["authors"] = article.authors
    for name, when in (("date", article.date), ("modified", article.modified)):
        if when is not None:
            values[name] = written(when)
    if article.provider:
        provider = article.provider
        values["provider"] = [provider.name, provider.domain, *map(_image, provider.images)]
    if article.images:
        values["images"] = list(map(_image, article.images))
    if article.related:
        values["related"] = list(map(_values, article.related))
    if article.history:
        values["history"] = list(map(_version, article.history))
    if article.extra:
        values["extra"] = dict(article.extra)
    return values


def _image(image: Image) -> list[Any]:
    return [image.url, image.width, image.height, image.is_cached]


def _version(version: Version) -> list[Any]:
    return [version.title, version.excerpt, *map(written, (version.replaced, version.date, version.modified))]


def article(source: Mapping[str, Any]) -> Article:
    """The article in a document.

    Args:
        source: the `_source` of the document.

    Raises:
        ValueError: the document is damaged.
    """
    try:
        return _article(json.loads(source["article"]))
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a stored article: {error!r:.100}") from error


def _article(values: dict[str, Any]) -> Article:
    made: Any = Draft()
    made.id, made.title = values["id"], values["title"]
    for name, default in _DEFAULTS.items():
        setattr(made, name, values.get(name, default))
    made.topics = tuple(values.get("topics", ()))
    made.authors = tuple(values.get("authors", ()))
    made.date, made.modified = _moment(values.get("date")), _moment(values.get("modified"))
    made.provider = None
    if given := values.get("provider"):
        name, domain, *images = given
        made.provider = Provider(name, domain, tuple(Image(*image) for image in images))
    made.images = tuple(Image(*image) for image in values.get("images", ()))
    made.related = tuple(map(_article, values.get("related", ())))
    made.history = tuple(
        Version(
            title=title,
            excerpt=excerpt,
            replaced=datetime.fromisoformat(replaced),
            date=_moment(dated),
            modified=_moment(modified),
        )
        for title, excerpt, replaced, dated, modified in values.get("history", ())
    )
    made.extra = values.get("extra", {})
    made.__class__ = Article
    article: Article = made
    return article


def _moment(text: str | None) -> datetime | date | None:
    if text is None:
        return None
    return date.fromisoformat(text) if len(text) == _DAY_LENGTH else datetime.fromisoformat(text)


_DAY_LENGTH: Final = len("1970-01-01")
