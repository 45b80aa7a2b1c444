"""One stream and nothing else: the publisher calls each connection's `send` with one shared frame.

On SIGUSR1 it publishes as many events as EVENTS says, of 200 bytes of data each.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

from tests.bench.burst import BURST_SIGNAL, data_of_now

# Any: what ASGI puts into its messages.
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

STREAM_HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]


class App:
    """Every path is the stream."""

    def __init__(self) -> None:
        self._sends: dict[Send, None] = {}
        self._publishing: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            asyncio.get_running_loop().add_signal_handler(BURST_SIGNAL, self._begin)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
        await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
        self._sends[send] = None
        while (await receive())["type"] != "http.disconnect":
            pass
        del self._sends[send]

    def _begin(self) -> None:
        self._publishing = asyncio.create_task(self._publish(int(os.environ["EVENTS"])))

    async def _publish(self, events: int) -> None:
        for _ in range(events):
            frame = b"event: notification_received\ndata: " + data_of_now() + b"\n\n"
            message = {"type": "http.response.body", "body": frame, "more_body": True}
            for send in self._sends:
                await send(message)
            await asyncio.sleep(0)


app = App()
