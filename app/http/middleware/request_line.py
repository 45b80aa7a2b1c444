"""Refusing what no handler should have to look at: the address and the headers."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote_to_bytes

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from app.http.problem import headers_of, problem_of, send_problem
from app.http.refusals import AddressTooLong, HeadersTooLarge, MalformedRequest
from app.http.requests import ENCODED_SLASH
from application.ports.trace_context import TraceContext
from domain.shared.errors import CarillonError, InvalidInput

LONGEST_ADDRESS: Final = 8_192
MOST_HEADERS: Final = 100
MOST_HEADER_BYTES: Final = 32_768
_PROBES: Final = "/health"
_SLASH: Final = re.compile(rb"%2f", re.IGNORECASE)


class RequestLineMiddleware:
    """Answers 414, 431, 400 and 422 to addresses and headers that are too large, not UTF-8, or hold a NUL.

    A slash that was sent as `%2F` is part of an id: it goes on as a stand-in that `ApiRequest.path_params` turns back.
    With `allowed_hosts` (`*.example.com` covers every subdomain) other Host headers are refused, but for probes, which
    come by address.
    """

    def __init__(self, app: ASGIApp, trace: TraceContext, allowed_hosts: Collection[str] = ()) -> None:
        self._app = app
        self._trace = trace
        self._hosts = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except CarillonError as refusal:
            problem = problem_of(
                refusal, instance=scope["path"][:LONGEST_ADDRESS], trace_id=self._trace.current().trace_id
            )
            await send_problem(send, problem, headers_of(refusal))
            return
        await self._app(scope, receive, send)

    def _check(self, scope: HTTPScope) -> None:
        raw_path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
        if len(raw_path) + len(query) > LONGEST_ADDRESS:
            raise AddressTooLong(f"An address has at most {LONGEST_ADDRESS} characters")
        _check_headers(scope)
        if self._hosts and not scope["path"].startswith(_PROBES):
            self._check_host(scope)
        _check_text(raw_path, "path")
        _check_text(query, "query string")
        if ENCODED_SLASH in scope["path"]:
            raise InvalidInput("The path holds a noncharacter")
        if _SLASH.search(raw_path):
            kept = unquote_to_bytes(_SLASH.sub(ENCODED_SLASH.encode(), raw_path)).decode()
            scope["path"] = scope.get("root_path", "") + kept

    def _check_host(self, scope: HTTPScope) -> None:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
        names = {host, re.sub(r":\d*$", "", host)}
        if not any(_covers(served, name) for served in self._hosts for name in names):
            raise MalformedRequest("This host is not served here")


def _covers(pattern: str, name: str) -> bool:
    return name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _check_headers(scope: HTTPScope) -> None:
    headers = list(scope["headers"])
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if b"\0" in value:
            raise InvalidInput("A header holds a NUL character")
        if not value.isascii():
            _check_utf8(value, "headers")
    if len(headers) > MOST_HEADERS or size > MOST_HEADER_BYTES:
        raise HeadersTooLarge(f"At most {MOST_HEADERS} headers of {MOST_HEADER_BYTES // 1024} kB in total")


def _check_text(raw: bytes, place: str) -> None:
    if b"%" not in raw and raw.isascii():
        return
    text = unquote_to_bytes(raw)
    if b"\0" in text:
        raise InvalidInput(f"The {place} holds a NUL character")
    _check_utf8(text, place)


def _check_utf8(raw: bytes, place: str) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise MalformedRequest(f"The {place} must be UTF-8") from None
