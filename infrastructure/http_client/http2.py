"""HTTP/2 on the engine's connections: many requests share one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import h2.errors
import h2.events
import h2.exceptions
import httpcore2

from application.ports.http_client import HttpResponse
from infrastructure.http_client.exchange import Exchange

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")


@dataclass(slots=True)
class _Line:
    pool: httpcore2.AsyncConnectionPool
    users: int = 0


class Http2Lines:
    """Gives up its connections with the first request that broke off on them.

    The engine would keep them: the stream of a request that nobody waits for stays open, against the peer's limit, and
    a peer that has gone silent would be asked again for as long as there is traffic. New requests get new connections;
    the old ones are closed when the last request on them has ended.
    """

    def __init__(self, connect: Callable[[], httpcore2.AsyncConnectionPool]) -> None:
        self._connect = connect
        self._line: _Line | None = None

    async def run(self, exchange: Exchange) -> HttpResponse:
        """As `Exchange.run`, on a shared connection; every error of the protocol is one of the engine's."""
        line = self._line = self._line or _Line(self._connect())
        line.users += 1
        whole = False
        try:
            answer = await exchange.run(line.pool)
            whole = answer.complete
        except (h2.exceptions.ProtocolError, ValueError, LookupError) as error:
            # The engine passes on what it did not expect of a peer: a status that is no number, a broken frame.
            raise httpcore2.RemoteProtocolError from error
        finally:
            line.users -= 1
            if not whole and exchange.sent and self._line is line:
                self._line = None
            if not line.users and self._line is not line:
                await line.pool.aclose()
        return answer

    async def stop(self) -> None:
        """Close every connection."""
        line, self._line = self._line, None
        if line is not None:
            await line.pool.aclose()


def require_plain(headers: Mapping[str, str]) -> None:
    """ValueError for a header that is no header: HTTP/2 would carry line ends to whoever turns them into HTTP/1.1."""
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers.items()):
        raise ValueError("a header has characters that it must not have")


def never_processed(error: Exception, exchange: Exchange) -> bool:
    """Whether the peer, or HTTP/2 itself, promises that nothing was done with the request (RFC 9113 8.7)."""
    told = error.args[0] if error.args else None
    match told:
        case h2.exceptions.TooManyStreamsError():
            return True
        case h2.events.StreamReset():
            return told.error_code == h2.errors.ErrorCodes.REFUSED_STREAM
        case h2.events.ConnectionTerminated():
            return (told.last_stream_id or 0) < exchange.stream_id
        case _:
            return False
