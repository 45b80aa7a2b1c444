"""A ticket opens one stream, whoever comes first. A page that comes second gets itself another one."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext, Route

from tests.e2e.browser.backend import Backend
from tests.e2e.browser.conftest import OpenInbox
from tests.e2e.browser.inbox_page import InboxPage
from tests.e2e.processes import AppProcess, eventually

pytestmark = pytest.mark.browser

TICKETS = "**/sse/tickets"


class Thief:
    """Sees the first ticket on its way to the page, and uses it before the page does."""

    def __init__(self, backend: Backend, then: Callable[[], Awaitable[object]] | None = None) -> None:
        self.stolen: list[str] = []
        self._backend = backend
        self._then = then

    async def __call__(self, route: Route) -> None:
        answer = await route.fetch()
        if not self.stolen:
            self.stolen.append((await answer.json())["data"]["ticket"])
            assert await self._backend.open_stream(self.stolen[0]) == (200, "")
            if self._then:
                await self._then()
        await route.fulfill(response=answer)


async def refused_and_served(tab: InboxPage, stolen: list[str]) -> None:
    """Wait until the last two streams were one refused for the stolen ticket, and one for a new one."""

    async def look() -> list[tuple[str, int]]:
        return tab.tickets()[-2:]

    (first, _), (second, _) = await eventually(look, lambda seen: [status for _, status in seen] == [401, 200])
    assert [first] == stolen
    assert second != first


async def test_page_opens_with_another_ticket_when_its_first_is_spent(
    server: AppProcess, backend: Backend, context: BrowserContext, open_inbox: OpenInbox
) -> None:
    thief = Thief(backend)
    await context.route(TICKETS, thief)
    tab = await open_inbox(server, "robbed-early")
    await refused_and_served(tab, thief.stolen)
    await tab.says("Live")
    sent = await backend.send_many("robbed-early", 3)
    assert await eventually(tab.received, lambda seen: len(seen) >= len(sent)) == sent


async def test_nothing_is_lost_or_doubled_when_the_ticket_of_a_reconnect_is_spent(
    server: AppProcess, backend: Backend, context: BrowserContext, open_inbox: OpenInbox
) -> None:
    name = "robbed-late"
    tab = await open_inbox(server, name)
    await tab.says("Live")
    sent = await backend.send_many(name, 3)
    await tab.shows_unread(3)

    async def send_meanwhile() -> None:
        sent.extend(await backend.send_many(name, 20))

    thief = Thief(backend, send_meanwhile)
    await context.route(TICKETS, thief)
    await tab.page.evaluate("dispatchEvent(new Event('online'))")  # the page opens its stream anew
    await refused_and_served(tab, thief.stolen)
    await tab.says("Live")
    sent += await backend.send_many(name, 3)

    await tab.shows_unread(26)
    assert await eventually(tab.received, lambda seen: len(seen) >= len(sent)) == sent
    assert await tab.ids() == [item["id"] for item in await backend.inbox(name)]


async def test_ticket_of_an_open_stream_is_of_no_use_to_anybody_else(
    server: AppProcess, backend: Backend, open_inbox: OpenInbox
) -> None:
    tab = await open_inbox(server, "overheard")
    await tab.says("Live")
    [(ticket, _)] = tab.tickets()
    assert await backend.open_stream(ticket) == (401, "auth.ticket_spent")
    sent = [await backend.send("overheard", "Still here")]
    assert await eventually(tab.received) == sent
    assert await tab.statuses() == ["live"]
    assert tab.complaints == []
