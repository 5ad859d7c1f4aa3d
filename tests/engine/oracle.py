"""The search as its docstrings tell it, slow and obvious: dictionaries and loops over a list of articles.

It shares with the engine its words and their languages, the constants of `ranking` and the tree, and nothing else:
no arrays, no postings, no segments. What it answers is what the engine has to answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from statistics import median

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.base import Options
from newsearch.query import plan
from newsearch.query.tree import (
    All,
    And,
    DateRange,
    Everything,
    Fuzzy,
    Match,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
    replace,
    texts,
)
from newsearch.text import analysis, languages
from newsearch.text.addresses import like_addresses
from newsearch.text.english import FUNCTION_WORDS

FILTER = 1e-9

Scores = dict[int, float]
"""The number of an article in the list -> its text score, above 0."""


Slot = dict[str, set[str]]
"""For each language, the exact forms that may stand at one place of a query, in articles of that language."""


@dataclass(slots=True)
class Found:
    """One match: its number, tier, score, and what it is sorted by."""

    number: int
    article: Article
    complete: bool
    score: float
    text: float
    boost: float
    cause: tuple[float, ...]
    """What the score was made of: matches with equal causes have equal scores, to the last bit."""


@dataclass(slots=True)
class Text:
    """The words of an article: (position, field, term), numbered through all fields; and their language."""

    words: list[tuple[int, str, str]] = field(default_factory=list)
    lengths: dict[str, int] = field(default_factory=dict)
    language: str = "en"


class Oracle:
    """Answers queries about the live articles of an index.

    Args:
        articles: the live articles.
        max_fuzzy_forms: exact forms that a misspelt word stands for at most.
        protected: terms that keep to themselves.
    """

    def __init__(
        self,
        articles: Sequence[Article],
        max_fuzzy_forms: int = 64,
        protected: frozenset[str] = frozenset(),
    ) -> None:
        self.articles = list(articles)
        self.max_fuzzy_forms = max_fuzzy_forms
        self.texts = [_text(article) for article in articles]
        self.forms = sorted({term for text in self.texts for _, _, term in text.words})
        self.stemmings = {text.language: analysis.Stemming(text.language, protected) for text in self.texts}
        self.pivot = {
            name: median([float(x) for x in values]) if values else 0.0
            for name in ("heat", "quality")
            if [values := [x for a in articles if (x := getattr(a, name)) is not None and x >= 0]]
        }

    # The answer

    def search(self, tree: Node, options: Options) -> list[Found]:
        """All matches, on all pages, the best first."""
        self._tz = options.tz
        self._is_mixed = any(letter.islower() for text in texts(tree) for letter in text)
        found = [
            self._found(number, complete, parts, options)
            for number, complete, parts in self._matches(tree, options)
        ]
        shown = options.unpublished or _asks_for_unpublished(tree)
        visible = [f for f in found if shown or f.article.published]
        return self.ordered(visible, tree, options)

    def ordered(self, found: Sequence[Found], tree: Node, options: Options) -> list[Found]:
        """The best first: of a text by score, of anything else first those that hold all."""
        by_score = options.sort == "relevance" and self._is_text(tree)
        return sorted(found, key=lambda f: (not f.complete and not by_score, *sort_key(f, options)))

    def _is_text(self, tree: Node) -> bool:
        """Whether more than six different things are asked for of which an article may hold some."""
        children = tree.children if isinstance(tree, All) else ()
        plain = {child for child in children if _is_plain(child) and not _is_filter(child)}
        return len(plain) > plan.COMPLETE_WORDS

    def _matches(self, tree: Node, options: Options) -> Iterable[tuple[int, bool, tuple[float, ...]]]:
        """Article, whether it holds every word, and the scores of the root's children there and of the added words."""
        by_score = options.sort == "relevance"
        also = [scores for word in options.also if by_score and (scores := self._word(word)) is not None]
        children = tree.children if isinstance(tree, All | And) else (tree,)
        must: list[Scores] = []
        may: list[Scores] = []
        filters: list[Scores] = []
        for child in children:
            if self._is_text(tree) and isinstance(child, Word) and child.field is None:
                terms = analysis.terms(child.text)
                if len(terms) > 1 and all(term.isalpha() for term in terms):
                    may += [self._word(replace(child, text=term)) or {} for term in terms]
                    continue
            scores = self.scores(child)
            if scores is None or isinstance(child, Everything):
                continue
            if _is_filter(child):
                filters.append(scores)
            elif not isinstance(tree, And) and _is_plain(child):
                may.append(scores)
            else:
                must.append(scores)
        if not must and not may:
            must = [dict.fromkeys(range(len(self.articles)), 1.0)]
        for number in range(len(self.articles)):
            if not all(number in scores for scores in [*must, *filters]):
                continue
            held = sum(number in scores for scores in may)
            is_own = bool(must or held)
            if is_own or (options.also_finds and any(number in scores for scores in also)):
                parts = tuple(scores.get(number, 0.0) for scores in [*must, *may, *also])
                yield number, is_own and held == len(may), parts

    def _found(self, number: int, complete: bool, parts: tuple[float, ...], options: Options) -> Found:
        article = self.articles[number]
        factors = self._factors(article, options)
        text, boost = math.fsum(parts), math.prod(factors)
        return Found(number, article, complete, text * boost, text, boost, (*parts, *factors))

    def _factors(self, article: Article, options: Options) -> tuple[float, ...]:
        boosts = options.boosts
        factors = []
        for name, weight in (("heat", boosts.heat), ("quality", boosts.quality)):
            x, p = getattr(article, name), self.pivot[name]
            known = x is not None and x >= 0 and p > 0
            factors.append(2 ** (weight * ((x - p) / (x + p) if known else 0)))
        if boosts.half_life is not None:
            when = seconds(article.date, options.tz)
            if when is None:
                factors.append(1.0)
            else:
                age = max(0.0, (self._as_of(options) - when) / 86400)
                factors.append(2 ** (boosts.recency * (2 * 2 ** (-age / boosts.half_life) - 1)))
        return tuple(factors)

    def _as_of(self, options: Options) -> float:
        if options.as_of is not None:
            return options.as_of.timestamp()
        dates = [
            when for a in self.articles if a.published and (when := seconds(a.date, options.tz)) is not None
        ]
        return min(max(dates, default=0.0), datetime.now(UTC).timestamp())

    # Facets

    def facet(self, found: Sequence[Found], name: str, limit: int, tz: tzinfo) -> list[tuple[str, int]]:
        """The commonest values among complete matches, or, where there are none, among all."""
        chosen = [f for f in found if f.complete] or found
        counts = Counter(value for f in chosen for value in self._facet_values(f, name, tz) if value)
        if name in ("year", "month", "week", "day"):
            return sorted(counts.items())[max(0, len(counts) - limit) :]
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]

    # Nodes

    def scores(self, node: Node) -> Scores | None:
        """What a node finds; None where it has no words, and so asks for nothing."""
        match node:
            case Word():
                return self._word(node)
            case Phrase():
                return self._window(analysis.terms(node.text), node, node.slop, ordered=True)
            case Near():
                sides = [terms for word in node.words if (terms := analysis.terms(word))]
                words = [term for terms in sides for term in terms]
                if len(sides) == 2 and len(words) > 2:
                    return self._beside(*sides, node)
                is_one = len(words) > 1 and len(set(words)) == 1
                return self._window(words, node, node.distance, ordered=is_one)
            case Prefix():
                return self._prefix(node)
            case Fuzzy():
                return self._fuzzy(node)
            case Everything():
                return dict.fromkeys(range(len(self.articles)), 1.0)
            case Match() | Range() | DateRange():
                passes = self._filter(node)
                return {i: FILTER for i, article in enumerate(self.articles) if passes(article)}
            case Not(child):
                inner = self.scores(child)
                return (
                    None
                    if inner is None
                    else {i: FILTER for i in range(len(self.articles)) if i not in inner}
                )
            case All(children) | And(children):
                lists = [scores for child in children if (scores := self.scores(child)) is not None]
                if not lists:
                    return None
                both = set.intersection(*(set(scores) for scores in lists))
                return {i: math.fsum(scores[i] for scores in lists) for i in both}
            case Or(children):
                lists = [scores for child in children if (scores := self.scores(child)) is not None]
                if not lists:
                    return None
                either = set.union(*(set(scores) for scores in lists))
                total = max if node.best else math.fsum
                return {i: total(scores.get(i, 0) for scores in lists) for i in either}

    # Words

    def _word(self, node: Word) -> Scores | None:
        """A word in either spelling, of which the one that was not typed counts as another form does."""
        typed, other = self._one_spelling(node), analysis.other_spelling(node.text)
        otherwise = self._one_spelling(replace(node, text=other)) if other else None
        if typed is None or other is None or not otherwise:
            return typed
        best: Scores = {}
        for text, scores, share in ((node.text, typed, 1.0), (other, otherwise, 1 - 1 / ranking.PARTS)):
            own = sum(
                self._weight_of_word(len(self._codes(self._kin(term)))) for term in analysis.terms(text)
            )
            for i, score in scores.items():
                score *= share * self._weight_of_word(len({**typed, **otherwise})) / own
                best[i] = max(best.get(i, 0.0), score)
        return best

    def _one_spelling(self, node: Word) -> Scores | None:
        terms = analysis.terms(node.text)
        if not terms:
            return None
        kin = [self._kin(term) for term in terms]
        if len(terms) == 1 and analysis.is_half(terms[0]):
            return self._weighted(self._best_codes(kin[0], node.field), node.weight)
        if len(terms) > 1:
            return self._together(kin, node, 0, ordered=True)
        any_form = self._codes(kin[0], node.field) if node.field else self._united(kin[0])
        exact = self._codes(self._everywhere({terms[0]}), node.field)
        parts = {i: (ranking.PARTS - 1) * code + exact.get(i, 0) for i, code in any_form.items()}
        share = 0.5 if terms[0] in FUNCTION_WORDS and not (self._is_mixed and _is_shouted(node.text)) else 1.0
        return self._weighted(parts, share * node.weight / ranking.PARTS)

    def _exact(self, term: str) -> set[str]:
        """A form itself; of a character of a script without spaces, all pairs that hold it."""
        return (
            {form for form in self.forms if term in form and len(form) <= 2}
            if analysis.is_half(term)
            else {term}
        )

    def _kin(self, term: str) -> Slot:
        if analysis.is_half(term):
            return self._everywhere(self._exact(term))
        return {
            language: {form for form in self.forms if stemming.stem(form) == stemming.stem(term)}
            for language, stemming in self.stemmings.items()
        }

    def _everywhere(self, forms: set[str]) -> Slot:
        return dict.fromkeys(self.stemmings, forms)

    def _prefix(self, node: Prefix) -> Scores | None:
        terms = analysis.terms(node.text)
        if not terms:
            return None
        begun = {form for form in self.forms if form.startswith(terms[-1])}
        if len(terms) > 1:
            slots = [*map(self._exact, terms[:-1]), begun]
            return self._together([*map(self._everywhere, slots)], node, 0, ordered=True)
        return self._weighted(self._best_codes(self._everywhere(begun), node.field), node.weight)

    def _fuzzy(self, node: Fuzzy) -> Scores | None:
        terms = analysis.terms(node.text)
        if len(terms) != 1:
            return self._one_spelling(Word(node.text, node.field, node.weight))
        near = sorted((edits(terms[0], form), form) for form in self.forms)
        best: dict[int, int] = {}
        for distance, form in [item for item in near if item[0] <= node.distance][: self.max_fuzzy_forms]:
            for i, code in self._codes(self._everywhere({form}), node.field).items():
                best[i] = max(best.get(i, 0), 1, code // (1 + distance))
        return self._weighted(best, node.weight)

    def _weighted(self, codes: dict[int, int], weight: float) -> Scores:
        unit = self._weight_of_word(len(codes))
        return {i: weight * unit * (ranking.K1 + 1) * code / 255 for i, code in codes.items()}

    def _weight_of_word(self, holding: int) -> float:
        idf = math.log(1 + (len(self.articles) - holding + 0.5) / (holding + 0.5))
        return idf**2 / (idf + ranking.DAMPING)

    def _codes(self, slot: Slot, name: str | None = None) -> dict[int, int]:
        """The saturated weight of these forms, taken as one word, in one field or in all."""
        codes = {}
        for i, text in enumerate(self.texts):
            forms = slot[text.language]
            w = 0.0
            for _, where, term in text.words:
                if term in forms and name in (None, where):
                    f = ranking.FIELD_WEIGHTS[where]
                    w += f.weight / (1 - f.b + f.b * (text.lengths[where] / f.pivot))
            if w:
                codes[i] = max(1, round(255 * w / (ranking.K1 + w)))
        return codes

    def _united(self, slot: Slot) -> dict[int, int]:
        """The saturated weight of these forms, from what the saturated weight of each stands for."""
        sums: dict[int, float] = {}
        for form in sorted(set().union(*slot.values())):
            for i, code in self._codes({tongue: forms & {form} for tongue, forms in slot.items()}).items():
                kept = min(code, 254.75)
                sums[i] = sums.get(i, 0.0) + ranking.K1 * kept / (255 - kept)
        return {i: round(255 * w / (ranking.K1 + w)) for i, w in sums.items()}

    def _best_codes(self, slot: Slot, name: str | None) -> dict[int, int]:
        """The code of the best of some forms; within one field they count as one word."""
        if name is not None:
            return self._codes(slot, name)
        best: dict[int, int] = {}
        for form in set().union(*slot.values()):
            for i, code in self._codes({tongue: forms & {form} for tongue, forms in slot.items()}).items():
                best[i] = max(best.get(i, 0), code)
        return best

    # Words that stand together

    def _window(self, terms: list[str], node: Phrase | Near, slop: int, *, ordered: bool) -> Scores | None:
        slots = [self._everywhere(self._exact(term)) for term in terms]
        return self._together(slots, node, slop, ordered=ordered) if terms else None

    def _beside(self, left: list[str], right: list[str], node: Near) -> Scores:
        """Articles with two phrases in either order, and at most so many words between their ends."""
        scored = [
            self._weighted(self._best_codes(self._everywhere(self._exact(term)), None), node.weight)
            for term in (*left, *right)
        ]
        return {
            i: math.fsum(scores[i] for scores in scored)
            for i, text in enumerate(self.texts)
            if any(
                0 <= second - first - len(phrase) <= node.distance
                for name in ([node.field] if node.field else ranking.TEXT_FIELDS)
                for phrase, other in ((left, right), (right, left))
                for first in self._places_of(phrase, text, name)
                for second in self._places_of(other, text, name)
            )
        }

    def _places_of(self, phrase: list[str], text: Text, name: str) -> list[int]:
        """Where a phrase begins in a field."""
        slots = [self._everywhere(self._exact(term))[text.language] for term in phrase]
        standing = {at: term for at, where, term in text.words if where == name}
        return [at for at in standing if all(standing.get(at + i) in slot for i, slot in enumerate(slots))]

    def _together(
        self, slots: list[Slot], node: Phrase | Near | Word | Prefix, slop: int, *, ordered: bool
    ) -> Scores:
        scored = [self._weighted(self._best_codes(slot, None), node.weight) for slot in slots]
        return {
            i: math.fsum(scores[i] for scores in scored)
            for i, text in enumerate(self.texts)
            if any(
                _stands(
                    [(at, term) for at, where, term in text.words if where == name],
                    [slot[text.language] for slot in slots],
                    slop,
                    ordered,
                )
                for name in ([node.field] if node.field else ranking.TEXT_FIELDS)
            )
        }

    # Filters

    def _filter(self, node: Match | Range | DateRange) -> Callable[[Article], bool]:
        match node:
            case Range(name, low, high):
                return lambda a: (
                    (x := getattr(a, name)) is not None
                    and x >= 0
                    and ((low is None or x >= low) and (high is None or x <= high))
                )
            case DateRange(start, end, name, begun):
                return lambda a: _is_dated(getattr(a, name), start, end, begun, self._tz)
            case Match("language", value):
                wanted = value.casefold()
                return lambda a: f"{self._language(a)}-".startswith(f"{wanted}-")
            case Match(name, value):
                return lambda a: _matches(a, name, value)

    def _language(self, article: Article) -> str:
        """The tag of an article, or else the language that its words tell."""
        words = self.texts[self.articles.index(article)].words
        return article.language or languages.detected([term for _, _, term in words])

    def _facet_values(self, found: Found, name: str, tz: tzinfo) -> Iterable[str]:
        article = found.article
        match name:
            case "topic":
                return article.topics
            case "author":
                return article.authors
            case "provider":
                return [(article.provider and article.provider.name) or _domain(article)]
            case "year" | "month" | "week" | "day":
                return [_period(article.date, name, tz)] if article.date else []
            case "language":
                return [self._language(article)]
        return [getattr(article, name)]


def _text(article: Article) -> Text:
    text = Text()
    for name in ranking.TEXT_FIELDS:
        value = " ".join(article.topics) if name == "topics" else getattr(article, name)
        terms = analysis.terms(value)
        text.lengths[name] = len(terms)
        text.words += [(len(text.words) + i, name, term) for i, term in enumerate(terms)]
    text.language = languages.of(article.language, [term for _, _, term in text.words])
    return text


def _is_shouted(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _stands(words: list[tuple[int, str]], slots: list[set[str]], slop: int, ordered: bool) -> bool:
    """Whether some stretch of len(slots) + slop words has a word for every slot."""
    width = len(slots) - 1 + slop
    for first, _ in words:
        stretch = [term for at, term in words if first <= at <= first + width]
        if not ordered:
            if all(any(term in slot for term in stretch) for slot in slots):
                return True
            continue
        wanted = list(slots)
        for term in stretch:
            if wanted and term in wanted[0]:
                del wanted[0]
        if not wanted:
            return True
    return False


def edits(a: str, b: str) -> int:
    """The optimal string alignment distance: insert, delete, replace, swap of neighbours."""
    d = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
    return d[len(a), len(b)]


def seconds(when: date | datetime | None, tz: tzinfo) -> int | None:
    """A date in whole seconds since 1970: a day's first in a zone, where there is no time."""
    if when is None:
        return None
    if not isinstance(when, datetime):
        when = datetime.combine(when, time(), tz)
    return math.floor((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def _is_dated(
    when: date | datetime | None, start: datetime | None, end: datetime | None, begun: bool, tz: tzinfo
) -> bool:
    first = last = seconds(when, tz)
    if when is None or first is None or last is None:
        return False
    if not isinstance(when, datetime):
        tomorrow = seconds(when + timedelta(days=1), tz)
        assert tomorrow is not None
        last = tomorrow - 1
    over = first if begun or start else last
    return (start is None or last >= start.timestamp()) and (end is None or over < end.timestamp())


def _period(when: date | datetime, name: str, tz: tzinfo) -> str:
    day = when.astimezone(tz).date() if isinstance(when, datetime) else when
    if name == "week":
        return f"{day.isocalendar().year:04}-W{day.isocalendar().week:02}"
    return day.isoformat()[: {"year": 4, "month": 7, "day": 10}[name]]


def _matches(article: Article, name: str, value: str) -> bool:
    wanted = value.casefold()
    host = wanted.removeprefix("www.")
    domain = _domain(article).casefold()
    match name:
        case "id":
            return article.id == value
        case "topic":
            return wanted in [topic.casefold() for topic in article.topics]
        case "category" | "type":
            return bool(getattr(article, name).casefold() == wanted)
        case "author":
            return any(_within(value, author) for author in article.authors)
        case "domain":
            return domain == host or domain.endswith("." + host)
        case "provider":
            return (article.provider is not None and _within(value, article.provider.name)) or (
                "." in host and (domain == host or domain.endswith("." + host))
            )
        case "url":
            if "://" in value:
                return article.canonical_url in like_addresses(value)
            return any(wanted in url.casefold() for url in (article.web_url, article.original_url) if url)
        case "has":
            return {
                "image": bool(article.images),
                "related": bool(article.related),
                "body": bool(article.body),
                "excerpt": bool(analysis.terms(article.excerpt)),
            }[wanted]
        case "is":
            return {
                "published": article.published,
                "unpublished": not article.published,
                "video": article.type.casefold() == "video",
            }[wanted]
    raise AssertionError(name)


def _domain(article: Article) -> str:
    """The outlet's domain, or else the host of the article's URL without www."""
    if article.provider and article.provider.domain:
        return article.provider.domain
    url = article.web_url or article.original_url or ""
    return url.partition("://")[2].partition("/")[0].removeprefix("www.")


def _within(wanted: str, name: str) -> bool:
    """Whether a name has these words side by side, capitals and accents aside."""
    words, some = analysis.fold(name).split(), analysis.fold(wanted).split()
    return any(words[i : i + len(some)] == some for i in range(len(words)))


def sort_key(found: Found, options: Options) -> tuple[float | str, ...]:
    """By the sort; ties go to the newer article, then to the lower id."""
    when = seconds(found.article.date, options.tz)
    newest = math.inf if when is None else -when
    match sort := options.sort:
        case "relevance":
            key = -found.score
        case "newest":
            key = newest
        case "oldest":
            key = math.inf if when is None else when
        case "modified":
            changed = seconds(found.article.modified, options.tz)
            key = math.inf if changed is None else -changed
        case _:
            x = getattr(found.article, sort)
            key = -x if x is not None and x >= 0 else math.inf
    return key, newest, found.article.id


def _is_plain(node: Node) -> bool:
    return isinstance(node, Or) or (isinstance(node, Word | Prefix | Fuzzy) and node.field is None)


def _asks_for_unpublished(node: Node) -> bool:
    match node:
        case Match("is", value):
            return value.casefold() == "unpublished"
        case All(children) | And(children) | Or(children):
            return any(map(_asks_for_unpublished, children))
    return False


def _is_filter(node: Node) -> bool:
    match node:
        case Match() | Range() | DateRange() | Not():
            return True
        case All(children) | And(children) | Or(children):
            return all(map(_is_filter, children))
    return False
