"""Markdown with YAML front matter -> a mapping and a body.

The YAML is composed by libyaml's safe loader, but its nodes become values here: only null, true, false and
numbers that print as they were typed are anything but text. So a title stays what was typed (`2020-09-29`,
`1e3`, `No`), no tag can construct an object, and it is faster than the loader's own constructor.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from frontmatter.default_handlers import YAMLHandler

_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML can be built without libyaml

MAX_DEPTH: Final = 32
"""Levels of nesting; the format needs four."""


class FrontMatterError(Exception):
    """The text is not an article's; the message is one line and gives the line number where it can."""


def parse(text: str) -> tuple[dict[str, Any], str]:
    """Split an article's text into the mapping of its front matter and the body under it.

    Raises:
        FrontMatterError: there is no front matter, it has no end, or it is not a YAML mapping.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    content = text.lstrip()
    if not content:
        raise FrontMatterError("the file is empty")
    if not _handler.detect(content):
        raise FrontMatterError("no front matter: the first line is not '---'")
    try:
        front_matter, body = _handler.split(content)
    except ValueError:
        raise FrontMatterError("front matter has no closing '---'") from None
    try:
        value = _handler.load(front_matter)
    except yaml.YAMLError as error:
        line, problem = _problem(error, front_matter)
        line += text.count("\n", 0, text.index(front_matter)) + 1
        raise FrontMatterError(f"front matter cannot be used at line {line}: {problem}") from error
    if not value:
        raise FrontMatterError("front matter is empty")
    if not isinstance(value, dict):
        raise FrontMatterError("front matter is not a mapping of keys to values")
    return value, body


class _Refused(yaml.YAMLError):
    """Valid YAML that no article needs."""

    def __init__(self, problem: str, mark: Any) -> None:
        self.problem = problem
        self.problem_mark = mark


class _Composer(_Loader):  # type: ignore[misc]
    """The safe loader without its guesses at what a scalar is, as far as nodes."""

    def resolve(self, kind: type[yaml.Node], value: object, implicit: object) -> str:
        return ""


class _Handler(YAMLHandler):
    def load(self, fm: str, **_: object) -> Any:
        if "*" in fm or _MAY_BE_DEEP.search(fm) or fm.count("[") + fm.count("{") > MAX_DEPTH:
            _refuse_aliases_and_depth(fm)
        loader = _Composer(fm)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
        return None if node is None else _value(node)


_handler: Final = _Handler()

# Block nesting goes deeper only by going right.
_MAY_BE_DEEP: Final = re.compile(rf"^[ ?:-]{{{MAX_DEPTH}}}", re.MULTILINE)


def _refuse_aliases_and_depth(text: str) -> None:
    """Look through the events first, which takes no recursion.

    An alias can multiply a value a billion times, and libyaml's composer, which recurses on the C stack, ends
    the process on a few thousand brackets.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                raise _Refused("aliases are not supported", event.start_mark)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    raise _Refused("nested too deeply", event.start_mark)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.MarkedYAMLError as error:
        # libyaml reads ahead, and has a limit of its own, so it may fail before it has told of the depth.
        if (mark := error.problem_mark) and _levels(text, mark) > MAX_DEPTH:
            raise _Refused("nested too deeply", mark) from error
        raise


def _levels(text: str, mark: yaml.Mark) -> int:
    """At least how many brackets and dashes are open at this place, if the text is well formed up to there."""
    before = text[: mark.index]
    brackets = sum(before.count(sign) for sign in "[{") - sum(before.count(sign) for sign in "]}")
    signs = _SIGNS.match(before, before.rfind("\n") + 1)
    return max(brackets, sum(signs[0].count(sign) for sign in "-?:") if signs else 0)


def _value(node: yaml.Node) -> Any:
    if isinstance(node, _Scalar):
        return node.value if node.style else _scalar(node.value)  # a plain scalar has no style
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    mapping: dict[str, Any] = {}
    for key, item in node.value:
        name = key.value if isinstance(key, _Scalar) else ""
        if name in mapping:  # most often two articles that were written into one file
            raise _Refused(f"the key {name!r} is there twice", key.start_mark)
        # Most values are scalars, and need no call of their own.
        if type(item) is _Scalar:
            mapping[name] = item.value if item.style else _scalar(item.value)
        else:
            mapping[name] = _value(item)
    return mapping


_Scalar: Final[Any] = yaml.ScalarNode
_WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_FLOAT: Final = re.compile(r"-?[0-9]+\.[0-9]+")


def _scalar(text: str) -> str | int | float | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text


def _problem(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line, from 0, and what is wrong there.

    PyYAML's messages differ from release to release, and between libyaml and Python, so the mistakes that
    people make are told from the text itself.
    """
    if isinstance(error, _Refused):
        return error.problem_mark.line, error.problem
    if sign := _FORBIDDEN.search(text):
        return text.count("\n", 0, sign.start()), f"the character U+{ord(sign[0]):04X} is not allowed"
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return 0, "it is not YAML"
    line = text.split("\n")[mark.line]
    opened = getattr(error, "context_mark", None)
    if isinstance(error, yaml.scanner.ScannerError) and opened and text[opened.index] in "\"'":
        if "\\" in text[mark.index - 1 : mark.index + 1]:
            return mark.line, "an unknown escape; between single quotes, a backslash is only a backslash"
        return opened.line, "a quotation mark is not closed"
    if line[: mark.column + 1].strip(" ").startswith("\t"):
        return mark.line, "a line is indented with a tab; YAML takes only spaces"
    if _AFTER_QUOTES.match(line):
        return mark.line, "text follows the closing quotation mark"
    if _COLON_IN_VALUE.match(line):
        return mark.line, "a value that contains ': ' needs quotation marks around it"
    if (sign := _RESERVED.match(text, mark.index)) is not None:
        return mark.line, f"a value that begins with {sign[0]} needs quotation marks around it"
    return mark.line, "it is not YAML"


_FORBIDDEN: Final = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SIGNS: Final = re.compile(r"(?: *[-?:](?= ))+")
_AFTER_QUOTES: Final = re.compile(r"""[^:"']*:[ ]+(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[ ]*[^ ,#\]}]""")
_COLON_IN_VALUE: Final = re.compile(r"""[^:]*:[ ]+[^"'\[{|>#].*:(?: |$)""")
_RESERVED: Final = re.compile("[@`%]")
