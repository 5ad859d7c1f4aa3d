"""Pictures of the pages, to be looked at. No test; needs Chromium.

    PYTHONPATH=tests python tests/serve/screenshots.py DIRECTORY

docs/page.png is its search.png, docs/page-dark.png its dark.png.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from documents import ROOT
from playwright.sync_api import sync_playwright
from running import serving

import newsearch

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "front": ("", {}),
    "search": ("?query=facial+recognition+ban", {}),
    "dark": ("?query=facial+recognition+ban&explain=true", {"color_scheme": "dark"}),
    "phone": ("?query=vaccine", {"viewport": {"width": 390, "height": 844}}),
    "nothing": ("?query=ban&topics=Privcy&after=2022", {}),
    "article": (
        "article?id=technology/2020-09-09-amazon-lobbied-against-portland-facial-recognition-ban.md&query=ban",
        {},
    ),
    "stories": ("?query=portland&collapse=stories", {}),
    "story": (
        "story?id=local/2020-09-09-portland-council-votes-unanimously-face-scanning.md"
        "&after=2020-09&before=2020-10",
        {},
    ),
    "copied": ("article?id=local/2020-09-12-smoke-gives-portland-worst-air-of-worlds-big-cities.md", {}),
    "saved": ("saved", {}),
    "help": ("help", {}),
}


def main(directory: Path) -> None:
    """Write a PNG for each of PAGES."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as index, sync_playwright() as driver:
        newsearch.build(ROOT / "seeds", index=index)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        saved = Path(index, "saved.toml")
        saved.write_text('[[search]]\nname = "Face bans"\nquery = "facial recognition ban"\n')
        with serving(Path(index), "--log-format", "none", "--saved", str(saved)) as (_, address):
            for name, (path, options) in PAGES.items():
                page = browser.new_context(
                    **{"viewport": {"width": 1100, "height": 760}} | options
                ).new_page()
                page.goto(address + path)
                page.screenshot(path=directory / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
