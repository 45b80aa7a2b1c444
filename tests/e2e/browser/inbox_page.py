"""The page at `/` in a browser, as somebody sees it and as it reports about itself."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, Response, expect

from tests.e2e.processes import eventually

OBSERVER = (Path(__file__).parent / "observer.js").read_text("utf-8")
STREAM = "/sse/notifications"


@dataclass(kw_only=True)
class InboxPage:
    """One tab. The page's policy forbids evaluated code, so waiting is done out here."""

    page: Page
    subscriber_id: str
    complaints: list[str] = field(default_factory=list)  # errors and warnings of the console
    frames: list[dict[str, Any]] = field(default_factory=list)  # what came over the stream, as the network saw it
    streams: list[Response] = field(default_factory=list)  # the answers to its EventSource

    @classmethod
    async def open(cls, context: BrowserContext, base_url: str, subscriber_id: str) -> "InboxPage":
        """Somebody's inbox in a new tab."""
        tab = cls(page=await context.new_page(), subscriber_id=subscriber_id)
        await tab._observe()
        await tab.page.goto(f"{base_url}/?subscriberId={subscriber_id}")
        return tab

    async def _observe(self) -> None:
        await self.page.add_init_script(OBSERVER)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._on_response)
        devtools = await self.page.context.new_cdp_session(self.page)
        await devtools.send("Network.enable")
        devtools.on("Network.eventSourceMessageReceived", self._on_frame)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _on_response(self, response: Response) -> None:
        if STREAM in response.url:
            self.streams.append(response)

    def _on_frame(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)

    async def says(self, words: str, seconds: float = 20) -> None:
        """Wait until the status at the top reads so."""
        await expect(self.page.locator("#status-text")).to_have_text(words, timeout=seconds * 1000)

    async def shows_unread(self, count: int) -> None:
        """Wait until badge, title and the page's own number agree on it."""
        await eventually(self.unread, lambda unread: unread == count)
        number = str(count) if count < 1000 else "999+"
        await expect(self.page.locator("#unread")).to_have_text(f"{number} unread")
        await expect(self.page.locator("#unread")).to_be_visible(visible=count > 0)
        await expect(self.page).to_have_title(f"({number}) Inbox · Carillon" if count else "Inbox · Carillon")

    async def is_drawn(self) -> None:
        """Wait until everything that is known is drawn: rows and buttons come a frame or two after the number, and who
        it is when the stream is open.
        """
        await expect(self.page.locator("#who")).to_be_visible()
        await expect(self.page.locator("#feed")).to_have_attribute("aria-busy", "false")
        await expect(self.page.locator("#read-all")).to_be_enabled(enabled=await self.unread() > 0)

    def row(self, title: str) -> Locator:
        """The notification of that title."""
        return self.page.get_by_role("article").filter(has_text=title)

    async def unread(self) -> int:
        return int(await self.page.evaluate("carillonInbox.unread"))

    async def ids(self) -> list[str]:
        """Every item that the page knows, newest first."""
        return list(await self.page.evaluate("carillonInbox.ids()"))

    async def last_event_id(self) -> str:
        return str(await self.page.evaluate("carillonInbox.lastEventId"))

    async def received(self) -> list[str]:
        """The notifications that came over the stream, in the order in which the page took them."""
        return list(await self.page.evaluate("observed.received.map((each) => each.notificationId)"))

    async def statuses(self) -> list[str]:
        """Every status since the page was opened, without repetitions."""
        return list(await self.page.evaluate("observed.statuses"))

    async def violations(self) -> list[str]:
        """What the content security policy refused."""
        return list(await self.page.evaluate("observed.violations"))

    async def focused(self) -> dict[str, Any]:
        """Where the keyboard is: `name`, `row` (an item's id), and whether an `outline` shows it."""
        return dict(await self.page.evaluate("observed.focused()"))

    async def tab_to(self, name: str, row: str | None = None) -> None:
        """Press Tab until the control of that name has the focus; in the row of that item when one is given."""
        for _ in range(60):
            await self.page.keyboard.press("Tab")
            focus = await self.focused()
            if focus["name"] == name and row in {None, focus["row"]}:
                return
        raise AssertionError(f"Tab never came to {name!r}")

    def tickets(self) -> list[tuple[str, int]]:
        """Every ticket that the page came with, and the status that it got."""
        return [(parse_qs(urlsplit(each.url).query)["ticket"][0], each.status) for each in self.streams]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The frames of that name."""
        return [frame for frame in self.frames if frame["eventName"] == name]
