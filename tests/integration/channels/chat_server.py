"""A chat service on 127.0.0.1 that checks what it is sent against its documentation."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator

from application.ports.notification_channel import OutboundMessage
from domain.notifications.channel import Channel
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels.http_sink import HttpSink, Received, answer

# Any: JSON of all shapes.
Json = Any


class Refusal(Exception):
    """The service's answer to what it does not take"""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


class ChatServer:
    """`accepted` holds the bodies of what was taken, in order. Replies staged in `sink` come first and are not
    checked.
    """

    def __init__(self, sink: HttpSink) -> None:
        self.sink = sink
        self.accepted: list[dict[str, Json]] = []
        sink.otherwise = self._reply

    def judge(self, request: Received) -> tuple[int, Json]:
        """The answer to a good request, or Refusal."""
        raise NotImplementedError

    def stage(self, status: int, body: Json = "", **headers: str) -> None:
        self.sink.replies.append(answer(status, encoded(body), **headers))

    @property
    def last(self) -> dict[str, Json]:
        return self.accepted[-1]

    async def _reply(self, writer: asyncio.StreamWriter) -> None:
        try:
            status, body = self.judge(self.sink.requests[-1])
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        await answer(status, encoded(body))(writer)


def encoded(body: Json) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def body_of(request: Received, schema: Mapping[str, Json], otherwise: Refusal) -> dict[str, Json]:
    """The request's JSON, when it has the documented shape."""
    try:
        body = json.loads(request.body.decode("utf-8"))
    except ValueError:
        raise otherwise from None
    problem = next(Draft202012Validator(schema).iter_errors(body), None)
    if problem is not None:
        raise Refusal(otherwise.status, otherwise.body) from problem
    assert isinstance(body, dict)
    return body


def strict(required: Mapping[str, Json], optional: Mapping[str, Json] | None = None) -> dict[str, Json]:
    """A JSON Schema of an object that has these fields and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def text(most: int) -> dict[str, Json]:
    return {"type": "string", "minLength": 1, "maxLength": most}


NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CLOCK = FixedClock(NOON)


@asynccontextmanager
async def outbound_client(*networks: str) -> AsyncIterator[Httpx2HttpClient]:
    """The product's client; of private networks it may reach `networks` only."""
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=networks), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


def chat_message(address: Mapping[str, Json], **fields: Json) -> OutboundMessage:
    return OutboundMessage(
        delivery_id=UUID("0190a1b2-0000-7000-8000-000000000001"),
        notification_id=UUID("0190a1b2-0000-7000-8000-000000000002"),
        tenant_id="default",
        subscriber_id="u1",
        channel=Channel.CHAT,
        address=address,
        **{"title": "Größe", "body": "Your order is on its way", "created_at": NOON, **fields},
    )


TRACK = {"id": "track", "label": "Track it", "url": "https://shop.example/track?a=1&b=2"}
"""An action with a link."""
NOT_LINKED = (
    {"id": "ack", "label": "Acknowledge", "url": None},
    {"id": "app", "label": "Open the app", "url": "shop://order/42"},
    {"id": "bad", "label": "Torn", "url": "https://shop.example/a b"},
    {"id": "host", "label": "No host", "url": "https://"},
)
"""Actions that no service takes as a link."""
