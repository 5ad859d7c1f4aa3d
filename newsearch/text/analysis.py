"""Text -> terms, by the same rules for articles and for queries.

Text is split at white space into chunks, and each chunk into terms:

    Portland's  -> portland           COVID-19 -> covid 19         AT&T    -> at&t
    U.S.        -> us                 Biden-Xi -> biden xi         C++, C# -> c++, c#
    don't       -> dont               $24,000  -> 24000            1.234,56 -> 1234.56
    l'amour     -> l amour            qu'un    -> qu un            dell'arte -> dell arte
    São         -> sao                ﬁre      -> fire             日本語   -> 日本 本語
    Lipitor™    -> lipitor            2½       -> 2 1 2            J&J, Marks&Co -> j&j, marks&co

Case and accents are folded. No word is ever discarded. A run of a script written without spaces becomes overlapping
pairs of characters. Every term takes one position.

A term is an exact form. `Stemming` gives the stem that it shares with the other forms of its word in a language (ban,
bans, banned). In English a people also shares the stem of its place (Italian, Italy). Protected terms have no other
forms.

Spellings with and without a break between letters and digits (covid19, COVID-19) have different terms. Queries use
`other_spelling` to match both.

VERSION is stored in every index. Raise it with every change that could give different terms for any text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from newsearch._patterns import pattern
from newsearch.text.english import DEMONYMS, IRREGULAR_STEMS
from newsearch.text.marks import limit_marks

if TYPE_CHECKING:
    import Stemmer

VERSION = 3

MAX_TERM_LENGTH = 64
"""Longer terms are cut to this many characters."""

# Scripts written without spaces: Thai to Khmer, kana, Han, Hangul, and the compatibility blocks.
_PAIRED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)

# Vowel signs of the Indic scripts: part of a word, although `re` does not match them as \\w. The dandas, which end a
# sentence in most of these scripts, are not letters.
_MARKS = "\u0900-\u0963\u0966-\u0dff"
# `re` treats one of the apostrophes as a letter. It must not form a word by itself.
_LETTER = rf"(?:[^\W_ʼ{_PAIRED}]|[{_MARKS}])"

# Most chunks are ASCII after folding, and an ASCII pattern compiles very fast. {letter} and {initial} are the
# characters of words and acronyms; {paired} and {symbol} are never ASCII.
_TERM = r"""
      {paired}
      (?P<acronym>(?<!\w){initial}(?:\.{initial})+(?!\w)\.?(?:['ʼ]s(?!\w))?)
    | (?P<number>(?<!\w)\d+(?:[.,]\d+)+)
    | (?P<fraction>(?<![\w.,])\.\d+(?!\w|[.,]\d))
    | (?P<sharp>(?<!\w)[^\W\d_](?:\+\+|\#)(?![^\W\d]))
    | (?P<elided>(?<!\w)(?:l|d|qu|all|dall|dell|nell|sull)(?=['ʼ]{letter}{{2}}))
    | (?P<word>{letter}+(?:[&'ʼ]{letter}+)*)
    {symbol}
"""
_PLAIN_TERM = _TERM.replace("ʼ", "").format(letter=r"[^\W_]", initial=r"[^\W\d_]", paired="", symbol="")
_ANY_TERM = _TERM.format(
    letter=_LETTER,
    initial=rf"[^\W\d_ʼ{_PAIRED}]",
    paired=rf"(?P<paired>[{_PAIRED}]+) |",
    symbol=r"| (?P<symbol>[\u2600-\u27bf\U0001f000-\U0001faff])",
)

_PUNCTUATION = ".,;:!?\"'()[]…“”‘’–—|"
# Digits in groups, of thousands or as in India, and the decimal part. One group after a point (24.000) may be a decimal
# part, or thousands in another language. The stem resolves this (see Stemming).
_GROUPED = pattern(r"(?P<a>\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})(?:\.(?P<b>\d+))?")
_GROUPED_BY_POINTS = pattern(r"(?P<a>\d{1,3}(?:\.\d{3})+)(?:,(?P<b>\d+))|(?P<c>\d{1,3}(?:\.\d{3}){2,})")
_POINT_GROUP = pattern(r"[1-9]\d{0,2}\.\d{3}")
_APOSTROPHES = str.maketrans("", "", "'ʼ")

# Characters typed in place of an apostrophe, the okina, and the half rings of transliterations. Next to a digit, a
# prime means feet or minutes.
_LIKE_APOSTROPHES = "‘‛`´ʹʻʽʾʿꞌ"
_APOSTROPHE = pattern(rf"[{_LIKE_APOSTROPHES}]|(?<=[^\W\d])′(?=[^\W\d])")
_HEBREW = "\u0590"
"""The first character of Hebrew, which Arabic follows."""

# In Hebrew, gershayim between letters mark an abbreviation. An apostrophe marks sounds that the alphabet lacks.
_GERSHAYIM = pattern(r"(?<=[א-ת])[\"״'׳](?=[א-ת])")
# Vowel points of Hebrew and Arabic, found only in schoolbooks, and the stroke that lengthens an Arabic word.
_POINTS = pattern(
    "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
# Signs with compatibility forms of letters and digits, which would join the preceding word: fractions, circled and
# other enclosed numbers, the numero sign; and trademarks, which carry no meaning.
_SIGN = pattern(
    "[\u2116\u00bc-\u00be\u2150-\u215f\u2189\u2460-\u24ff\u2776-\u2793\u3251-\u325f\u32b1-\u32bf\U0001f100-\U0001f10c]"
)
_TRADEMARK = pattern("[\u2120\u2122\U0001f16a-\U0001f16c]")
_RAISED = "\u00b2\u00b3\u00b9\u2070\u2074-\u207e"
# Raised digits mark a footnote after a word, and a power after digits. After one or two letters, as in m², they are
# part of a unit.
_NOTE = pattern(rf"(?:(?<=[^\W\d_]{{3}})|(?<=\d))[{_RAISED}]+")
_SIGNS, _EARLIER_SIGNS = "\u2000", frozenset("`´ʹʻʽʾʿ¼½¾²³¹")
"""Signs, raised digits and what is typed for an apostrophe are in _EARLIER_SIGNS, or not below _SIGNS. Most texts with
accents have none of them."""
_TYPOGRAPHIC = str.maketrans("", "", "’“”–—…")
"""Most characters beyond ASCII in English texts: none of the above."""
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)


def terms(text: str) -> list[str]:
    """The terms of a text, in order: one position each."""
    if text.isalnum() and text.isascii():
        # A word of a query.
        return [text[:MAX_TERM_LENGTH].lower()]
    return [term for chunk in text.split() for term in chunk_terms(chunk)]


def cached_terms(text: str) -> list[str]:
    """As `terms`, from a cache of chunks: for a text whose words occur in many other texts."""
    return [term for chunk in text.split() for term in cached_chunk_terms(chunk)]


def cached_chunk_terms(chunk: str) -> tuple[str, ...]:
    """As `chunk_terms`, from a cache. Long chunks are left out: they take any memory, and are rarely met again."""
    return _cached_chunk_terms(chunk) if len(chunk) <= MAX_CACHED else chunk_terms(chunk)


def chunk_terms(chunk: str) -> tuple[str, ...]:
    """The terms of one chunk, a piece of text without white space."""
    # Nearly every chunk is an ASCII word, possibly surrounded by punctuation, and needs none of the rules below.
    bare = chunk.strip(_PUNCTUATION)
    if bare.isalnum() and bare.isascii() and not (bare[0].isdigit() and f".{bare}" in chunk):
        return (bare[:MAX_TERM_LENGTH].lower(),)
    if bare.isascii() and bare.replace("-", "").isalnum() and f".{bare}" not in chunk:
        return tuple([part[:MAX_TERM_LENGTH].lower() for part in bare.split("-") if part])
    found: list[str] = []
    folded = fold(chunk).replace("’", "'")
    for match in _term_pattern(folded).finditer(folded):
        kind, text = match.lastgroup, match.group()
        if kind == "paired":
            found.extend([text[i : i + 2] for i in range(len(text) - 1)] or [text])
            continue
        if kind in ("word", "acronym"):
            text = text[:-2] if text[-2:] in ("'s", "ʼs") else text
            text = text.translate(_APOSTROPHES) if kind == "word" else text.replace(".", "")
            if "&" in text:
                found.extend(part[:MAX_TERM_LENGTH] for part in _names(text))
                continue
        elif kind == "number":
            text = _number(text)
        elif kind == "fraction":
            text = f"0{text}"
        found.append(text[:MAX_TERM_LENGTH])
    return tuple(found)


MAX_CACHED = 24
"""Characters of the longest chunk whose terms are cached."""

_cached_chunk_terms = lru_cache(8_192)(chunk_terms)


def _number(text: str) -> str:
    """The normal form of a number: 24,000 and 1.234,56 lose their group separators; 3.5 and 2020.09 are unchanged."""
    grouped = _GROUPED.fullmatch(text) or _GROUPED_BY_POINTS.fullmatch(text)
    if grouped is None:
        return text.replace(",", ".")
    whole, part = grouped["a"] or grouped["c"], grouped["b"]
    whole = whole.replace(",", "").replace(".", "")
    return f"{whole}.{part}" if part else whole


def _names(text: str) -> list[str]:
    """The terms of a text with `&`: initials (AT&T, H&M) are one term, whole names (Johnson&Johnson) one term each."""
    first, *others = text.split("&")
    names = [[first]]
    for other in others:
        if min(len(names[-1][-1]), len(other.rstrip("0123456789")) or len(other)) > _INITIALS:
            names.append([other])
            continue
        bare = other.rstrip("0123456789")
        if bare and len(bare) <= _INITIALS and bare != other:
            # The number of S&P500 stands for itself.
            names[-1].append(bare)
            names.append([other[len(bare) :]])
        else:
            names[-1].append(other)
    return ["&".join(parts) for parts in names]


_INITIALS = 2
"""Letters that are initials rather than a name."""


# Compiling takes longer than answering a query of plain words: a third of a millisecond, and six where the letters of
# all scripts are told apart.
_ASCII_TERMS = pattern(_PLAIN_TERM, re.VERBOSE | re.ASCII)
_PLAIN_TERMS = pattern(_PLAIN_TERM, re.VERBOSE)
_ANY_TERMS = pattern(_ANY_TERM, re.VERBOSE)


def _term_pattern(folded: str) -> re.Pattern[str]:
    """The pattern of the terms of a folded text."""
    if folded.isascii():
        return _ASCII_TERMS
    return _PLAIN_TERMS if "ʼ" not in folded and has_plain_letters(folded) else _ANY_TERMS


def has_plain_letters(text: str) -> bool:
    """Whether a text has no characters of scripts that are written without spaces, no vowel signs of Indic scripts, and
    no symbols that are terms. False for some that have none either.
    """
    highest = max(text, default="")
    if highest < "\u0900":
        return True
    return highest < "\u2600" and all(letter < "\u0900" or letter >= "\u2000" for letter in text)


def fold(text: str) -> str:
    """Lower case, compatibility forms unified, accents of Latin, Greek and Cyrillic letters removed."""
    if not text.isascii():
        text = _apart(limit_marks(text))
    text = unicodedata.normalize("NFKC", text.replace("`", "'")).casefold()
    if text.isascii():
        return text
    # Only the generic combining marks go: the vowel signs of Indic scripts are letters to their readers.
    marked = unicodedata.normalize("NFD", text)
    bare = "".join(c for c in marked if not "\u0300" <= c <= "\u036f")
    bare = unicodedata.normalize("NFC", bare)
    if max(bare, default="") >= _HEBREW:
        bare = _GERSHAYIM.sub("", _POINTS.sub("", bare))
    return bare.translate(_UNDECOMPOSED)


def _apart(text: str) -> str:
    """The text with apostrophes unified, and signs separated from the word before them.

    This comes before compatibility forms are unified, which would hide both.
    """
    if max(text) < _SIGNS and _EARLIER_SIGNS.isdisjoint(text):
        return text
    if text.translate(_TYPOGRAPHIC).isascii():
        # The expressions below take longer to compile than most searches.
        return text
    text = _SIGN.sub(r" \g<0> ", _TRADEMARK.sub(" ", _APOSTROPHE.sub("'", text)))
    return _NOTE.sub(r" \g<0> ", text)


def is_half(term: str) -> bool:
    """Whether a term is one character of a script without spaces: half of an indexed pair."""
    return len(term) == 1 and not term.isascii() and bool(_HALF.fullmatch(term))


PAIRED = rf"[{_PAIRED}\uff66-\uff9f]"
"""A regular expression for a character of a script that is written without spaces."""

_HALF = pattern(f"[{_PAIRED}]")


def other_spelling(word: str) -> str | None:
    """The spelling of a word with a break between letters and digits added or removed.

    `covid19` gives covid-19, and `COVID-19` gives covid19; likewise 5G, G-20, F16. None if the word has no boundary
    between letters and digits, or several.
    """
    if word.isalpha():
        return None
    found = terms(word)
    parts = _letters_and_digits("".join(found))
    if parts is None or len(found) > 2:
        return None
    joined, broken = "".join(parts), "-".join(parts)
    if terms(joined) != [joined] or terms(broken) != parts:
        return None
    return broken if len(found) == 1 else joined if found == parts else None


def _letters_and_digits(text: str) -> list[str] | None:
    """The two parts of letters before digits, or of digits before letters."""
    digits = [character.isdecimal() for character in text]
    border = digits.index(not digits[0]) if len(set(digits)) == 2 else 0
    is_one_border = border and len(set(digits[border:])) == 1
    return [text[:border], text[border:]] if is_one_border and text.isalnum() else None


LANGUAGES = {
    "en": "english",
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""The languages with a stemmer: the code of each (ISO 639-1) and the name of its stemmer. An index stores a language as
its place in this order."""


class Stemming(NamedTuple):
    """How the words of a language share stems.

    Attributes:
        language: one of LANGUAGES.
        protected: terms that are not stemmed; no other term shares their stem.
    """

    language: str = "en"
    protected: frozenset[str] = frozenset()

    def stem(self, term: str) -> str:
        """The stem of an exact form, shared with the other forms of its word."""
        return f"={term}" if term in self.protected else _stem_in(self.language)(term)

    def stems(self, terms: Iterable[str]) -> list[str]:
        """`stem` of many terms at once, in half the time."""
        exact = list(terms)
        stemmer = _stemmer(LANGUAGES[self.language])
        if self.language == "en":
            placed = [DEMONYMS.get(term, term) for term in exact]
            stems = stemmer.stemWords(placed)
            found = [IRREGULAR_STEMS.get(term, stem) for term, stem in zip(placed, stems, strict=True)]
        else:
            whole = [_ungrouped(term, self.language) if "." in term else term for term in exact]
            found = stemmer.stemWords(_accented(whole, self.language))
            # A remaining accent was restored to a form that had lost it.
            found = [stem if stem.isascii() else fold(stem) for stem in found]
        if self.protected and not self.protected.isdisjoint(exact):
            # No stem has this prefix.
            found = [
                f"={term}" if term in self.protected else stem
                for term, stem in zip(exact, found, strict=True)
            ]
        return found


@cache
def _stem_in(language: str) -> Callable[[str], str]:
    """What makes stems in a language. A word that is looked up is stemmed in every language of an index."""
    stem_of = _stemmer(LANGUAGES[language]).stemWord
    if language == "en":
        return lambda term: IRREGULAR_STEMS.get(term) or stem_of(DEMONYMS.get(term, term))
    endings = tuple(_ENDINGS.get(language, ()))

    def stem(term: str) -> str:
        if "." in term:
            term = _ungrouped(term, language)
        if endings and term.endswith(endings):
            (term,) = _accented([term], language)
        found = stem_of(term)
        return found if found.isascii() else fold(found)

    return stem


def _ungrouped(term: str, language: str) -> str:
    """24.000 as read in languages that group thousands with points."""
    return term.replace(".", "") if language in _POINTED and _POINT_GROUP.fullmatch(term) else term


_POINTED = frozenset("ca da de el es eu id it nl no pt ro sr tr".split())


def stemmings(protected: frozenset[str]) -> list[Stemming]:
    """The stemming of each of LANGUAGES, in the same order."""
    return [Stemming(code, protected) for code in LANGUAGES]


# Terms have no accents, but some stemmers recognise endings by them. Where only one accent is possible, it is restored.
# Other endings are plurals that the stemmer mistakes for something else (Spanish "-nos", us). By language.
_ENDINGS = {
    "ca": {"cio": "ció", "sio": "sió"},
    "cs": {"ach": "ách"},
    "es": {"cion": "ción", "sion": "sión", "anos": "ano", "inos": "ino", "ernos": "erno"},
    "fr": {"ee": "ée", "ees": "ées", "ite": "ité", "ites": "ités", "erent": "èrent"},
    "pl": {"ow": "ów"},
    "pt": {"cao": "ção", "coes": "ção", "sao": "são", "soes": "são", "veis": "vel"},
    "ru": {"ыи": "ый", "ои": "ой", "еи": "ей"},
}
_LONGEST_ENDING = 5


def _accented(terms: list[str], language: str) -> list[str]:
    """The terms with the endings of _ENDINGS restored, the longest that fits."""
    endings = _ENDINGS.get(language)
    if not endings:
        return terms
    any_ending = tuple(endings)
    given = []
    for term in terms:
        if not term.endswith(any_ending):
            given.append(term)
            continue
        for length in range(min(_LONGEST_ENDING, len(term) - 2), 1, -1):
            if ending := endings.get(term[-length:]):
                term = term[:-length] + ending
                break
        given.append(term)
    return given


@cache
def _stemmer(name: str) -> Stemmer.Stemmer:
    import Stemmer

    # The cache of the stemmer slows it down on a vocabulary, where every word occurs once.
    return Stemmer.Stemmer(name, 0)
