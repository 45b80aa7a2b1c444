"""A page that loses its server, or its network: it says so, comes back by itself, and has missed nothing."""

import pytest
from playwright.async_api import BrowserContext

from tests.e2e.browser.backend import Backend, calling
from tests.e2e.browser.conftest import OpenInbox
from tests.e2e.browser.inbox_page import InboxPage
from tests.e2e.processes import AppProcess, Installation, eventually

pytestmark = pytest.mark.browser

MISSED = 1_000
RECONNECT_SECONDS = 60.0  # a page tries at least every 30 s, and stays away for up to 30 s when it was sent away


async def assert_nothing_is_missing(tab: InboxPage, backend: Backend, accepted: list[str]) -> None:
    """Each notification came once, in the order in which it was accepted, and the page agrees with the API."""
    name = tab.subscriber_id
    head = await backend.stream_head(name)
    await eventually(tab.last_event_id, lambda seen: seen == head, RECONNECT_SECONDS)
    assert await tab.received() == accepted
    inbox = await backend.inbox(name)
    assert [item["notificationId"] for item in inbox] == accepted[::-1]
    assert await tab.ids() == [item["id"] for item in inbox]
    unread = await backend.unread(name)
    assert unread == len(accepted)
    await tab.shows_unread(unread)


async def test_all_arrive_in_order_when_a_thousand_were_accepted_without_network(
    server: AppProcess, backend: Backend, context: BrowserContext, open_inbox: OpenInbox
) -> None:
    tab = await open_inbox(server, "traveller")
    await tab.says("Live")
    before = await backend.send_many("traveller", 3)
    assert await eventually(tab.received, lambda seen: len(seen) >= len(before)) == before

    await context.set_offline(True)
    await tab.says("Offline")  # the browser itself says that there is no network
    accepted = before + await backend.send_many("traveller", MISSED)
    assert await tab.received() == before, "it was not cut off"
    await context.set_offline(False)

    await tab.says("Live", RECONNECT_SECONDS)
    await assert_nothing_is_missing(tab, backend, accepted)
    assert tab.events("reset") == [], "all of it was replayed"


async def test_all_arrive_in_order_when_a_thousand_were_accepted_while_the_server_was_dead(
    installation: Installation, open_inbox: OpenInbox
) -> None:
    server = await installation.start()
    second = await installation.start("serve")
    tab = await open_inbox(server, "patient")
    await tab.says("Live")
    async with calling(second.base_url, installation.api_key) as backend:
        before = await backend.send_many("patient", 3)
        assert await eventually(tab.received, lambda seen: len(seen) >= len(before)) == before

        await server.kill()
        await tab.says("Reconnecting")
        accepted = before + await backend.send_many("patient", MISSED)
        await server.start()

        await tab.says("Live", RECONNECT_SECONDS)
        await assert_nothing_is_missing(tab, backend, accepted)
    assert tab.events("reset") == [], "all of it was replayed"


async def test_server_ends_at_once_and_says_goodbye_when_pages_are_open(
    installation: Installation, open_inbox: OpenInbox
) -> None:
    server = await installation.start(environment={"SHUTDOWN_TIMEOUT": "60"})  # what it takes when it waits for streams
    tabs = [await open_inbox(server, name) for name in ("ann", "ann", "bob")]
    for tab in tabs:
        await tab.says("Live")

    assert await server.stop(seconds=10) == 0
    for tab in tabs:
        assert len(tab.events("shutdown")) == 1
        await tab.says("Reconnecting")

    await server.start()
    async with calling(server.base_url, installation.api_key) as backend:
        sent = await backend.send_many("ann", 2)
        await tabs[0].says("Live", RECONNECT_SECONDS)
        await assert_nothing_is_missing(tabs[0], backend, sent)
