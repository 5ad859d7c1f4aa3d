"""The pages in a real Chromium: what people do, with and without JavaScript, and what axe says of every page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT
from running import serving

import newsearch

pytestmark = pytest.mark.browser

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is in the extra dev")
expect = playwright.expect
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("chromium is not installed (apt-get install chromium)", allow_module_level=True)

ARTICLE = (
    "article?id=technology/2020-09-09-amazon-lobbied-against-portland-facial-recognition-ban.md&query=ban"
)
STORY = "story?id=local/2020-09-09-portland-council-votes-unanimously-face-scanning.md&after=2020-09&before=2020-10"
PAGES = [
    "",
    "?query=facial+recogniton+ban&explain=true",
    "?query=ban&topics=Privcy",
    ARTICLE,
    "article?id=local/2020-09-12-smoke-gives-portland-worst-air-of-worlds-big-cities.md",
    "?query=portland&collapse=stories",
    STORY,
    "saved",
    "help",
    "?query=ban&after=soon&topics=Privacy",
    "nowhere",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory: Path = tmp_path_factory.mktemp("browsed")
    newsearch.build(ROOT / "seeds", index=directory)
    saved = directory / "saved.toml"
    saved.write_text('[[search]]\nname = "Bans"\nquery = "ban"\n')
    with serving(directory, "--log-format", "none", "--saved", str(saved)) as (_, where):
        yield where


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Open]:
    """Opens a page; that it complains about nothing is looked at in the end."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def visit(path: str = "", expected: int = 200, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if expected == 200:
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        answer = page.goto(address + path)
        assert answer.status == expected
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def titles(page: Any) -> list[str]:
    return [str(title) for title in page.locator(".hit h2").all_text_contents()]


def test_results_come_while_one_types(visit: Open) -> None:
    page = visit()
    page.locator("#query").press_sequentially("tiktok", delay=20)
    page.get_by_role("heading", name="2 articles").wait_for()
    expect(page.locator(".hit h2").first).to_contain_text("TikTok")
    expect(page).to_have_url(re.compile(r"\?query=tiktok$"))
    expect(page.locator("#status")).to_contain_text("2 articles")
    feeds = page.locator("link[rel=alternate]").evaluate_all("links => links.map(link => link.href)")
    assert [feed.partition("/search.")[2] for feed in feeds] == [
        f"{form}?query=tiktok" for form in ("atom", "rss", "json")
    ]


def test_a_word_is_completed_by_keys(visit: Open) -> None:
    page = visit()
    page.locator("#query").press_sequentially("facial rec", delay=20)
    expect(page.locator("#completions li").first).to_contain_text("facial recognition")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#query")).to_have_value("facial recognition")
    expect(page.locator("#query")).to_have_attribute("aria-activedescendant", "completion0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?query=facial+recognition")
    expect(page.locator("#completions")).to_be_hidden()


def test_a_browser_asks_for_the_token(browser: Any, seeds_index: Path) -> None:
    with serving(seeds_index, "--log-format", "none", "--token", "secret") as (_, where):
        context = browser.new_context(http_credentials={"username": "anybody", "password": "secret"})
        page = context.new_page()
        page.goto(where)
        page.locator("#query").press_sequentially("tiktok", delay=20)
        page.get_by_role("heading", name="2 articles").wait_for()
        context.close()


def test_completions_that_come_late_do_not_cover_the_results(visit: Open) -> None:
    page = visit()
    late: list[Any] = []
    page.route("**/api/v1/complete?*", lambda route: late.append(route))
    page.locator("#query").press_sequentially("fac", delay=20)
    page.wait_for_url("**/?query=fac")
    page.keyboard.press("Enter")
    expect(page.locator("#query")).to_be_focused()
    with page.expect_response("**/api/v1/complete?*"):
        late[0].continue_()
    page.wait_for_timeout(200)
    expect(page.locator("#completions")).to_be_hidden()
    page.unroute_all()
    page.locator("#query").press_sequentially("e", delay=20)
    expect(page.locator("#completions")).to_be_visible()


def test_a_facet_narrows_and_back_undoes_it(visit: Open) -> None:
    page = visit("?query=ban")
    page.get_by_label("Privacy").check()
    page.wait_for_url("**topics=Privacy*")
    page.get_by_text("topic: Privacy").wait_for()
    expect(page.get_by_label("Privacy")).to_be_checked()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?query=ban$"))
    expect(page.get_by_label("Privacy")).not_to_be_checked()
    expect(page.get_by_text("topic: Privacy")).to_have_count(0)


def test_back_leads_through_the_searches_that_were_typed(visit: Open) -> None:
    page = visit()
    for query in ("ban", "tiktok"):
        page.locator("#query").fill("")
        page.locator("#query").press_sequentially(query[:2], delay=20)
        page.wait_for_url(f"**/?query={query[:2]}")
        page.locator("#query").press_sequentially(query[2:], delay=20)
        page.wait_for_url(f"**/?query={query}")
        page.keyboard.press("Enter")
    page.get_by_label("Privacy").check()
    page.wait_for_url("**topics=Privacy*")
    for before in ("?query=tiktok", "?query=ban", ""):
        # The page loads itself again; Chromium refuses to go back while it does.
        with page.expect_event("load"):
            page.go_back()
        expect(page).to_have_url(re.compile(f"/{re.escape(before)}$"))


def test_a_search_that_was_left_is_not_replaced_by_the_next_one_that_is_typed(visit: Open) -> None:
    page = visit("?query=ban")
    for query in ("tiktok", "vaccine"):
        page.keyboard.press("/")
        page.locator("#query").fill(query)
        page.wait_for_url(f"**/?query={query}")
        page.evaluate("document.activeElement.blur()")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?query=tiktok$"))


def test_the_first_link_skips_to_the_results(visit: Open) -> None:
    page = visit("?query=ban")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
    page.wait_for_timeout(300)
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")


def test_a_hit_of_several_reports_leads_to_its_story_and_that_to_an_article(visit: Open) -> None:
    page = visit("?query=portland+face+scanning")
    page.get_by_label("Show").select_option("stories")
    expect(page).to_have_url(re.compile("collapse=stories"))
    page.locator('.others[href*="/story?"]').first.click()
    expect(page.get_by_role("heading", name="Reports, the earliest first")).to_be_visible()
    page.locator(".reports a").first.click()
    expect(page.get_by_role("heading", name="On the same subject")).to_be_visible()


def test_a_bar_of_the_timeline_leads_to_its_month(visit: Open) -> None:
    page = visit("?query=ban")
    page.locator('.timeline a[aria-label^="2020-09"]').click()
    page.wait_for_url("**after=2020-09&before=2020-10*")
    expect(page.locator("#after")).to_have_value("2020-09")


def test_everything_works_without_javascript(visit: Open) -> None:
    page = visit(java_script_enabled=False)
    page.locator("#query").fill("ban")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"query=ban&sort=relevance&collapse=&after=&before=$"))
    page.get_by_label("Privacy").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("h1")).to_have_text("4 articles")
    page.get_by_role("link", name="About this article").first.click()
    expect(page.get_by_role("heading", name="Record")).to_be_visible()


def test_keys_go_to_the_box_and_through_the_articles(visit: Open) -> None:
    page = visit("?query=ban")
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        focused = page.evaluate("document.activeElement.textContent")
        assert focused == titles(page)[place]
    page.keyboard.press("?")
    page.wait_for_url("**/help")


def test_keys_can_be_turned_off(visit: Open) -> None:
    page = visit("help")
    page.get_by_label("Use these keys").uncheck()
    page.goto(page.url.replace("help", "?query=ban"))
    for key in "j?/":
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.body")
    page.goto(page.url.replace("?query=ban", "help"))
    expect(page.get_by_label("Use these keys")).not_to_be_checked()
    page.get_by_label("Use these keys").check()
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()


def test_keys_work_where_a_facet_has_been_chosen(visit: Open) -> None:
    page = visit("?query=ban")
    page.get_by_label("Privacy").check()
    page.wait_for_url("**topics=Privacy*")
    expect(page.get_by_label("Privacy")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".hit h2 a").first).to_be_focused()
    page.get_by_label("Privacy").focus()
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()


def test_on_a_phone_nothing_is_wider_than_the_screen(visit: Open) -> None:
    page = visit("?query=facial+recognition+ban&explain=true", viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_label("Sort by")).to_be_hidden()
    page.get_by_text("Narrow the search").click()
    expect(page.get_by_label("Sort by")).to_be_visible()


def test_what_narrows_the_search_is_there_after_a_turn_of_the_screen(visit: Open) -> None:
    page = visit("?query=ban", viewport={"width": 768, "height": 1024})
    expect(page.get_by_label("Sort by")).to_be_hidden()
    page.set_viewport_size({"width": 1024, "height": 768})
    expect(page.get_by_label("Sort by")).to_be_visible()
    page.set_viewport_size({"width": 768, "height": 1024})
    expect(page.get_by_label("Sort by")).to_be_hidden()


def test_more_outlets_are_shown_at_once_on_a_phone(visit: Open) -> None:
    page = visit("?query=the", viewport={"width": 390, "height": 740})
    page.get_by_text("Narrow the search").click()
    page.get_by_role("link", name="More outlets").click()
    page.wait_for_url("**more=provider*")
    expect(page.get_by_role("group", name="Outlets")).to_be_in_viewport()
    expect(page.get_by_role("link", name="More outlets")).to_have_count(0)


def test_a_long_part_of_a_search_leaves_the_words_beside_it_whole(visit: Open) -> None:
    pasted = "https://civicwatch.example/2020/09/" + "portland-council-votes-unanimously-" * 4
    page = visit(f"?query=title:{pasted}+ban&topics=Privcy", viewport={"width": 390, "height": 740})
    expect(page.get_by_role("heading", name="Why nothing was found")).to_be_visible()
    heading = page.get_by_role("columnheader", name="Alone")
    lines = "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects().length; }"
    assert heading.evaluate(lines) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_filter_without_a_field_is_kept_while_one_types_and_sorts(visit: Open) -> None:
    page = visit("?query=ban&min_heat=50&limit=3")
    page.get_by_label("Sort by").select_option("newest")
    page.wait_for_url("**sort=newest*")
    page.locator("#query").fill("bans")
    expect(page).to_have_url(re.compile("query=bans&"))
    expect(page).to_have_url(re.compile("min_heat=50"))
    expect(page).to_have_url(re.compile("limit=3"))
    page.get_by_text("heat from 50").wait_for()


def test_a_wrong_date_is_corrected_where_it_is_told(visit: Open) -> None:
    page = visit("?query=ban&topics=Privacy&after=soon", 400)
    page.get_by_label("From").fill("2020-09")
    page.get_by_role("button", name="Search again").click()
    page.wait_for_url("**topics=Privacy&after=2020-09")
    expect(page.locator("#after")).to_have_value("2020-09")


def test_the_page_is_dark_where_people_want_it_dark(visit: Open) -> None:
    def brightness(page: Any) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return int(colour.partition("(")[2].partition(",")[0])

    assert brightness(visit("", color_scheme="light")) > 200
    assert brightness(visit("", color_scheme="dark")) < 60


def test_a_dark_page_is_printed_as_a_light_one(visit: Open) -> None:
    page = visit("?query=ban", color_scheme="dark", reduced_motion="reduce")
    colours = """() => [document.body, ...document.querySelectorAll(".facts b, .hit h2 a, mark")].map(one => {
        const style = getComputedStyle(one);
        return [style.color, style.backgroundColor];
    })"""
    page.emulate_media(media="print", color_scheme="light")
    light = page.evaluate(colours)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(colours) == light


@pytest.mark.parametrize(
    ("path", "scheme"), [*((path, "light") for path in PAGES), (PAGES[1], "dark"), (ARTICLE, "dark")]
)
def test_axe_finds_nothing(visit: Open, path: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is in the extra dev")
    expected = {"?query=ban&after=soon&topics=Privacy": 400, "nowhere": 404}.get(path, 200)
    page = visit(path, expected, color_scheme=scheme, bypass_csp=True)
    found = axe.Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
