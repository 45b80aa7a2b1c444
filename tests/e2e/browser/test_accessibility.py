"""The page for those who do not see it, do not point at it, or hold it in one hand."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.e2e.browser.backend import Backend
from tests.e2e.browser.conftest import OpenInbox
from tests.e2e.browser.inbox_page import InboxPage
from tests.e2e.processes import AppProcess

pytestmark = pytest.mark.browser

CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
# The width of the document alone would not do: rows clip what is in them.
SPILLING = """[...document.querySelectorAll("body *")].filter((each) => each.checkVisibility() && !each.closest("pre"))
    .filter((each) => each.getBoundingClientRect().right > innerWidth).map((each) => each.outerHTML.slice(0, 80))"""
LONG_WORD = "Donaudampfschifffahrt" * 12
NAMED_ROLES = {"article", "button", "dialog", "feed", "link", "main", "radio", "region", "textbox"}
LANDMARKS = {"banner", "main", "region"}
SEVERITIES = ("none", "low", "medium", "high")


async def nodes(tab: InboxPage) -> list[tuple[str, str]]:
    """Role and name of everything that assistive technology is told of."""
    devtools = await tab.page.context.new_cdp_session(tab.page)
    tree: dict[str, Any] = await devtools.send("Accessibility.getFullAXTree")
    return [
        (node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree["nodes"] if not node["ignored"]
    ]


async def fill(backend: Backend, subscriber_id: str) -> None:
    """One of each kind, the last one already read elsewhere."""
    for severity in SEVERITIES:
        action = {"id": "open", "label": "Open", "url": "https://a.test/"}
        await backend.send(subscriber_id, f"Severity {severity}", body=LONG_WORD, actions=[action], severity=severity)


async def test_everything_has_a_name_and_a_place(server: AppProcess, backend: Backend, open_inbox: OpenInbox) -> None:
    await fill(backend, "names")
    tab = await open_inbox(server, "names")
    await tab.shows_unread(len(SEVERITIES))
    await tab.is_drawn()
    await tab.page.get_by_text("Add a link").click()
    await tab.page.get_by_text("From your backend").click()

    seen = await nodes(tab)
    assert [role for role, name in seen if role in NAMED_ROLES and not name.strip()] == []
    roles = [role for role, _ in seen]
    assert set(roles) >= LANDMARKS
    assert (roles.count("main"), roles.count("banner"), roles.count("feed")) == (1, 1, 1)
    headings = await tab.page.get_by_role("heading", level=1).all_inner_texts()
    assert len(headings) == 1
    assert await tab.page.locator("html").get_attribute("lang") == "en"


async def test_dialog_takes_the_focus_and_gives_it_back(server: AppProcess, open_inbox: OpenInbox) -> None:
    tab = await open_inbox(server, "dialog")
    await tab.says("Live")
    opener = tab.page.get_by_role("button", name="Change person")
    await opener.press("Enter")
    await expect(tab.page.get_by_role("dialog", name="Whose inbox?")).to_be_visible()
    await expect(tab.page.get_by_label("Subscriber id")).to_be_focused()
    await tab.page.keyboard.press("Escape")
    await expect(opener).to_be_focused()


async def test_focus_is_visible_at_every_stop_of_the_tab_key(
    server: AppProcess, backend: Backend, open_inbox: OpenInbox
) -> None:
    await fill(backend, "tabber")
    tab = await open_inbox(server, "tabber")
    await tab.shows_unread(len(SEVERITIES))
    await tab.is_drawn()
    stops: list[dict[str, Any]] = []
    while not stops or stops[-1]["tag"] != "body":
        await tab.page.keyboard.press("Tab")
        stops.append(await tab.focused())
        assert len(stops) < 100, "a trap"
    *stops, _ = stops
    assert [stop for stop in stops if not stop["outline"]] == []
    assert stops[0]["name"] == "Skip to the inbox"
    buttons = await tab.page.get_by_role("button", disabled=False).all()
    names = [" ".join((await button.inner_text()).split()) for button in buttons]
    assert [stop["name"] for stop in stops if stop["tag"] == "button"] == names


async def test_skip_link_leads_to_the_inbox(server: AppProcess, open_inbox: OpenInbox) -> None:
    tab = await open_inbox(server, "skipper")
    await tab.says("Live")
    await tab.page.keyboard.press("Tab")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_page_is_legible_and_fits(
    server: AppProcess, backend: Backend, browser: Browser, open_inbox: OpenInbox, scheme: Any, width: int
) -> None:
    name = f"{scheme}-{width}"
    await fill(backend, name)
    size = ViewportSize(width=width, height=740)
    context = await browser.new_context(color_scheme=scheme, viewport=size, reduced_motion="reduce")
    tab = await open_inbox(server, name, context)
    await tab.shows_unread(len(SEVERITIES))
    await tab.row("severity none").get_by_role("button", name="Mark as read").click()
    await tab.shows_unread(len(SEVERITIES) - 1)
    await tab.is_drawn()
    assert await tab.page.evaluate(CONTRAST) == []
    assert await tab.page.evaluate(SPILLING) == []
