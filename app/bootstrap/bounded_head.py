"""How much the head of a request may take, and how long: the server itself knows no limit for either."""

from asyncio import TimerHandle, Transport
from typing import Any, Final

from msgspec.json import encode
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.http.problem import MEDIA_TYPE, headers_of, problem_of
from app.http.refusals import AddressTooLong, BodyTooSlow, HeadersTooLarge, MalformedRequest
from domain.shared.errors import CarillonError

# Beyond what `RequestLineMiddleware` lets pass, so that whatever fits in here gets its answer there.
LARGEST_HEAD: Final = 65_536
HEAD_SECONDS: Final = 10.0
# A client that is still sending would see a reset instead of the answer, were it cut off at once.
LINGER_SECONDS: Final = 2.0
# As long as a body may take that is waited for.
REST_SECONDS: Final = 15.0
# There is no trace yet: W3C's word for none.
NO_TRACE: Final = "0" * 32


class BoundedHeadProtocol(HttpToolsProtocol):
    """Answers 414 or 431 and closes when a head does not end within `LARGEST_HEAD` bytes, 408 within `HEAD_SECONDS`.

    The piece of data in which a later request of a connection begins is not counted: it may hold the end of the body
    before. So one connection buffers at most a head and one piece, which is 256 kB. What still arrives after a refusal
    is thrown away for a moment. What is no HTTP is answered by a problem, too.
    """

    # With these beside the parent's it would have more than the thirty attributes whose names Python shares between the
    # objects of a class, and cost 1.3 kB more for each connection.
    __slots__ = ("_begun", "_in_head", "_refusal", "_refused", "_size", "_timer")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: the server's own business
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._begun = False
        self._size = 0
        self._refused = False
        self._refusal: type[CarillonError] = MalformedRequest
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as the parent has it
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            self._begun, counts = False, self._cycle is None
            super().data_received(data)
            self._weigh(len(data), counts=counts or not self._begun)

    def _weigh(self, size: int, *, counts: bool) -> None:
        if self._refused:
            return
        if not self._in_head:
            self._stop_timer()
            return
        if counts:
            self._size += size
        if self._size > LARGEST_HEAD:
            self._refuse(AddressTooLong if len(self.url) > LARGEST_HEAD // 2 else HeadersTooLarge)
        elif self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    @property
    def _cycle(self) -> RequestResponseCycle | None:
        return self.cycle

    def on_message_begin(self) -> None:
        self._in_head, self._begun, self._size = True, True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.url) > LARGEST_HEAD:
            # The parser counts the parts of an address in 16 bits. This ends its work; `send_400_response` follows.
            self._refusal = AddressTooLong
            raise ValueError("the address is too long")
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal)

    def on_response_complete(self) -> None:
        cycle = self._cycle
        super().on_response_complete()
        if cycle is not None and cycle.more_body:
            # Answered before its body was read, as who has no credential is: the rest is not waited for.
            self.loop.call_later(REST_SECONDS, self._leave, cycle)

    def _leave(self, answered: RequestResponseCycle) -> None:
        if self._cycle is answered and answered.more_body:
            self.transport.close()

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_head:
            self._refuse(BodyTooSlow)
        else:
            self.transport.close()

    def _refuse(self, kind: type[CarillonError]) -> None:
        self._refused = True
        self._stop_timer()
        cycle = self._cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                # The request before was in order: its answer goes out, and ends the connection.
                cycle.keep_alive = False
                return
            if cycle.response_started:
                self.transport.close()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(_answer(kind()))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _answer(error: CarillonError) -> bytes:
    problem = problem_of(error, instance="", trace_id=NO_TRACE)
    body = encode(problem)
    headers = {**headers_of(error), "content-type": MEDIA_TYPE, "content-length": str(len(body)), "connection": "close"}
    lines = [f"{name}: {value}\r\n".encode() for name, value in headers.items()]
    return b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", body])
