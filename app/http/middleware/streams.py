"""Streams, outside of everything that answers ordinary requests."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

# Runs a stream to its end. Its head goes the way of every answer, what follows through the `send` it is given.
RunStream = Callable[[Any], Awaitable[None]]  # Any: a `send`, whose type differs between Litestar and Starlette

_HANDOVER: Final = "stream"


class Handover:
    """Where a route leaves the stream that it answers with."""

    __slots__ = ("run",)

    def __init__(self) -> None:
        self.run: RunStream | None = None


class StreamsMiddleware:
    """Runs the stream that a route has left in the request's `Handover`, once all that stands inside has returned.

    A stream is open for hours, and with it would be each frame inside, each wrapped `send` and the request as the
    framework knows it: seven kilobytes for each connection. Stands inside of whoever has to see the end of a stream.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        handover = Handover()
        scope["state"][_HANDOVER] = handover
        await self._app(scope, receive, send)
        if handover.run is not None:
            scope["state"].clear()
            await handover.run(send)


def handover_of(scope: Mapping[str, Any]) -> Handover:  # Any: what ASGI puts into a scope
    """The request's own."""
    return cast("Handover", scope["state"][_HANDOVER])
