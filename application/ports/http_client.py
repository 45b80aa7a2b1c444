"""Outbound HTTP to addresses that other people chose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request. `timeout` is the total in seconds: names, connection, TLS, sending and reading together.

    `service` is who is called, for metrics: one of a few fixed words, as URLs are of any number. `http2`: over
    HTTP/2 alone, for peers that speak nothing else; many such requests share one connection.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout: float = 10.0
    service: str = "other"
    http2: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer whose status line arrived.

    Header names are in lower case, repeated ones joined by `, `. `body` is at most the client's cap, as it came over
    the wire (never inflated); `complete` is False when it was cut by the cap, the deadline or the peer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


class HttpFailureKind(StrEnum):
    """What a failure leaves known about the request."""

    NOT_SENT = "not_sent"
    AMBIGUOUS = "ambiguous"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFailure:
    """No status line arrived.

    `NOT_SENT`: no byte of the request left, a repeat is safe. `AMBIGUOUS`: the peer may have acted on it. `BLOCKED`:
    the URL, or what its name resolves to, is not allowed; nothing left, and nothing tells what answered there.
    `reason` is one stable word: `dns`, `connect`, `tls`, `timeout`, `reset`, `protocol`, `invalid_request`, `refused`.
    """

    kind: HttpFailureKind
    reason: str


class HttpClient(Protocol):
    """Sends one request to a URL that is not trusted.

    Redirects are answers, never followed. Proxies of the environment are not used, cookies are not kept. One line
    (`http.call`) tells of each call, and of the URL no more than host and port: the rest may be a secret. A name is
    resolved once and the connection goes to the address that was judged.
    """

    async def send(self, request: HttpRequest) -> HttpResponse | HttpFailure:
        """Send once, within `request.timeout`. Whatever network, peer or URL do comes back as a value, never raised."""
        ...

    def check_url(self, url: str) -> str | None:
        """Say what is wrong with `url` as far as its text shows, without asking DNS; None when it may be tried.

        For the moment when somebody registers a URL: the words complete a sentence that begins with the field's name
        (`must begin with http:// or https://`). A name that passes may still resolve to a blocked address.
        """
        ...
