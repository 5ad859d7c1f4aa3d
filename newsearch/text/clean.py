"""Cleaning of text on input. Later stages can rely on clean text.

Clean text has decoded HTML entities, no markup and no invisible characters. It is in NFC, and its white space is
folded. Each function is idempotent for every input. Tests check this, because articles are exported and read again.
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
    """JSON with every invisible character escaped."""
    return text if text.isprintable() else _UNSEEN.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    # JSON escapes a character beyond U+FFFF as a surrogate pair.
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
    """Make clean text that keeps its lines. Paragraphs, including those of HTML, are separated by one empty line."""
    from newsearch.text.markup import clean

    return clean(text, paragraphs=True)


def strip_invisible(text: str) -> str:
    """Remove invisible characters (controls, zero-width, bidi, lone surrogates), but keep markup and spacing.

    Tabs and line feeds stay, other line ends become line feeds.
    """
    if text.isprintable():
        return text
    from newsearch.text.markup import INVISIBLE, LINE_END

    return INVISIBLE.sub("", LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """One line without characters that a terminal could interpret as commands or that hide text."""
    return text if text.isprintable() else " ".join(strip_invisible(text).split())
