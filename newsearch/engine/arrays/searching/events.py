"""Which articles report one event? Groups articles by their terms, which are read from the postings.

The general way is to read every article: see search/alike. Postings have all that it needs, for many articles at once:
the terms of the title and the first LEAD terms of the text, as stems, which their hashes distinguish.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.matches import distinct
from newsearch.engine.arrays.searching.groups import groups_among, outlets_of, times_of
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.optional import Grouping
from newsearch.stories import clusters
from newsearch.stories.clusters import YEARS, Bags, number_marks, rarities
from newsearch.stories.publishers import ENDING, KEPT, endings
from newsearch.stories.wording import LEAD
from newsearch.text import analysis

Array: TypeAlias = NDArray[Any]


def stories(view: View, docs: Array, span: float | None) -> Grouping:
    """Group articles. See `GroupsStories.stories`.

    Args:
        docs: the numbers of the articles; the stories hold indices into them.
    """
    times = times_of(view, docs)
    kept = np.flatnonzero(~np.isnan(times))
    if span is not None:
        kept = kept[times[kept] > times[kept].max(initial=-np.inf) - span]
    if not len(kept):
        return Grouping((), 0.0, 0.0)
    order = kept[_order(view, docs[kept], times[kept])]
    found = [
        order[places].tolist() for places in _front(grouped(view, docs[order]), outlets_of(view, docs[order]))
    ]
    return Grouping(found, float(times[order[0]]), float(times[order[-1]]))


def grouped(view: View, docs: Array) -> Array:
    """Group articles. Undated ones stay with their copies.

    Args:
        docs: the numbers of the articles.

    Returns:
        For each, the index of one article of its story, the same for all of them: the earliest, if it is dated.
    """
    copies: Array = np.arange(len(docs))
    for member, representative in groups_among(view, docs).items():
        copies[member] = representative
    times = times_of(view, docs)
    dated = np.flatnonzero(~np.isnan(times))
    if not len(dated):
        return copies
    order = dated[_order(view, docs[dated], times[dated])]
    ranked = docs[order]
    # The earliest of each group of copies.
    _, first, group = np.unique(copies[order], return_index=True, return_inverse=True)
    outlets = outlets_of(view, ranked).astype(np.int64)
    label = clusters.grouped(_bags(view, ranked, outlets), times[order], outlets, first[group])
    story: Array = np.arange(len(docs))
    story[copies[order]] = order[label]
    found: Array = story.take(copies)
    return found


def _order(view: View, docs: Array, times: Array) -> Array:
    """Sorts articles by time, and those of one time in an order that depends on their ids alone."""
    order: Array = np.lexsort((view.spread("id_hash").take(docs), times))
    return order


def _front(label: Array, outlets: Array) -> list[Array]:
    """The articles of each story, in the order of a front page."""
    sizes = np.bincount(label, minlength=len(label))
    # An article of an unknown outlet counts as an outlet of its own.
    known = np.flatnonzero(outlets > 0)
    pairs = np.unique(label[known] * (int(outlets.max(initial=0)) + 1) + outlets[known])
    reach = np.bincount(pairs // (int(outlets.max(initial=0)) + 1), minlength=len(label))
    reach += np.bincount(label[outlets == 0], minlength=len(label))
    by_story = np.argsort(label, kind="stable")
    ends = np.cumsum(sizes)
    first = np.flatnonzero(sizes)
    best = first[np.lexsort((first, -sizes[first], -reach[first]))]
    return [by_story[ends[story] - sizes[story] : ends[story]] for story in best.tolist()]


class _Stems(NamedTuple):
    """The stems of an index.

    Attributes:
        hashes: the sorted hashes of the stems.
        numbers: for each segment and language, the number of the stem of each form: an index into `hashes`.
        rarity: the weight of each stem.
        marks: the bit of each stem that is a number: see `clusters.number_marks`.
    """

    hashes: Array
    numbers: Sequence[dict[int, Array]]
    rarity: Array
    marks: Array


def _stems(view: View) -> _Stems:
    of_forms = [
        {language: segment.dictionary.stem_hashes(language) for language in segment.dictionary.stemmings}
        for segment in view.segments
    ]
    # 0 stands for no stem: a form has stems in few languages.
    hashes = distinct(
        np.concatenate([np.zeros(1, np.uint32), *(each[each > 0] for by in of_forms for each in by.values())])
    )
    numbers = [{language: _numbered(hashes, each) for language, each in by.items()} for by in of_forms]
    frequency = np.zeros(len(hashes), np.int64)
    counts, of_each = _all_forms(view, numbers)
    counted: list[Array] = []
    for number in of_each:
        # A form counts once for each of its stems.
        fresh = np.flatnonzero(number)
        for other in counted:
            fresh = fresh[number[fresh] != other[fresh]]
        np.add.at(frequency, number[fresh], counts[fresh])
        counted.append(number)
    rarity = rarities(frequency, view.live_articles)
    return _Stems(hashes, numbers, rarity, _marks(view, hashes, numbers))


def _all_forms(view: View, numbers: Sequence[dict[int, Array]]) -> tuple[Array, list[Array]]:
    """The forms of all segments: how many visible articles contain each, and the number of its stem in each language.

    A form has a stem in the languages of the visible articles that contain it, wherever these are: it must not matter
    which articles are in one segment, nor which have been deleted.
    """
    of_segments = [
        view.remembered(("forms", i, False), partial(view.form_counts, i)) for i in range(len(numbers))
    ]
    languages = sorted({language for by in numbers for language in by})
    if len(languages) == 1:
        # A form that stands in several segments has the same stem in all of them.
        return np.concatenate(of_segments), [np.concatenate([by[languages[0]] for by in numbers])]
    _, places = kernel.numbered([segment.dictionary.arrays for segment in view.segments], False)
    of_forms = [np.frombuffer(each, np.uint32) for each in places]
    size = max((int(each.max(initial=0)) + 1 for each in of_forms), default=0)
    counts, stems = np.zeros(size, np.int64), {language: np.zeros(size, np.int32) for language in languages}
    for i, (forms, own, by) in enumerate(zip(of_forms, of_segments, numbers, strict=True)):
        counts[forms] += own
        spoken = _counts_by_language(view, i, own)
        for language, stem in by.items():
            held = np.flatnonzero(stem * (spoken[language] > 0))
            stems[language][forms[held]] = stem[held]
    return counts, [*stems.values()]


def _counts_by_language(view: View, number: int, counts: Array) -> dict[int, Array]:
    """For each form of a segment, the number of visible articles in each language that contain it.

    Args:
        counts: their number in all languages.
    """
    segment = view.segments[number]
    first, *others = segment.dictionary.stemmings
    if not others:
        return {first: counts}
    visible = view.visible[view.starts[number] : view.starts[number + 1]]
    usual = max((first, *others), key=lambda language: int((segment.languages == language).sum()))
    docs, at = segment.file.array("post_doc"), segment.file.array("post_at")
    held = np.flatnonzero((visible & (segment.languages != usual)).take(docs))
    forms, spoken = np.searchsorted(at, held, side="right") - 1, segment.languages.take(docs.take(held))
    rest = counts - np.bincount(forms, minlength=len(counts))
    return {usual: rest} | {
        language: np.bincount(forms[spoken == language], minlength=len(counts))
        for language in (first, *others)
        if language != usual
    }


def _numbered(hashes: Array, of_forms: Array) -> Array:
    """For each form, the index of the hash of its stem."""
    found = np.zeros(len(of_forms), np.int32)
    present = np.flatnonzero(of_forms)
    found[present] = np.searchsorted(hashes, of_forms[present])
    return found


def _marks(view: View, hashes: Array, numbers: Sequence[dict[int, Array]]) -> Array:
    """The mark of each stem."""
    is_number = np.zeros(len(hashes), bool)
    for segment, by in zip(view.segments, numbers, strict=True):
        # The bytes of digits are consecutive, and what begins with a digit has a stem that does.
        first, last = segment.dictionary.bisect(b"0"), segment.dictionary.bisect(b":")
        for stems in by.values():
            is_number[stems[first:last]] = True
    is_number &= (hashes != 0) & ~np.isin(hashes, YEARS)
    marks = number_marks(hashes)
    marks[~is_number] = 0
    return marks


class _Words(NamedTuple):
    """Occurrences of words: for each its article (an index into a list), its stem, and its place in the article."""

    article: Array
    stem: Array
    place: Array


def _bags(view: View, docs: Array, outlets: Array) -> Bags:
    """The terms of articles."""
    stems = view.remembered("stems", lambda: _stems(view))
    words = _occurrences(view, docs, stems)
    lengths = view.lengths.take(docs).astype(np.int64)
    titles = lengths[:, 0]
    # The fields are those of ranking.TEXT_FIELDS: the topics stand between the title and the text.
    begins = titles + lengths[:, 1]
    in_title = words.place < titles.take(words.article)
    from_begin = words.place - begins.take(words.article)
    title = _Words(*(part[in_title] for part in words))
    title = _without_publishers(title, titles, outlets, view, docs, stems)
    in_text = (from_begin >= 0) & (from_begin < LEAD)
    size = len(stems.rarity)
    cells = (title.article * size + title.stem, words.article[in_text] * size + words.stem[in_text])
    title_cells, text_cells = (np.unique(part, return_counts=True) for part in cells)
    return Bags(title_cells, text_cells, stems.rarity, stems.marks, view.live_articles)


def _occurrences(view: View, docs: Array, stems: _Stems) -> _Words:
    """All words of some articles."""
    rank = np.full(view.articles, -1, np.int32)
    rank[docs] = np.arange(len(docs), dtype=np.int32)
    parts = []
    for number, ((start, end), segment) in enumerate(zip(pairwise(view.starts), view.segments, strict=True)):
        own = rank[start:end]
        chosen = own >= 0
        if not chosen.any():
            continue
        languages, array = segment.languages, segment.file.array
        for at, doc, place in (("post_at", "post_doc", "post_pos"), ("more_at", "more_doc", "more_pos")):
            held = np.frombuffer(kernel.places_of(np.asarray(array(doc), np.uint16), chosen), np.uint32)
            form = np.searchsorted(array(at), held, side="right") - 1
            of = array(doc).take(held)
            stem = np.empty(len(held), np.int64)
            for language, numbers in stems.numbers[number].items():
                if len(stems.numbers[number]) == 1:
                    stem = numbers.take(form).astype(np.int64)
                else:
                    spoken = languages.take(of) == language
                    stem[spoken] = numbers.take(form[spoken])
            parts.append((own.take(of).astype(np.int64), stem, array(place).take(held).astype(np.int64)))
    article, stem, word = (np.concatenate(each) for each in zip(*parts, strict=True))
    return _Words(article, stem, word)


def _without_publishers(
    title: _Words, lengths: Array, outlets: Array, view: View, docs: Array, stems: _Stems
) -> _Words:
    """Words of titles without the names of publishers at their ends."""
    # The last words of each title, the last one first; -1 where there is none.
    last = np.full((len(lengths), ENDING), -1, np.int64)
    back = lengths.take(title.article) - 1 - title.place
    near = (back < ENDING) & (title.place >= KEPT)
    last[title.article[near], back[near]] = title.stem[near]
    providers, provider = np.unique(view.column("provider").take(docs), return_inverse=True)
    ending = endings(last, _publishers(view, providers, stems).take(provider, axis=0), outlets)
    kept = title.place < (lengths - ending).take(title.article)
    return _Words(*(part[kept] for part in title))


def _publishers(view: View, providers: Array, stems: _Stems) -> Array:
    """For each provider, the stems of its name, the last one first; -1 beyond them, and if it has too many."""
    names = view.names("provider")
    found = np.full((len(providers), ENDING + 1), -1, np.int64)
    stemming = analysis.Stemming()
    for i, provider in enumerate(providers.tolist()):
        terms = analysis.terms(names[provider].partition("\x1f")[0])
        if 0 < len(terms) <= ENDING and len(stems.hashes):
            wanted = np.array([zlib.crc32(stem.encode()) for stem in stemming.stems(terms)][::-1], np.uint32)
            at = np.minimum(np.searchsorted(stems.hashes, wanted), len(stems.hashes) - 1)
            # -2 is the stem of no word.
            found[i, : len(terms)] = np.where(stems.hashes[at] == wanted, at, -2)
    return found
