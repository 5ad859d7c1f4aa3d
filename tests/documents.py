"""What is read out of the project's pages, so that tests can hold them to it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def text(name: str) -> str:
    """A page of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks of a page that are marked with a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text(name), re.MULTILINE | re.DOTALL)


def named(name: str) -> set[str]:
    """What a page puts in backticks."""
    prose = re.sub(r"^```.*?^```$", "", text(name), flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`\n]+)`", prose))


def first_column(name: str, heading: str = "") -> list[str]:
    """What stands in backticks at the start of the table rows of a page, or of its part under a heading."""
    page = text(name)
    if heading:
        page = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [cell.replace(r"\|", "|") for cell in re.findall(r"^\| `(.+?)` \|", page, re.MULTILINE)]
