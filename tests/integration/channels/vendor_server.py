"""Servers that answer as a vendor documents, and refuse what the vendor would refuse."""

import asyncio
from abc import abstractmethod
from dataclasses import dataclass, field

from tests.integration.channels.http_sink import HttpSink, Received, answer


@dataclass(frozen=True, slots=True)
class Verdict:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class VendorServer:
    """`sink.replies` go first: what a test stages is answered whatever was asked."""

    def __init__(self, sink: HttpSink) -> None:
        self.sink = sink
        sink.otherwise = self._answer

    @property
    def url(self) -> str:
        return self.sink.url("")

    def stage(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.sink.replies.append(answer(status, body, **headers))

    @abstractmethod
    def judge(self, request: Received) -> Verdict:
        """Accept and record, or refuse as the vendor does."""

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        # The sink calls this in the same turn in which it appended the request.
        verdict = self.judge(self.sink.requests[-1])
        await answer(verdict.status, verdict.body, **verdict.headers)(writer)
