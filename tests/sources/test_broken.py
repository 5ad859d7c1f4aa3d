"""The corpus of broken files: each is refused, alone, with a reason that says what to mend."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from newsearch.errors import SourceError
from newsearch.sources import front_matter
from newsearch.sources.registry import open_source

BROKEN = Path(__file__).resolve().parents[1] / "broken"

REASONS = {
    "alias-bomb.md": "front matter cannot be used at line 4: aliases are not supported",
    "blank-title.md": "no title",
    "brackets.md": "front matter cannot be used at line 3: nested too deeply",
    "control-character.md": "front matter cannot be used at line 2: the character U+0008 is not allowed",
    "dashes.md": "front matter cannot be used at line 4: nested too deeply",
    "empty-front-matter.md": "front matter is empty",
    "empty.md": "the file is empty",
    "heat-is-a-list.md": "heat is not a number: a list",
    "heat-is-a-word.md": "heat is not a number: 'hot'",
    "heat-is-true.md": "heat is not a number: True",
    "key-twice.md": "front matter cannot be used at line 4: the key 'title' is there twice",
    "latin-1.md": "not UTF-8: byte 15",
    "licence.txt": "no front matter: the first line is not '---'",
    "list-not-mapping.md": "front matter is not a mapping of keys to values",
    "no-front-matter.md": "no front matter: the first line is not '---'",
    "no-title.md": "no title",
    "null-title.md": "no title",
    "only-spaces.md": "the file is empty",
    "published-is-a-word.md": "published is neither true, false nor a date: 'perhaps'",
    "quality-is-endless.md": "quality is out of range: '1e99'",
    "quality-is-nan.md": "quality is not a number: '.nan'",
    "self-reference.md": "front matter cannot be used at line 3: aliases are not supported",
    "spliced.md": "front matter cannot be used at line 3: a quotation mark is not closed",
    "tab-indent.md": "front matter cannot be used at line 4: a line is indented with a tab",
    "text-not-mapping.md": "front matter is not a mapping of keys to values",
    "title-is-a-list.md": "title is not a text",
    "torn-before-the-end.md": "front matter has no closing '---'",
    "torn-write.md": "front matter has no closing '---'",
    "unclosed-quote.md": "front matter cannot be used at line 2: a quotation mark is not closed",
    "unquoted-colon.md": "front matter cannot be used at line 2: a value that contains ': ' needs quotation",
    "utf-16.md": "UTF-16, not UTF-8",
}


def test_every_broken_file_has_a_reason_listed_here() -> None:
    files = {path.name for path in BROKEN.iterdir() if path.suffix in (".md", ".txt")}
    assert files == set(REASONS)


@pytest.mark.parametrize(("name", "reason"), REASONS.items())
def test_a_broken_file_is_refused_with_its_reason(name: str, reason: str) -> None:
    [error] = open_source(BROKEN / name).articles()
    assert isinstance(error, SourceError)
    assert reason in error.reason
    assert error.location == str(BROKEN / name)
    assert str(error).isprintable()


MISTAKES = {
    "title: @home": "line 2: a value that begins with @ needs quotation marks",
    "title: `code`": "line 2: a value that begins with ` needs quotation marks",
    "heat: 1\ntitle: 'It's fine'": "line 3: text follows the closing quotation mark",
    'title: "A" and B': "line 2: text follows the closing quotation mark",
    'title: "C:\\quay"': "line 2: an unknown escape",
    '"title": x\n\ny: \'z': "line 4: a quotation mark is not closed",
    'title: x\nexcerpt: "big \\U00110000"': "line 3: the escape \\U00110000 stands for no character",
    'title: "good \\u00e9 \\U0010ffff': "line 2: a quotation mark is not closed",
    "title: é😀\nx: a: b": "line 3: a value that contains ': ' needs quotation marks",
    "title: x\nwhere:\n\t- y": "line 4: a line is indented with a tab",
    "title: x\n\n  y: 1": "line 4: it is not YAML",
    "title: [a, b": "line 2: a value that begins with '[' needs quotation marks, unless it is a list",
    "title: [Update] Storm": "line 2: a value that begins with '[' needs quotation marks",
    "title: x\nbody: %off": "line 3: a value that begins with % needs quotation marks",
    "title: Bridge\u2028reopens\ndate: 2024-03-01": "line 2: the character U+2028 ends a line",
    "title: \x7f": "line 2: the character U+007F is not allowed",
    "title: x\x85\u2028\nexcerpt: a: b": "line 3: a value that contains ': ' needs quotation marks",
    "title: x\x85\u2028\n\n\ty": "line 4: a line is indented with a tab",
    "title: x\x85\x85\nexcerpt: [&x]\ny: *x": "line 4: aliases are not supported",
    "title: x\x85\x85\nexcerpt: 'a": "line 3: a quotation mark is not closed",
    "title: x\nd: " + "{a: " * 40 + "b" + "}" * 40: "line 3: nested too deeply",
    "title: x\nd: " + "[" * 5000: "line 3: nested too deeply",
    "title: x\nd:\n" + "- " * 5000: "line 4: nested too deeply",
}


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(("text", "reason"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_mistake_is_named_with_its_line_whichever_loader_finds_it(
    text: str, reason: str, loader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = getattr(yaml, loader, None)
    if parser is None:
        pytest.skip("PyYAML was built without libyaml")
    composer = type("Composer", (parser,), {"resolve": lambda *_: ""})
    monkeypatch.setattr(front_matter, "_Loader", parser)
    monkeypatch.setattr(front_matter, "_Composer", composer)
    with pytest.raises(front_matter.FrontMatterError) as caught:
        front_matter.parse(f"---\n{text}\n---\nBody.\n")
    assert str(caught.value).startswith(f"front matter cannot be used at {reason}")


@pytest.mark.skipif(
    not hasattr(yaml, "CSafeLoader"), reason="PyYAML in Python reads it, and it is left out later"
)
def test_an_escape_for_half_a_character_is_named() -> None:
    with pytest.raises(
        front_matter.FrontMatterError, match=r"line 3: the escape \\uD800 stands for no character"
    ):
        front_matter.parse('---\nheat: 1\ntitle: "\\u00e9 \\uD800 lone"\n---\n')


@pytest.mark.parametrize("value", ["9" * 5000, "-" + "9" * 5000, "[" + "9" * 5000 + "]"])
def test_an_integer_of_toml_with_thousands_of_digits_is_refused(value: str) -> None:
    with pytest.raises(front_matter.FrontMatterError, match="not usable TOML: an integer is too large"):
        front_matter.parse(f'+++\ntitle = "x"\nauthor = {value}\n+++\n')


def test_a_directory_of_broken_files_is_read_to_its_end_in_order() -> None:
    results = list(open_source(BROKEN).articles())
    locations = [result.location for result in results if isinstance(result, SourceError)]
    assert locations == [str(BROKEN / name) for name in sorted(REASONS)]
    assert len(results) == len(REASONS)


def test_a_key_that_is_there_twice_is_cut_in_the_reason(tmp_path: Path) -> None:
    path, key = tmp_path / "twice.md", "x" * 900
    path.write_text(f"---\ntitle: a\n{key}: 1\n{key}: 2\n---\n")
    (result,) = open_source(path).articles()
    assert isinstance(result, SourceError)
    assert f"the key '{'x' * 79} is there twice" in result.reason
