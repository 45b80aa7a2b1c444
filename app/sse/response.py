"""The answer that is a stream."""

from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from app.http.middleware.head import HEAD
from app.sse.socket import AsgiSocket
from application.realtime.open_stream import OpenedStream


class StreamResponse(EventSourceResponse):
    """Leaves all writing to the hub: no task, no queue and no ping of its own per connection.

    The stream is claimed when the response runs, not before: a client that resets earlier leaves nothing behind.
    """

    def __init__(self, stream: OpenedStream) -> None:
        # Not the parent's: what it prepares is for its own send loop, and two kilobytes for each connection.
        self.status_code = 200
        self.background = None
        self.raw_headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = AsgiSocket(receive, send, self.raw_headers)
        if scope["state"].get(HEAD):
            await socket.start()
            await socket.finish()
        else:
            await self._stream.run(socket)
