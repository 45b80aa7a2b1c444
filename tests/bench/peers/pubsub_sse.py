"""Redis pub/sub and bare SSE: a POST publishes, one reader task writes to the streams. Nothing is kept."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis

# Any: what ASGI puts into its messages.
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

CHANNEL = "bench:"
STREAM_HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]


class App:
    """`POST /<who>` and `GET /<who>`."""

    def __init__(self) -> None:
        self._redis: Redis
        self._reading: asyncio.Task[None]
        self._streams: dict[bytes, list[Send]] = defaultdict(list)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["method"] == "POST":
            await self._publish(scope, receive, send)
        else:
            await self._stream(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._redis = Redis.from_url(os.environ["REDIS_URL"], protocol=2, socket_timeout=None)
        pubsub = self._redis.pubsub(ignore_subscribe_messages=True)
        await pubsub.psubscribe(f"{CHANNEL}*")
        self._reading = asyncio.create_task(self._read(pubsub))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._reading.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _read(self, pubsub: Any) -> None:  # Any: redis does not export its type
        async for message in pubsub.listen():
            frame = b"event: notification_received\ndata: " + message["data"] + b"\n\n"
            for send in self._streams[message["channel"]]:
                await send({"type": "http.response.body", "body": frame, "more_body": True})

    async def _publish(self, scope: Message, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        await self._redis.publish(f"{CHANNEL}{scope['path']}", body)
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def _stream(self, scope: Message, receive: Receive, send: Send) -> None:
        streams = self._streams[f"{CHANNEL}{scope['path']}".encode()]
        streams.append(send)
        await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
        await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        streams.remove(send)


app = App()
