"""XML -> elements, from untrusted authors: no custom entities, no other files, limited depth and number.

expat from the standard library parses. The result is a tree of `xml.etree` elements without namespaces in element and
attribute names, because the local names alone identify news formats.
"""

from __future__ import annotations

import codecs
import re
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_DEPTH: Final = 200
"""Levels of nesting; real documents have twenty."""

MAX_ELEMENTS: Final = 1_000_000
"""Elements and attributes of one document: each takes some hundred bytes."""


class XmlError(Exception):
    """The text is not usable XML; the message is one line, with the line number if known."""


def decoded(data: bytes, charset: str = "") -> str:
    """Decode XML or HTML: by its byte order mark, else as UTF-8 if valid whatever it declares, else as declared.

    Text in another encoding is hardly ever valid UTF-8 by chance, while wrong declarations are common. Text that is
    not valid, and declares UTF-8 or nothing, is UTF-8 all the same if most of its non-ASCII characters are: programs
    cut excerpts in the middle of a character. Otherwise it is windows-1252, as in browsers. Undecodable bytes become
    U+FFFD, and characters that XML forbids are dropped.

    Args:
        charset: an external declaration, such as an HTTP header; used if the text declares nothing.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _allowed(data.decode(encoding, "replace").lstrip("\ufeff"))
    try:
        return _allowed(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    found = _DECLARED.search(data[:1024])
    name = (found[1] or found[2]).decode("ascii") if found else charset or "utf-8"
    if name.lower().replace("-", "") == "utf8":
        text = data.decode("utf-8", "replace")
        wrong = text.count("\ufffd")
        if len(text) - len(text.encode("ascii", "ignore")) - wrong >= wrong:
            return _allowed(text)
        name = "windows-1252"
    try:
        encoding = codecs.lookup(_WIDER.get(name.lower(), name)).name
        if encoding.replace("_", "-") in _OF_NO_TEXTS:
            raise LookupError(encoding)
        return _allowed(data.decode(encoding, "replace"))
    except (LookupError, UnicodeError, ValueError):
        return _allowed(data.decode("windows-1252" if found else "utf-8", "replace"))


_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00<\x00?", "utf-16-be"),
)
_DECLARED: Final = re.compile(
    rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)|charset\s*=\s*["']?([A-Za-z0-9._-]+)""", re.IGNORECASE
)
# The declared encoding is often a subset of the one used.
_WIDER: Final = {"iso-8859-1": "windows-1252", "latin-1": "windows-1252", "us-ascii": "windows-1252",
                 "ascii": "windows-1252",
                 "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "ks_c_5601-1987": "cp949"}  # fmt: skip
_OF_NO_TEXTS: Final = frozenset(("punycode", "unicode-escape", "raw-unicode-escape"))
"""What Python counts as encodings too: of host names and of source code. Decoding punycode takes quadratic time."""
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def parse(text: str) -> Element:
    """Parse a document; a bare `&` and HTML entities are accepted.

    Raises:
        XmlError: it is not well-formed, defines entities, or is too deep or too large.
    """
    text = _PROLOG.sub("", text, count=1).lstrip()
    try:
        return _Builder().build(text)
    except expat.ExpatError as error:
        if error.code not in _REPAIRABLE:
            raise XmlError(_reason(error)) from error
    try:
        return _Builder().build(with_ampersands(text))
    except expat.ExpatError as error:
        raise XmlError(_reason(error)) from error


def with_ampersands(text: str) -> str:
    """Escape every bare "&", and decode HTML's entities, outside of CDATA."""
    return _AMPERSAND.sub(_escaped, text)


_PROLOG: Final = re.compile(r"\A\s*<\?xml[^>]*\?>")
_AMPERSAND: Final = re.compile(
    # A section without an end goes on to the end of the text: each further one would be sought in all of the rest.
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z))"
    r"|&(?:(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);|([A-Za-z][A-Za-z0-9]{1,31});)?",
    re.DOTALL,
)
# expat reports a bare "&" as an invalid token, and an HTML entity as undefined.
_REPAIRABLE: Final = (4, 11)


def _escaped(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        return found[0]
    if found[3]:
        from html.entities import html5

        if meant := html5.get(f"{found[3]};"):
            return meant.replace("&", "&amp;").replace("<", "&lt;")
    return f"&amp;{found[0][1:]}"


def _reason(error: expat.ExpatError) -> str:
    return f"not well-formed at line {error.lineno}: {expat.errors.messages[error.code]}"


class _Builder:
    """Builds a tree from expat's events, and stops when it exceeds its limits."""

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._depth = 0
        self._count = 0
        parser = expat.ParserCreate("utf-8", "}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._tree.data
        parser.EntityDeclHandler = self._refuse
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser = parser

    def build(self, text: str) -> Element:
        self._parser.Parse(text.encode("utf-8"), True)
        root: Element = self._tree.close()
        return root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1 + len(attributes)
        if self._depth > MAX_DEPTH:
            raise XmlError(f"nested deeper than {MAX_DEPTH} levels at line {self._parser.CurrentLineNumber}")
        if self._count > MAX_ELEMENTS:
            raise XmlError(f"more than {MAX_ELEMENTS:,} elements")
        self._tree.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._tree.end(_local(name))

    def _refuse(self, name: str, *_: object) -> None:
        raise XmlError(f"defines the entity {name!r}, which newsearch does not read")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
