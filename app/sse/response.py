"""The answer that is a stream."""

from collections.abc import Awaitable
from dataclasses import dataclass

from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from app.http.middleware.head import HEAD
from app.http.middleware.streams import handover_of
from app.sse.socket import AsgiSocket
from application.ports.stream_hub import ClaimedStream
from application.realtime.open_stream import OpenedStream


class StreamResponse(EventSourceResponse):
    """Leaves all writing to the hub: no task, no queue and no ping of its own per connection.

    The stream is claimed when the response runs, not before: a client that resets earlier leaves nothing behind. It is
    run by `StreamsMiddleware`, when nothing of the request is left to wait for its end.
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
            handover = handover_of(scope)
            handover.run = _Running(socket, await self._stream.claim(socket))


@dataclass(frozen=True, slots=True)
class _Running:
    socket: AsgiSocket
    stream: ClaimedStream

    def __call__(self, send: Send) -> Awaitable[None]:
        self.socket.go_on(send)
        return self.stream.run()
