"""Scoring nodes of a query tree -> clauses: sorted articles with scores, over the whole index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import analysis, ranking
from newsearch.engine.whoosh import filters, matches
from newsearch.engine.whoosh.dictionary import edit_distances
from newsearch.engine.whoosh.matches import Scored
from newsearch.engine.whoosh.positions import windows
from newsearch.engine.whoosh.segment import Segment
from newsearch.engine.whoosh.view import Mask, Part, View
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
)

Array: TypeAlias = NDArray[Any]
Codes: TypeAlias = tuple[Array, Array]
Slots: TypeAlias = Sequence[Sequence[int]]

MAX_FUZZY_FORMS = 64
"""A misspelt word stands for at most this many exact forms, the nearest ones first."""

_FILTER_SCORE = 1e-9
"""What a filter that stands among scoring nodes, as in `topic:AI OR robots`, adds to a score."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A scoring node: what it finds, and the text or the kind of it, for an explanation."""

    part: Part
    name: str


class Compiler:
    """Makes clauses and masks from the nodes of one query."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._segments = view.segments

    def clause(self, node: Node) -> Clause | None:
        """The clause of a node, or None for text in which there is no word, which asks for nothing."""
        if isinstance(node, Word):
            return self._word(node)
        match node:
            case Phrase():
                return self._window(node, [node.text], node.slop, ordered=True)
            case Near():
                return self._window(node, node.words, node.distance, ordered=False)
            case Prefix():
                return self._prefix(node)
            case Fuzzy():
                return self._fuzzy(node)
            case Everything():
                everything = np.arange(self._view.articles)
                return Clause(Part(everything, np.ones(len(everything), np.uint8), 1.0, 1.0), "every article")
            case Match() | Range() | DateRange() | Not():
                return self._passing(node)
            case All(children) | And(children):
                return self._combine(children, matches.intersection, "all of a group")
            case Or(children):
                return self._combine(children, matches.union, "any of a group")

    def mask(self, node: Node) -> Callable[[Array], Mask]:
        """A function from articles to whether each passes a node that is used as a filter."""
        view = self._view
        match node:
            case Match() | Range() | DateRange():
                return lambda docs: filters.mask(node, view, docs)
            case Not(child):
                passes = self.mask(child)
                return lambda docs: ~passes(docs)
            case And(children) | All(children):
                tests = [self.mask(child) for child in children]
                return lambda docs: np.logical_and.reduce([np.ones(len(docs), bool), *(t(docs) for t in tests)])
            case Or(children):
                tests = [self.mask(child) for child in children]
                return lambda docs: np.logical_or.reduce([np.zeros(len(docs), bool), *(t(docs) for t in tests)])
        clause = self.clause(node)
        found = clause.part.doc if clause else matches.NONE.doc
        return lambda docs: matches.holds(docs, found)

    def _passing(self, node: Node) -> Clause:
        docs = np.arange(self._view.articles)
        docs = docs[self.mask(node)(docs)]
        return Clause(Part(docs, np.ones(len(docs), np.uint8), _FILTER_SCORE, _FILTER_SCORE), "a filter")

    def _combine(
        self, children: Sequence[Node], combine: Callable[[list[Scored]], Scored], name: str
    ) -> Clause | None:
        parts = [clause.part for child in children if (clause := self.clause(child))]
        if not parts:
            return None
        return _scored(combine([Scored(part.doc, part.value * part.unit) for part in parts]), name)

    # Words

    def _word(self, node: Word) -> Clause | None:
        terms = analysis.terms(node.text)
        if not terms:
            return None
        if len(terms) > 1:
            # One word as typed that is several terms (COVID-19): they must stand together, in any of their forms.
            slots = [[segment.dictionary.forms(term) for term in terms] for segment in self._segments]
            return self._phrase(slots, node, 0, ordered=True)
        if node.field is None:
            part = self._view.word(terms[0])
            if node.weight != 1:
                part = part._replace(unit=part.unit * node.weight, best=part.best * node.weight)
            return Clause(part, terms[0])
        lists = []
        for segment in self._segments:
            doc, code = self._in_field(segment, segment.dictionary.forms(terms[0]), node.field)
            number = segment.dictionary.number(terms[0])
            exact_doc, exact_code = self._in_field(segment, [number] if number >= 0 else [], node.field)
            both = code.astype(np.uint16) * (ranking.PARTS - 1)
            both[doc.searchsorted(exact_doc)] += exact_code
            lists.append((doc, both))
        return Clause(self._view.weighted(lists, node.weight / ranking.PARTS), f"{terms[0]} in {node.field}")

    def _prefix(self, node: Prefix) -> Clause | None:
        terms = analysis.terms(node.text)
        if not terms:
            return None
        forms = [range(*segment.dictionary.prefix_range(terms[-1])) for segment in self._segments]
        if len(terms) > 1:
            slots = [
                [*(_known(segment, term) for term in terms[:-1]), last]
                for segment, last in zip(self._segments, forms, strict=True)
            ]
            return self._phrase(slots, node, 0, ordered=True)
        lists = [self._any_of(s, f, node.field) for s, f in zip(self._segments, forms, strict=True)]
        return Clause(self._view.weighted(lists, node.weight), f"{terms[0]}*")

    def _fuzzy(self, node: Fuzzy) -> Clause | None:
        terms = analysis.terms(node.text)
        if len(terms) != 1:
            return self._word(Word(node.text, node.field, node.weight, node.span))
        near = [segment.dictionary.maybe_similar(terms[0], node.distance) for segment in self._segments]
        forms = sorted(set().union(*near))
        # Chosen over the live articles of the whole index, so that the cut does not depend on how it is divided.
        distances = edit_distances(terms[0], forms, node.distance)
        nearest = sorted(distances.items(), key=lambda item: (item[1], item[0]))
        chosen = list(islice((item for item in nearest if self._is_live(item[0], near)), MAX_FUZZY_FORMS))
        lists = []
        for segment, found in zip(self._segments, near, strict=True):
            docs, codes = [matches.NONE.doc], [np.empty(0, np.uint8)]
            for term, edits in chosen:
                if term in found:
                    doc, code = self._any_of(segment, [found[term]], node.field)
                    docs.append(doc)
                    # Every edit makes a form worth less: a half, a third.
                    codes.append(np.maximum(code // (1 + edits), 1))
            lists.append(matches.best_codes(np.concatenate(docs), np.concatenate(codes)))
        return Clause(self._view.weighted(lists, node.weight), f"{terms[0]}~{node.distance}")

    def _is_live(self, form: str, numbers: Sequence[Mapping[str, int]]) -> bool:
        """Whether a live article holds an exact form, given its number in each segment that has it."""
        if self._view.live_articles == self._view.articles:
            return True
        return any(
            segment.live.take(segment.postings(known[form], known[form] + 1)[0]).any()
            for segment, known in zip(self._segments, numbers, strict=True)
            if form in known
        )

    def _any_of(self, segment: Segment, forms: Sequence[int], field: str | None = None) -> Codes:
        """Articles of a segment that hold any of these forms, and the code of the best one."""
        if field is not None:
            return self._in_field(segment, forms, field)
        if isinstance(forms, range) and forms:
            # Neighbouring forms have neighbouring postings: a prefix is one slice.
            return matches.best_codes(*segment.postings(forms[0], forms[-1] + 1))
        lists = [segment.postings(form, form + 1) for form in forms]
        if len(lists) == 1:
            return lists[0]
        return matches.best_codes(
            np.concatenate([matches.NONE.doc, *(doc for doc, _ in lists)]),
            np.concatenate([np.empty(0, np.uint8), *(code for _, code in lists)]),
        )

    def _in_field(self, segment: Segment, forms: Sequence[int], field: str) -> Codes:
        """Articles that hold these forms in one text field, and their codes, counted in that field alone."""
        number = ranking.TEXT_FIELDS.index(field)
        keys = segment.keys(forms)
        keys = keys[segment.field_of(keys) == number]
        doc, tf = np.unique(keys >> 16, return_counts=True)
        weight = ranking.field_weights(segment.lengths[doc])[:, number]
        return doc, ranking.saturate(weight * tf)

    # Words that stand together

    def _window(self, node: Phrase | Near, texts: Sequence[str], slop: int, *, ordered: bool) -> Clause | None:
        terms = [term for text in texts for term in analysis.terms(text)]
        if not terms:
            return None
        return self._phrase([[_known(s, term) for term in terms] for s in self._segments], node, slop, ordered=ordered)

    def _phrase(
        self, slots: Sequence[Slots], node: Phrase | Near | Word | Prefix, slop: int, *, ordered: bool
    ) -> Clause:
        """Articles in which one form of every slot stands together, scored as the sum of their words.

        Args:
            slots: for each segment, for each word of the phrase, the numbers of the forms that may stand there.
        """
        postings = [[self._any_of(s, forms) for forms in slots[i]] for i, s in enumerate(self._segments)]
        scales = []
        for words in zip(*postings, strict=True):
            holding = sum(self._live(i, doc) for i, (doc, _) in enumerate(words))
            idf = ranking.idf(self._view.live_articles, holding)
            scales.append(node.weight * ranking.CODE_SCALE * idf)
        found = []
        for i, segment in enumerate(self._segments):
            docs = min((doc for doc, _ in postings[i]), key=len)
            for doc, _ in postings[i]:
                if doc is not docs:
                    docs = docs[matches.holds(docs, doc)]
            docs = self._together(segment, slots[i], docs, slop, ordered, node.field)
            score = np.zeros(len(docs))
            for (doc, code), scale in zip(postings[i], scales, strict=True):
                score += code.take(doc.searchsorted(docs)) * scale if len(docs) else 0
            found.append((docs, score))
        return _scored(Scored(*self._view.joined(found)) if found else matches.NONE, "words together")

    def _live(self, i: int, docs: Array) -> int:
        segment = self._segments[i]
        return int(np.count_nonzero(segment.live[docs])) if len(segment.deleted) else len(docs)

    def _together(
        self, segment: Segment, slots: Slots, among: Array, slop: int, ordered: bool, field: str | None
    ) -> Array:
        """Of these articles, those in which the slots stand together in one field (in `field`, if it is named)."""
        if not len(among):
            return among
        start, end = windows([segment.keys(forms, among) for forms in slots], slop, ordered=ordered)
        number = None if field is None else ranking.TEXT_FIELDS.index(field)
        good = segment.within_field(start, end, number)
        docs = start[good] >> 16
        # Windows come in the order of their articles, so the same article twice stands side by side.
        return docs[np.append(True, docs[1:] != docs[:-1])].astype(among.dtype) if len(docs) else among[:0]


def _known(segment: Segment, term: str) -> list[int]:
    number = segment.dictionary.number(term)
    return [number] if number >= 0 else []


def _scored(found: Scored, name: str) -> Clause:
    return Clause(Part(found.doc, found.score, 1.0, float(found.score.max()) if len(found.doc) else 0.0), name)
