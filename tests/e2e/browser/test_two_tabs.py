"""Two tabs of one person: what is done in one is seen in the other at once."""

import pytest
from playwright.async_api import expect

from tests.e2e.browser.backend import Backend
from tests.e2e.browser.conftest import OpenInbox
from tests.e2e.browser.inbox_page import InboxPage
from tests.e2e.processes import AppProcess

pytestmark = pytest.mark.browser


@pytest.fixture
async def tabs(server: AppProcess, open_inbox: OpenInbox) -> tuple[InboxPage, InboxPage]:
    left, right = await open_inbox(server, "both"), await open_inbox(server, "both")
    for tab in (left, right):
        await tab.says("Live")
    return left, right


async def press(tab: InboxPage, title: str, name: str) -> None:
    await tab.row(title).get_by_role("button", name=name).press("Enter")


async def test_marks_of_one_tab_are_seen_in_the_other(tabs: tuple[InboxPage, InboxPage], backend: Backend) -> None:
    left, right = tabs
    for title in ("One", "Two", "Three"):
        await backend.send("both", title)
    for tab in tabs:
        await tab.shows_unread(3)

    await press(left, "One", "Mark as read")
    await expect(right.row("One")).to_have_attribute("data-unread", "false")
    await press(right, "One", "Mark as unread")
    await expect(left.row("One")).to_have_attribute("data-unread", "true")
    await press(right, "Two", "Archive")
    await expect(left.row("Two")).to_have_count(0)
    await press(left, "Three", "Snooze for 1 hour")
    await expect(right.row("Three")).to_have_count(0)
    for tab in tabs:
        await tab.shows_unread(1)
    await right.page.get_by_role("button", name="Mark all read").press("Enter")
    for tab in tabs:
        await tab.shows_unread(0)

    ids = await left.ids()
    for tab in tabs:
        assert await tab.ids() == ids
        assert await tab.statuses() == ["live"], "no stream was opened anew"
        assert tab.complaints == []
