"""Cleans text that is not clean yet: entities, markup, invisible characters, spaces.

A separate module, because most text does not need it and its patterns take milliseconds to compile.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

from newsearch.text.marks import limit_marks

_MAX_ROUNDS: Final = 5  # of decoding: real text is encoded at most twice, hostile text without limit


def clean(text: str, *, paragraphs: bool) -> str:
    """Make any text clean, either as one line or with its lines and paragraphs."""
    # Decoding can reveal markup, and removing markup can join the halves of an entity. Putting marks in order can move
    # a letter away from a joiner that belongs to it. Repeat until nothing changes.
    # Text that still changes after the last round is hostile, and loses the characters that this depends on.
    for _ in range(_MAX_ROUNDS):
        cleaned = _clean_once(text, paragraphs)
        if cleaned == text or not ("<" in cleaned or _JOINER.search(cleaned) or _ENTITY.search(cleaned)):
            return cleaned
        text = cleaned
    return _clean_once(_JOINER.sub("", text).replace("&", " ").replace("<", " "), paragraphs)


def _clean_once(text: str, paragraphs: bool) -> str:
    if "&" in text:
        text = _decode_entities(text)
    if "<" in text:
        text = _strip_markup(text, paragraphs)
    if not paragraphs:
        return _fold(text)
    if text.isascii() and text.replace("\n", "").isprintable():
        lines = "\n".join([" ".join(line.split()) if line else "" for line in text.split("\n")])
    else:
        lines = "\n".join([_fold(line) if line else "" for line in text.splitlines()])
    return _EMPTY_LINES.sub("\n\n", lines).strip("\n")


def _fold(line: str) -> str:
    line = " ".join(line.split())
    if not line.isprintable():
        line = " ".join(INVISIBLE.sub("", line).split())
    return line if line.isascii() else normalize("NFC", limit_marks(line))


_EMPTY_LINES: Final = re.compile(r"\n{3,}")
LINE_END: Final = re.compile("\r\n|[\r\v\f\x1c-\x1f\x85\u2028\u2029]")


# Entities. Only with their semicolon: "AT&T", "R&D" and "?a=1&copy=2" are literal.
_ENTITY: Final = re.compile(r"&(#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});")


def _decode_entities(text: str) -> str:
    from html import unescape  # its table takes milliseconds to load, and clean text never needs it
    from html.entities import html5

    def decode(entity: re.Match[str]) -> str:
        name = entity[1]
        return unescape(entity[0]) if name.startswith("#") else html5.get(f"{name};", entity[0])

    return _ENTITY.sub(decode, text)


# Markup. A "<" starts a tag only if it cannot be anything else: "a < b", "x<3" and "List<String>" are kept. Every
# pattern stops at the next "<" of its kind, which keeps the time linear even for hostile text.
_HIDDEN: Final = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<(script|style)\b[^<>]*>(?:(?!<\1\b).)*?</\1\s*>", re.DOTALL | re.IGNORECASE
)
_DECLARATION: Final = re.compile(
    r"<!--|<!\[CDATA\[|\]\]>|<!doctype\b[^<>]*>|<\?[a-z][^<>]*\?>", re.IGNORECASE
)
_TAG: Final = re.compile(
    r"""</?(?P<name>[a-z][a-z0-9:_-]*)
        (?P<rest> \s++ (?: [^<>"']++ | "[^"<]*+" | '[^'<]*+' )*+ | \s++ [^<>]*+ | \s*+ /? )
        (?P<end> > | \Z )""",
    re.IGNORECASE | re.VERBOSE,
)
_INLINE_NAMES: Final = """
    a abbr b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small span strike strong sub
    sup time tt u var wbr"""
_BLOCK_NAMES: Final = """
    address amp-img article aside audio base blockquote body br button canvas caption center col colgroup dd
    details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6
    head header hgroup hr html iframe img input label legend li link main map math menu meta meter nav
    noscript object ol optgroup option output p param picture pre progress script section select source style
    summary svg table tbody td template textarea tfoot th thead title tr track ul video"""
_INLINE: Final = frozenset(_INLINE_NAMES.split())
_BLOCK: Final = frozenset(_BLOCK_NAMES.split())


def _strip_markup(text: str, paragraphs: bool) -> str:
    block = "\n\n" if paragraphs else " "
    line = "\n" if paragraphs else " "
    known: dict[str, str] = {}

    def replace(tag: re.Match[str]) -> str:
        made = known.get(tag[0])
        if made is None:
            made = known[tag[0]] = replacement(tag)
        return made

    def replacement(tag: re.Match[str]) -> str:
        name, rest = tag["name"].lower(), tag["rest"].strip(" /")
        if not tag["end"] and "=" not in rest:
            return tag[0]  # text ends here: only a tag that is cut off in its attributes is certain
        if name in _INLINE:
            # "if a <b and c> d" is arithmetic
            return tag[0] if len(name) == 1 and rest and "=" not in rest else ""
        if name in _BLOCK:
            return line if name in ("br", "td", "th") else block
        is_markup = ":" in name or "=" in rest or tag[0].startswith("</")
        return line if is_markup else tag[0]

    text = _HIDDEN.sub(" ", text)
    text = _DECLARATION.sub("", text)
    return _TAG.sub(replace, text)


# Invisible characters: controls (whitespace is folded elsewhere), bidi marks and overrides, zero-width
# spaces, tag characters (they can hide words, so the flags of England, Scotland and Wales pay for it),
# surrogates and noncharacters. The joiners ZWJ and ZWNJ stay where they change what is read: between two
# letters of the scripts from Arabic to Mongolian, and between two emoji.
_JOINING: Final = (
    "\u0600-\u0dff\u0f00-\u109f\u1780-\u18af\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff"
    "\ufe0f\U0001f000-\U0001faff"
)
_JOINER: Final = re.compile("[\u200c\u200d]")
INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff]"
    f"|(?<![{_JOINING}]){_JOINER.pattern}|{_JOINER.pattern}(?![{_JOINING}])"
)
