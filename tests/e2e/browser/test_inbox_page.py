"""The page at `/` while all is well: what somebody sees, and does with the keyboard alone."""

import pytest
from playwright.async_api import expect

from tests.e2e.browser.backend import Backend
from tests.e2e.browser.conftest import OpenInbox
from tests.e2e.browser.inbox_page import InboxPage
from tests.e2e.processes import AppProcess, eventually

pytestmark = pytest.mark.browser

MARKUP = '<img src=x onerror="document.title = 1"><script>document.title = 1</script> & more'


async def assert_quiet(tab: InboxPage) -> None:
    """Nothing was refused by the page's policy, and the console has nothing to say."""
    assert await tab.violations() == []
    assert tab.complaints == []


async def test_notification_appears_live_when_sent_through_the_form(server: AppProcess, open_inbox: OpenInbox) -> None:
    tab = await open_inbox(server, "form")
    await tab.says("Live")
    await expect(tab.page.get_by_text("All quiet")).to_be_visible()

    await tab.page.get_by_label("Title").fill("Parcel 7 is here")
    await tab.page.get_by_label("Message").fill("At the front desk.")
    await tab.page.get_by_label("High").check()
    await tab.page.get_by_role("button", name="Send", exact=True).click()

    await expect(tab.row("Parcel 7 is here")).to_contain_text("At the front desk.")
    await expect(tab.row("Parcel 7 is here")).to_contain_text("High")
    await expect(tab.page.locator("#send-outcome")).to_contain_text("after you pressed Send.")
    await expect(tab.page.locator("#announcer")).to_have_text("New notification: Parcel 7 is here")
    await tab.shows_unread(1)
    assert len(tab.events("notification_received")) == 1, "it came over the stream"
    await assert_quiet(tab)


async def test_form_says_what_is_missing_when_it_is_sent_empty(server: AppProcess, open_inbox: OpenInbox) -> None:
    tab = await open_inbox(server, "empty-form")
    await tab.says("Live")
    title = tab.page.get_by_label("Title")
    await title.fill(" ")
    await title.press("Enter")
    await expect(title).to_have_attribute("aria-invalid", "true")
    await expect(title).to_have_accessible_description("Give it a title.")
    await expect(title).to_be_focused()
    await assert_quiet(tab)


async def test_item_is_marked_by_keyboard_alone(server: AppProcess, backend: Backend, open_inbox: OpenInbox) -> None:
    tab = await open_inbox(server, "keyboard")
    await tab.says("Live")
    await backend.send("keyboard", "First")
    await backend.send("keyboard", "Second")
    await tab.shows_unread(2)
    second, first = await tab.ids()

    await tab.tab_to("Mark as read", row=first)
    await tab.page.keyboard.press("Enter")
    await expect(tab.row("First")).to_have_attribute("data-unread", "false")
    await tab.shows_unread(1)
    await eventually(lambda: backend.unread("keyboard"), lambda unread: unread == 1)
    assert (await tab.focused())["name"] == "Mark as unread", "the focus stays where it was"

    await tab.page.keyboard.press("Space")
    await expect(tab.row("First")).to_have_attribute("data-unread", "true")
    await tab.shows_unread(2)
    await tab.page.keyboard.press("PageUp")
    assert await tab.focused() | {"name": ""} == {"name": "", "tag": "article", "row": second, "outline": True}
    await assert_quiet(tab)


async def test_badge_and_title_are_cleared_when_everything_is_read(
    server: AppProcess, backend: Backend, open_inbox: OpenInbox
) -> None:
    await backend.send_many("reader", 30)
    tab = await open_inbox(server, "reader")
    await tab.says("Live")
    await tab.shows_unread(30)
    await tab.page.get_by_role("button", name="Mark all read").press("Enter")
    await tab.shows_unread(0)
    await expect(tab.page.locator('.item[data-unread="true"]')).to_have_count(0)
    await eventually(lambda: backend.unread("reader"), lambda unread: unread == 0)
    await assert_quiet(tab)


async def test_archived_item_comes_back_when_undone(
    server: AppProcess, backend: Backend, open_inbox: OpenInbox
) -> None:
    await backend.send("undoer", "Keep me")
    tab = await open_inbox(server, "undoer")
    await tab.row("Keep me").get_by_role("button", name="Archive").press("Enter")
    await expect(tab.row("Keep me")).to_have_count(0)
    await tab.page.get_by_role("button", name="Undo", exact=True).press("Enter")
    await expect(tab.row("Keep me")).to_be_visible()
    await eventually(lambda: backend.inbox("undoer"), lambda items: [item["archived"] for item in items] == [False])
    await assert_quiet(tab)


async def test_markup_stays_text_when_a_notification_brings_some(
    server: AppProcess, backend: Backend, open_inbox: OpenInbox
) -> None:
    tab = await open_inbox(server, "markup")
    await tab.says("Live")
    await backend.send("markup", MARKUP, body=MARKUP, actions=[{"id": "a", "label": MARKUP, "url": "https://a.test/"}])
    row = tab.page.get_by_role("article")
    await expect(row.get_by_role("heading")).to_have_text(f"Unread: {MARKUP}")
    await expect(row.locator(".item-body")).to_have_text(MARKUP)
    await expect(row.get_by_role("link")).to_have_text(MARKUP)
    await expect(row.locator("img, script")).to_have_count(0)
    await tab.shows_unread(1)
    await assert_quiet(tab)
