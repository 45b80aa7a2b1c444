"""No request takes for ever."""

import asyncio

from litestar.types import ASGIApp, Receive, Scope, Send

from domain.shared.errors import TimedOut

STREAM = "text/event-stream"


class TimeoutMiddleware:
    """Gives up after `seconds`, which is answered 504; streams live longer. Stands inside of Litestar's routing."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if getattr(scope["route_handler"], "media_type", None) == STREAM:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, send)
        except TimeoutError as late:
            raise TimedOut(f"No answer within {self._seconds:g} s") from late
