"""Markdown with front matter in YAML, TOML or JSON -> a mapping and a body.

libyaml's safe loader composes the YAML, but its nodes become values here. Only null, true, false and numbers that
print as they were typed are converted; everything else is text. A title stays as typed (`2020-09-29`, `1e3`, `No`),
and no tag can construct an object. It is also faster than the loader's own constructor.
"""

from __future__ import annotations

import json
import operator
import re
from typing import Any, Final

import yaml
from frontmatter.default_handlers import YAMLHandler

from newsearch.sources.files import EMPTY

_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML can be built without libyaml

MAX_DEPTH: Final = 32
"""Levels of nesting; the format needs four."""

MAX_SIZE: Final = 256 << 10
"""Characters of front matter: a value of three characters can take a kilobyte of memory."""

_DOTS: Final = re.compile(r"---[ \t]*\n(?:(?!---[ \t]*$).*\n)*?(\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
"""YAML's own end marker, which some authors close front matter with."""


class FrontMatterError(Exception):
    """The text is not an article; the message is one line, with the line number if known."""


def parse(text: str) -> tuple[dict[str, Any], str]:
    """Split an article's text into the mapping of its front matter and the body under it.

    Raises:
        FrontMatterError: there is no front matter, it has no end, or it is not a mapping.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    content = text.lstrip()
    if not content:
        raise FrontMatterError(EMPTY)
    if content.startswith("+++"):
        return _parse_toml(content)
    if content.startswith("{") and (found := _parse_json(content)):
        return found
    if not _handler.detect(content):
        raise FrontMatterError("no front matter: the first line is not '---' (YAML) or '+++' (TOML)")
    try:
        front_matter, body = _handler.split(content)
    except ValueError:
        if dots := _DOTS.match(content):
            return parse(f"{content[: dots.start(1)]}---{content[dots.end(1) :]}")
        raise FrontMatterError("front matter has no closing '---'") from None
    if len(front_matter) > MAX_SIZE:
        raise FrontMatterError(f"front matter is larger than {MAX_SIZE >> 10} KiB")
    # Most front matter has no indicator, and is not searched line by line.
    if " !" in front_matter or " &" in front_matter or " *" in front_matter:
        front_matter = _MARKED.sub(_quoted, front_matter)
    try:
        value = _handler.load(front_matter)
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: PyYAML in Python, for an escape beyond Unicode.
        at, problem = _problem(error, front_matter)
        at += text[: len(text) - len(content)].count("\n") + 1
        raise FrontMatterError(f"front matter cannot be used at line {at}: {problem}") from error
    if not value:
        raise FrontMatterError("front matter is empty")
    if not isinstance(value, dict):
        number, line = _first_text(front_matter)
        first_line = text[: len(text) - len(content)].count("\n") + 1
        hint = f"; line {first_line + number}: no space after the colon" if _NO_SPACE.match(line) else ""
        raise FrontMatterError(f"front matter is not a mapping of keys to values{hint}")
    return value, body


# To authors, a value that starts with a YAML indicator is text. An indicator alone, `!!str` and the like are YAML.
_MARKED: Final = re.compile(
    r"""^(?P<key>[ \t]*(?:-[ ]+)*(?:[\w-]+:[ \t]+)?)
    (?P<value>(?:!(?!!)|&|\*(?=[^\s*]+\*))\S*[ \t]+[^\s\[{&*!|>'"](?:[^\n]*[^ \t\n])?)[ \t]*$""",
    re.MULTILINE | re.VERBOSE,
)


def _quoted(found: re.Match[str]) -> str:
    value = found["value"].replace("'", "''")
    return f"{found['key']}'{value}'" if found["key"].strip() else found[0]


_NO_SPACE: Final = re.compile(r"[\w-]+:\S")


def _first_text(front_matter: str) -> tuple[int, str]:
    """The number and the text of the first line that is not empty."""
    lines = front_matter.split("\n")
    return next(((number, line) for number, line in enumerate(lines) if line.strip()), (0, ""))


def _parse_toml(content: str) -> tuple[dict[str, Any], str]:
    import tomllib

    found = _TOML.match(content)
    if found is None:
        raise FrontMatterError("front matter has no closing '+++'")
    if len(found[1]) > MAX_SIZE:
        raise FrontMatterError(f"front matter is larger than {MAX_SIZE >> 10} KiB")
    try:
        value = tomllib.loads(found[1])
    except ValueError as error:  # also for an integer of thousands of digits
        reason = error if isinstance(error, tomllib.TOMLDecodeError) else "an integer is too large"
        raise FrontMatterError(f"front matter is not usable TOML: {reason}") from error
    except RecursionError:
        raise FrontMatterError("front matter is nested too deeply") from None
    if not value:
        raise FrontMatterError("front matter is empty")
    return value, content[found.end() :].strip()


def _parse_json(content: str) -> tuple[dict[str, Any], str] | None:
    """The front matter that Hugo reads from JSON; None if there is none."""
    try:
        value, end = json.JSONDecoder().raw_decode(content[:MAX_SIZE])
    except (ValueError, RecursionError):
        return None
    return (value, content[end:].strip()) if value and content[end : end + 1] in ("", "\n") else None


_TOML: Final = re.compile(r"\+\+\+[ \t]*\n(.*?)(?:^|\n)\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)


class _Refused(yaml.YAMLError):
    """Valid YAML that no article needs."""

    def __init__(self, problem: str, mark: Any) -> None:
        self.problem = problem
        self.problem_mark = mark


class _Composer(_Loader):  # type: ignore[misc]
    """The safe loader, up to nodes, without its guesses at the types of scalars."""

    def resolve(self, kind: type[yaml.Node], value: object, implicit: object) -> str:
        return ""

    # No-ops called for every node: C functions take a third of the time of empty Python ones.
    descend_resolver = staticmethod(operator.is_)
    ascend_resolver = staticmethod(tuple)


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

# Block nesting needs increasing indentation.
_MAY_BE_DEEP: Final = re.compile(rf"^[ ?:-]{{{MAX_DEPTH}}}", re.MULTILINE)


def _refuse_aliases_and_depth(text: str) -> None:
    """Scan the events first, which needs no recursion.

    An alias can multiply a value a billion times. libyaml's composer recurses on the C stack, and a few thousand
    brackets crash the process.
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
        # libyaml reads ahead, and has its own limit. It may fail before it reports the depth.
        if (mark := error.problem_mark) and _levels(text, mark) > MAX_DEPTH:
            raise _Refused("nested too deeply", mark) from error
        raise


def _levels(text: str, mark: yaml.Mark) -> int:
    """Minimum number of open brackets and dashes at this place, if the text is well formed up to there."""
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
        if name in mapping:  # usually two articles in one file
            raise _Refused(f"the key {name!r:.80} is there twice", key.start_mark)
        # Most values are scalars, which are handled inline to save a call.
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


_KEYED: Final = re.compile(r"\s*(?:- +)?[^\s:#][^:]*:[ \t]+(?P<value>\S.*)")


def _hint(lines: list[str], number: int) -> tuple[int, str]:
    """Advise what to change in the line where the parser failed, or in the one before it."""
    for at in (number, number - 1):
        line = lines[at] if 0 <= at < len(lines) else ""
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return at, "a line is indented with a tab; YAML takes only spaces"
        found = _KEYED.match(line)
        value = found["value"] if found else line.strip().removeprefix("- ")
        if value[:1] in ("'", '"'):
            end = value.find(value[0], 1)
            if end < 0:
                return at, "a quotation mark is not closed"
            if end > 0 and value[end + 1 :].strip() and value[end + 1 :].strip()[0] != "#":
                return at, "text follows the closing quotation mark"
        elif value[:1] in ("[", "{"):
            return at, f"a value that begins with {value[0]!r} needs quotation marks, unless it is a list"
        elif value[:1] in ("@", "`", "%", "|", ">", "*", "&", "!"):
            return at, f"a value that begins with {value[0]} needs quotation marks around it"
        elif ": " in value or value.endswith(":"):
            return at, "a value that contains ': ' needs quotation marks around it"
        elif _NO_SPACE.match(line) and "://" not in line:
            return at, "no space after the colon"
    return number, ""


def _problem(error: Exception, text: str) -> tuple[int, str]:
    """The line number, from 0, and the problem there.

    PyYAML's messages differ between releases, and between libyaml and Python. Common mistakes are therefore
    detected from the text itself.
    """
    if isinstance(error, _Refused):
        return _line(text, error.problem_mark.index), error.problem
    if sign := _FORBIDDEN.search(text):
        return _line(text, sign.start()), f"the character U+{ord(sign[0]):04X} is not allowed"
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        wrong = _NO_CHARACTER.search(text)
        return _no_character(wrong) if wrong else (0, "it is not YAML")
    number = _line(text, mark.index)
    line = text.split("\n")[number]
    opened = getattr(error, "context_mark", None)
    if isinstance(error, yaml.scanner.ScannerError) and opened and text[opened.index] in "\"'":
        if "\\" in text[mark.index - 1 : mark.index + 1]:
            return number, "an unknown escape; between single quotes, a backslash is only a backslash"
        if wrong := _NO_CHARACTER.search(text, opened.index, mark.index + _LONGEST_ESCAPE):
            return _no_character(wrong)
        return _line(text, opened.index), "a quotation mark is not closed"
    column = mark.index - text.rfind("\n", 0, mark.index) - 1
    if line[: column + 1].strip(" ").startswith("\t"):
        return number, "a line is indented with a tab; YAML takes only spaces"
    if _AFTER_QUOTES.match(line):
        return number, "text follows the closing quotation mark"
    if _COLON_IN_VALUE.match(line):
        return number, "a value that contains ': ' needs quotation marks around it"
    if (sign := _RESERVED.match(text, mark.index)) is not None:
        return number, f"a value that begins with {sign[0]} needs quotation marks around it"
    for near in range(number, max(number - 2, -1), -1):  # the text after it may only fail at its end
        if sign := _LINE_END.search(text.split("\n")[near]):
            return near, f"the character U+{ord(sign[0]):04X} ends a line in YAML; remove it"
    hinted, hint = _hint(text.split("\n"), number)
    return hinted, hint or "it is not YAML"


def _line(text: str, index: int) -> int:
    """The number of a line, from 0. YAML ends lines at more characters than editors do."""
    return text.count("\n", 0, index)


def _no_character(escape: re.Match[str]) -> tuple[int, str]:
    return _line(escape.string, escape.start()), f"the escape {escape[0]} stands for no character"


_FORBIDDEN: Final = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END: Final = re.compile("[\x85\u2028\u2029]")
"""What ends a line in YAML, and not in an editor."""
_NO_CHARACTER: Final = re.compile(
    r"\\(?:u[dD][89a-fA-F][\da-fA-F]{2}|U(?!00(?:0[\da-fA-F]|10))[\da-fA-F]{8})"
)
"""An escape for half of a surrogate pair, or for a number above those of Unicode."""
_LONGEST_ESCAPE: Final = 10
_SIGNS: Final = re.compile(r"(?: *[-?:](?= ))+")
_AFTER_QUOTES: Final = re.compile(r"""[^:"']*:[ ]+(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[ ]*[^ ,#\]}]""")
_COLON_IN_VALUE: Final = re.compile(r"""[^:]*:[ ]++[^"'\[{|>#].*:(?: |$)""")
_RESERVED: Final = re.compile("[@`%]")
