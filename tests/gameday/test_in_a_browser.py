"""The practice world's pages in a real browser: a phone's width, with and without JavaScript, in light and dark."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright

from gameday.world.drawing import PAGES
from gameday.world.launch import RunningWorld

CHROMIUM = os.environ.get("INCIDENTS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LEAST_TARGET = 44
"""Pixels: WCAG 2.2, 2.5.5 "Target Size (Enhanced)"."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        await chromium.close()


class Bridge(BaseHTTPRequestHandler):
    """What a signed link leads to: says yes, and remembers how it was asked."""

    asked: list[str] = []  # noqa: RUF012 - emptied for each test

    def do_POST(self) -> None:
        self.asked.append("POST")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"yes: incident-A is yours")

    def do_GET(self) -> None:
        self.asked.append("GET")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def bridge() -> Iterator[str]:
    Bridge.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Bridge) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/act/token"
        server.shutdown()


@asynccontextmanager
async def opened(browser: Browser, address: str, *, scripts: bool = True, scheme: Any = "light") -> AsyncIterator[Page]:
    context = await browser.new_context(**PHONE, java_script_enabled=scripts, color_scheme=scheme)
    page = await context.new_page()
    await page.goto(address)
    yield page
    await context.close()


def ring(world: RunningWorld, who: str, url: str) -> None:
    ack = {"action": "http", "label": "Ack", "url": url, "method": "POST", "clear": True}
    body = {"topic": who, "title": "SEV-1 A", "message": "Customers cannot work.", "priority": 5, "actions": [ack]}
    httpx.post(f"{world.control}/receivers/ntfy/", json=body).raise_for_status()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
async def test_one_tap_on_the_lock_screen_acknowledges(
    world: RunningWorld, browser: Browser, bridge: str, scripts: bool
) -> None:
    """The link is posted, once, and the answer stands where the button was."""
    ring(world, "ben", bridge)
    async with opened(browser, f"{world.control}/phone/ben", scripts=scripts) as page:
        await page.get_by_role("button", name="Ack").tap()
        await page.get_by_text("✓ yes: incident-A is yours").wait_for()
        left = await page.get_by_role("button").count()

    assert (Bridge.asked, left) == (["POST"], 0)


async def test_looking_at_a_phone_acknowledges_nothing(world: RunningWorld, browser: Browser, bridge: str) -> None:
    """However often."""
    ring(world, "ben", bridge)
    async with opened(browser, f"{world.control}/phone") as page:
        await page.reload()

    assert Bridge.asked == []


async def test_a_thumb_hits_the_button_without_scrolling(world: RunningWorld, browser: Browser, bridge: str) -> None:
    """The whole of it is in view, and large enough."""
    ring(world, "ben", bridge)
    async with opened(browser, f"{world.control}/phone/ben") as page:
        box = await page.get_by_role("button", name="Ack").bounding_box()

    assert box is not None
    assert box["height"] >= LEAST_TARGET
    assert box["y"] + box["height"] <= PHONE["viewport"]["height"]


async def test_the_keyboard_alone_is_enough(world: RunningWorld, browser: Browser, bridge: str) -> None:
    """The button can be reached and pressed by Enter."""
    ring(world, "ben", bridge)
    async with opened(browser, f"{world.control}/phone/ben") as page:
        await page.get_by_role("button", name="Ack").focus()
        await page.keyboard.press("Enter")
        await page.get_by_text("✓ yes: incident-A is yours").wait_for()

    assert Bridge.asked == ["POST"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_runs_off_the_side(world: RunningWorld, browser: Browser, path: str, scheme: str) -> None:
    """On a narrow phone every page is one column, and its menu one line of links that say where one is."""
    ring(world, "ana", "http://bridge.example.org/act/" + "x" * 300)
    async with opened(browser, f"{world.control}{path}", scheme=scheme) as page:
        wide = await page.evaluate("() => document.documentElement.scrollWidth")
        menu = await page.get_by_role("navigation").bounding_box()
        here = await page.locator("nav [aria-current=page]").inner_text()

    assert (wide, here) == (PHONE["viewport"]["width"], PAGES[path])
    assert menu is not None
    assert menu["height"] < 2 * LEAST_TARGET
