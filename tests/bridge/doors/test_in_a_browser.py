"""The page of a link in a real browser: a phone, with and without JavaScript, for eyes and for screen readers."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright

from tests.bridge.doors.conftest import Street
from tests.waiting import eventually

CHROMIUM = os.environ.get("INCIDENTS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
LEAST_TARGET = 44
"""Pixels: WCAG 2.2, 2.5.5 "Target Size (Enhanced)"."""
LEAST_CONTRAST = 7.0
"""WCAG 2.2, 1.4.6 "Contrast (Enhanced)"."""
CONTRASTS = """() => {
  const parts = text => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
  const light = text => parts(text)
    .map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { while (e && getComputedStyle(e).backgroundColor === 'rgba(0, 0, 0, 0)') e = e.parentElement;
                        return e ? getComputedStyle(e).backgroundColor : 'rgb(255, 255, 255)'; };
  return [...document.querySelectorAll('h1, dt, dd, p, button, blockquote')].map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
}"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        await chromium.close()


@pytest.fixture
async def address(street: Street) -> AsyncIterator[str]:
    """The bridge on a real socket."""
    app = street.http._transport.app
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started, "uvicorn listens")
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = server.force_exit = True
    await serving


Opened = Callable[..., Any]


@pytest.fixture
async def opens(street: Street, browser: Browser, address: str) -> AsyncIterator[Opened]:
    """`await opens(incident, scripts=False)`: the link's page, on a phone."""
    contexts = []

    async def opened(incident: str, **more: Any) -> Page:
        scripts, scheme = more.pop("scripts", True), more.pop("scheme", "light")
        context = await browser.new_context(**PHONE, java_script_enabled=scripts, color_scheme=scheme)
        contexts.append(context)
        page = await context.new_page()
        await page.goto(address + await street.link(incident, **more))
        return page

    yield opened
    for context in contexts:
        await context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
async def test_one_tap_acknowledges(street: Street, opens: Opened, scripts: bool) -> None:
    """The button is all there is to press."""
    incident = await street.opened()
    page = await opens(incident, scripts=scripts)
    await page.get_by_role("button", name="I have it").tap()
    await page.get_by_text(f"yes: {incident} is yours").wait_for()
    assert (await street.status(incident))["acked_by"] == "ana"


async def test_opening_the_page_acknowledges_nothing(street: Street, opens: Opened) -> None:
    """Nor does reading it for a while."""
    incident = await street.opened()
    page = await opens(incident)
    await page.reload()
    assert (await street.status(incident))["acked_by"] == ""


async def test_the_keyboard_alone_is_enough(street: Street, opens: Opened) -> None:
    """One Tab to the button, and it can be seen where one is."""
    incident = await street.opened()
    page = await opens(incident)
    await page.keyboard.press("Tab")
    focused = await page.evaluate(
        "() => [document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
    )
    await page.keyboard.press("Enter")
    await page.get_by_text("is yours").wait_for()
    assert focused == ["BUTTON", "solid"]


async def test_a_thumb_hits_it_without_scrolling(street: Street, opens: Opened) -> None:
    """On a small phone: the whole button is in view, large enough, and nothing runs off the side."""
    page = await opens(await street.opened())
    box = await page.get_by_role("button").bounding_box()
    wide = await page.evaluate("() => document.documentElement.scrollWidth")
    assert box is not None
    assert box["height"] >= LEAST_TARGET
    assert box["y"] + box["height"] <= 640
    assert wide <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_at_3_a_m(street: Street, opens: Opened, scheme: str) -> None:
    """Every text stands out from what is behind it, in both colour schemes."""
    page = await opens(await street.opened(), scheme=scheme)
    assert min(await page.evaluate(CONTRASTS)) >= LEAST_CONTRAST


async def test_a_screen_reader_finds_its_way(street: Street, opens: Opened) -> None:
    """A language, a title, one heading, one main part, and a button that says what it does."""
    incident = await street.opened()
    page = await opens(incident)
    found = await page.evaluate("""() => ({
      lang: document.documentElement.lang, title: document.title,
      headings: document.querySelectorAll('h1').length, mains: document.querySelectorAll('main').length,
      described: document.getElementById(document.querySelector('button').getAttribute('aria-describedby')).textContent,
    })""")
    headline = (await street.status(incident))["headline"]
    assert (found["lang"], found["title"], found["headings"], found["mains"]) == ("en", headline, 1, 1)
    assert "the pager stops" in found["described"]


async def test_the_browser_runs_and_loads_nothing_else(street: Street, opens: Opened) -> None:
    """The page's own policy holds, and its style is let through by it."""
    page = await opens(await street.opened())
    slips: list[str] = []
    page.on("console", lambda message: slips.append(message.text))
    await page.reload()
    width = await page.get_by_role("button").evaluate("e => getComputedStyle(e).minHeight")
    assert (slips, width) == ([], "60px")


async def test_a_bad_link_is_a_clear_page(street: Street, opens: Opened) -> None:
    """One sentence, and nothing to press."""
    page = await opens(await street.opened(), opened="20250101T000000.000000Z")
    assert await page.get_by_role("heading").text_content() == "This link is old"
    assert await page.get_by_role("button").count() == 0
