"""Chromium, servers for it to look at, and what is kept when a test fails."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Error, async_playwright

from tests.e2e.browser.backend import Backend, calling
from tests.e2e.browser.inbox_page import InboxPage
from tests.e2e.processes import AppProcess, Installation

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium's own sandbox needs rights that containers do not give; it sees nothing here but our page.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")

OpenInbox = Callable[..., Awaitable[InboxPage]]


def chromium() -> str:
    """The program; skips when there is none."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no Chromium: none of {', '.join(PROGRAMS)} is on the PATH, and CHROMIUM names no program")
    return found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    program = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser) -> BrowserContext:
    """One person's browser; its tabs share what they store."""
    return await browser.new_context(reduced_motion="reduce")


@pytest.fixture
async def open_inbox(context: BrowserContext, tmp_path: Path) -> AsyncIterator[OpenInbox]:
    """Opens tabs; a picture of each is left in the test's folder."""
    opened: list[InboxPage] = []

    async def open_tab(server: AppProcess, subscriber_id: str, within: BrowserContext | None = None) -> InboxPage:
        opened.append(await InboxPage.open(within or context, server.base_url, subscriber_id))
        return opened[-1]

    yield open_tab
    for number, tab in enumerate(opened, start=1):
        with suppress(Error):
            await tab.page.screenshot(path=tmp_path / f"tab-{number}.png")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """One installation for every test that leaves its server alone; each takes a subscriber of its own."""
    chromium()
    async with Installation(tmp_path_factory.mktemp("shared")) as installation:
        await installation.start()
        yield installation


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation of the test's own, whose processes it may end."""
    chromium()
    async with Installation(tmp_path) as installation:
        yield installation


@pytest.fixture
def server(shared: Installation) -> AppProcess:
    return shared.processes[0]


@pytest.fixture
async def backend(shared: Installation, server: AppProcess) -> AsyncIterator[Backend]:
    async with calling(server.base_url, shared.api_key) as backend:
        yield backend
