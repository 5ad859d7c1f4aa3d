"""Text and URLs made clean at the door, so that no later stage has to think about it.

Clean text is decoded (HTML entities), free of markup, NFC, free of characters that nobody sees, and its
whitespace is folded. Each function gives clean text back unchanged, whatever it was given first; tests hold
them to that, because articles are written out and read again.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import is_normalized

from newsearch._patterns import pattern
from newsearch.text.marks import limit_marks

_UNSEEN: Final = pattern(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff]"
)
"""What JSON allows unescaped, and a terminal or an editor may obey."""


def escape_unseen(text: str) -> str:
    """JSON in which every character that nobody sees is escaped."""
    return text if text.isprintable() else _UNSEEN.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    # JSON writes a character beyond U+FFFF as two halves.
    halves = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{halves[at : at + 4]}" for at in range(0, len(halves), 4))


def clean_text(text: str) -> str:
    """Make one line of clean text, for a title, an excerpt, a topic or a name."""
    # Nearly all text is clean already. isprintable() is false for all controls, for the zero-width and bidi
    # characters, for line ends and for every space but " ", and reads a character faster than any regex.
    if (
        text.isprintable()
        and "<" not in text
        and "&" not in text
        and "  " not in text
        and (text.isascii() or (limit_marks(text) == text and is_normalized("NFC", text)))
    ):
        return text.strip(" ")
    from newsearch.text.markup import clean  # not before it is needed: see there

    return clean(text, paragraphs=False)


def clean_body(text: str) -> str:
    """Make clean text that keeps its lines; paragraphs, of HTML too, are parted by one empty line."""
    from newsearch.text.markup import clean

    return clean(text, paragraphs=True)


def strip_invisible(text: str) -> str:
    """Take out what nobody sees (controls, zero-width, bidi, lone surrogates), keep markup and spacing.

    Tabs and line feeds stay, other line ends become line feeds.
    """
    if text.isprintable():
        return text
    from newsearch.text.markup import INVISIBLE, LINE_END

    return INVISIBLE.sub("", LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """One line without anything that a terminal could take for a command or that hides what is said."""
    return text if text.isprintable() else " ".join(strip_invisible(text).split())
