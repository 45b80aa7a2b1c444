"""One client of a stream, over ASGI."""

from collections.abc import Awaitable, Coroutine
from types import CoroutineType
from typing import Any

from starlette.types import Receive, Send

from application.ports.stream_hub import StreamSocket

Headers = list[tuple[bytes, bytes]]


class AsgiSocket(StreamSocket):
    """Writes body messages, and hears of the client through `receive`.

    ASGI knows neither "cut this client off" nor "past the middlewares". Uvicorn's `receive` is a method of the object
    that has both, and is used where nothing was wrapped around it:

    - without cutting off, a client that never reads again keeps its socket and what waits for it;
    - each middleware around `send` costs every event of every connection a coroutine, a third of the whole in the end.
      So the head, the first piece and the end take the long way, where a middleware may act on them, and what is in
      between goes straight to the server: no middleware may change the body of an event stream.
    """

    __slots__ = ("_end_send", "_headers", "_message_send", "_piece_send", "_receive", "_server")

    def __init__(self, receive: Receive, send: Send, headers: Headers) -> None:
        self._receive = receive
        self._headers = headers
        self._message_send = send
        self._end_send = send
        self._piece_send: Send | None = None
        self._server = _server_behind(receive)

    def go_on(self, send: Send) -> None:
        """What follows on the first piece may pass by the middlewares between here and `send`, and let go of them."""
        self._end_send = send

    async def start(self) -> None:
        await self._message_send({"type": "http.response.start", "status": 200, "headers": self._headers})

    def write(self, chunk: bytes) -> Coroutine[Any, Any, None]:
        message = {"type": "http.response.body", "body": chunk, "more_body": True}
        if self._piece_send is None:
            writing = self._message_send(message)
            self._message_send = self._end_send
            self._piece_send = self._end_send if self._server is None else self._server.send
        else:
            writing = self._piece_send(message)
        return writing if isinstance(writing, CoroutineType) else _as_coroutine(writing)

    async def finish(self) -> None:
        await self._message_send({"type": "http.response.body", "body": b"", "more_body": False})

    async def gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def abort(self) -> None:
        if self._server is not None:
            self._server.transport.abort()


def _server_behind(receive: Receive) -> Any:  # Any: an object of the server's own, which has no type to name
    request = getattr(receive, "__self__", None)
    knows = hasattr(request, "send") and hasattr(getattr(request, "transport", None), "abort")
    return request if knows else None


async def _as_coroutine(awaitable: Awaitable[None]) -> None:
    await awaitable
