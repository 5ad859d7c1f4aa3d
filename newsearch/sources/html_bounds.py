"""Which pages would take far too long to parse? The parser takes quadratic time, or memory, for some.

Every check takes linear time, and errs on the side of caution: a page is not parsed to find out how it is parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

MAX_DEPTH: Final = 5000
"""Levels of nesting, including elements that were never closed; browsers stop at 512."""

MAX_ATTRIBUTES: Final = 1000
"""Attributes of one element: each is compared with all others."""

MAX_STEPS: Final = 100_000_000
"""The levels times the tags of a page: a tag may be compared with all elements around it."""

_MAX_STYLES: Final = 1_500_000
"""Elements of style that could be open times the tags of a page: each tag may open all of them again."""

MAX_OPTIONS: Final = 15_000
"""Options of a page: each is compared with all others in its list."""

_MAX_READ: Final = 30
_MAX_READ_MORE: Final = 1 << 20
"""Characters that are read, for each of a page and besides, in search of the ends of its tags."""


class TooIntricate(Exception):
    """A page that would take far too long; the message says why."""


def bounded(text: str) -> str:
    """A page that can be parsed in a time that is proportional to its length.

    Where there are too many tags that only style text, or are choices in a form, they are left out: the text stays.

    Raises:
        TooIntricate: it is nested too deeply, or an element has too many attributes.
    """
    tags = text.count("<")
    if tags**2 > _MAX_STYLES:
        styles = Counter(_STYLE.findall(text))
        # Not more than three that are equal are open at a time.
        if sum(min(3, count) for count in styles.values()) * tags > _MAX_STYLES:
            text = _STYLES.sub(_NOTHING, text)
    if tags > MAX_OPTIONS and sum(1 for _ in _OPTION.finditer(text)) > MAX_OPTIONS:
        text = _OPTION.sub(_NOTHING, text)
    _check_depth(text, tags)
    return _with_few_attributes(text)


_STYLE_NAMES: Final = "(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)"
_END: Final = r"(?:[ \t\n\f\r/][^>]*+)?+(?:>|\Z)"
_STYLE: Final = re.compile(f"<(?=[bcefinstu]){_STYLE_NAMES}{_END}", re.IGNORECASE)
_STYLES: Final = re.compile(f"</?+{_STYLE_NAMES}{_END}", re.IGNORECASE)
_OPTION: Final = re.compile(f"<(?:option|optgroup){_END}", re.IGNORECASE)
_NOTHING: Final = "<!---->"
"""What takes the place of a tag. Without it, the signs around the tag could be another one."""

_TAG: Final = re.compile(
    r"<(/?)(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|td|tr|th|dt|dd|option)\b)[a-z]",
    re.IGNORECASE,
)


def _check_depth(text: str, tags: int) -> None:
    depth = deepest = 0
    for tag in _TAG.finditer(text):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > deepest:
            deepest = depth
            if depth > MAX_DEPTH:
                raise TooIntricate(f"nested deeper than {MAX_DEPTH:,} levels")
    if deepest * tags > MAX_STEPS:
        raise TooIntricate(f"nested as deep as {deepest:,} levels, with {tags:,} tags")


_ATTRIBUTE: Final = (
    r"""[ \t\n\f\r/]*+[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"""
    r"""(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:"[^"]*+"?+|'[^']*+'?+|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+)?+)?+"""
)
_ATTRIBUTES: Final = re.compile(rf"<[a-zA-Z][^ \t\n\f\r/>]*+(?=((?:{_ATTRIBUTE})++))")
_EACH: Final = re.compile(_ATTRIBUTE)


def _with_few_attributes(text: str) -> str:
    """A page without what looks like an element with too many attributes, but is the rest of a script.

    Raises:
        TooIntricate: there is such an element.
    """
    # A tag may begin in what looks like the value of another one: where comments and scripts are is unknown here.
    left = _MAX_READ * len(text) + _MAX_READ_MORE
    kept: list[str] = []
    at = 0
    tags = _ATTRIBUTES.finditer(text)
    while tag := next(tags, None):
        start, end = tag.span(1)
        left -= end - start
        if left < 0:
            raise TooIntricate(_TOO_MANY)
        if end - start <= 2 * MAX_ATTRIBUTES or _count(text, start, end) <= MAX_ATTRIBUTES:
            continue
        signs = _SCRIPT.findall(text, at, start)
        if not signs or signs[-1]:
            raise TooIntricate(_TOO_MANY)
        kept.append(text[at:start])
        after = _SCRIPT_END.search(text, start)
        at = after.start() if after else len(text)
        tags = _ATTRIBUTES.finditer(text, at)
    return "".join((*kept, text[at:]))


_SCRIPT: Final = re.compile("<(/?)script", re.IGNORECASE)
_SCRIPT_END: Final = re.compile("</script", re.IGNORECASE)
_TOO_MANY: Final = f"an element with more than {MAX_ATTRIBUTES:,} attributes"


def _count(text: str, start: int, end: int) -> int:
    return sum(1 for _ in _EACH.finditer(text, start, end))
