"""HEAD for every address that has GET."""

from typing import Any, Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

# In the scope's state: the client wants no body, and a stream must not be opened for it.
HEAD: Final = "head"


class HeadMiddleware:
    """Asks for what GET would answer and keeps the body back, Content-Length and all other headers as they are.

    Stands outside of the compression, whose headers belong to the answer, and inside of the access log, which counts
    the bytes that were sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        # A copy: the server goes by the method when it writes the answer.
        inner = cast("HTTPScope", {**scope, "method": "GET", "state": {**scope["state"], HEAD: True}})
        await self._app(inner, receive, _without_body(send))
        if "path_template" in inner:
            scope["path_template"] = inner["path_template"]


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = cast("Message", {**_bare(message), "body": b""})
        await send(message)

    return send_head


def _bare(message: Message) -> dict[str, Any]:  # Any: an ASGI message
    return cast("dict[str, Any]", message)
