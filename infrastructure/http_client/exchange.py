"""One request on its way, and what is known of it at any moment."""

from contextlib import aclosing
from typing import Any

import httpcore2

from application.ports.http_client import HttpResponse


class Exchange:
    """Keeps what has happened so far where a deadline in the middle does not lose it.

    `in_tls`: the handshake has begun. `sent`: bytes of the request may have left. `stream_id`: its number on an HTTP/2
    connection, 0 elsewhere.
    """

    def __init__(self, request: httpcore2.Request, *, max_body: int) -> None:
        self.in_tls = False
        self.sent = False
        self.stream_id = 0
        self._request = request
        self._request.extensions["trace"] = self._note
        self._max_body = max_body
        self._answer: httpcore2.Response | None = None
        self._body = bytearray()
        self._complete = False

    async def run(self, pool: httpcore2.AsyncConnectionPool) -> HttpResponse:
        """The answer with its body; raises what the engine raises."""
        self._answer = await pool.handle_async_request(self._request)
        try:
            await self._read_body(self._answer)
        finally:
            await self._answer.aclose()
        return _as_response(self._answer, bytes(self._body), complete=self._complete)

    def response(self) -> HttpResponse | None:
        """The answer as far as it arrived, None while there is no status line."""
        if self._answer is None:
            return None
        return _as_response(self._answer, bytes(self._body), complete=self._complete)

    async def _read_body(self, answer: httpcore2.Response) -> None:
        async with aclosing(answer.aiter_stream()) as chunks:
            async for chunk in chunks:
                room = self._max_body - len(self._body)
                self._body += chunk[:room]
                if len(chunk) > room:
                    return
        self._complete = True

    # Any: the engine's event is a mapping of whatever it was doing.
    async def _note(self, event: str, info: dict[str, Any]) -> None:
        match event:
            case "connection.start_tls.started":
                self.in_tls = True
            case "http11.send_request_headers.started":
                self.sent = True
            case "http2.send_request_headers.started":
                self.sent = True
                self.stream_id = info["stream_id"]


def _as_response(answer: httpcore2.Response, body: bytes, *, complete: bool) -> HttpResponse:
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return HttpResponse(status=answer.status, headers=headers, body=body, complete=complete)
