"""PayloadCodec. One adapter: JSON is part of the contract, and one library of the product writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.notifications.jobs import NotificationJob
from application.ports.event_relay import SealedEvent
from application.ports.payload_codec import PayloadCodec, UndecodablePayload
from application.relay.jobs import RedeliveryJob
from infrastructure.system.payload_codec import JsonPayloadCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A payload with a field of each sort."""

    user_id: UUID
    since: datetime
    title: str = "é\u0000"
    pages: tuple[int, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None


@pytest.fixture
def codec() -> PayloadCodec:
    return JsonPayloadCodec()


@pytest.mark.parametrize(
    "payload",
    [
        Report(user_id=uuid4(), since=datetime(2026, 3, 1, 12, tzinfo=UTC), pages=(1, 2), options={"a": [None, 1.5]}),
        NotificationJob(notification_id=uuid4()),
        RedeliveryJob(
            consumer="listeners",
            recipient="billing",
            event=SealedEvent(
                position=7,
                id=uuid4(),
                tenant_id="default",
                type="notification.accepted",
                schema_version=1,
                aggregate_id="notification:1",
                occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
                data={"channels": ["email"]},
            ),
        ),
    ],
    ids=lambda payload: type(payload).__name__,
)
def test_what_was_encoded_is_decoded_as_it_was(codec: PayloadCodec, payload: object) -> None:
    assert codec.decode(codec.encode(payload), type(payload)) == payload


def test_it_is_compact_json_with_the_names_of_the_fields(codec: PayloadCodec) -> None:
    identifier = UUID(int=1)
    assert codec.encode(NotificationJob(notification_id=identifier)) == (
        b'{"notification_id":"00000000-0000-0000-0000-000000000001"}'
    )


def test_defaults_stand_in_when_an_older_version_wrote_it(codec: PayloadCodec) -> None:
    raw = b'{"user_id":"00000000-0000-0000-0000-000000000001","since":"2026-03-01T00:00:00Z"}'

    assert codec.decode(raw, Report).pages == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"{}",
        b"[]",
        b"null",
        b'{"notification_id":"x"}',
        b'{"notification_id":7}',
        b"\xff\xfe",
        b'{"notification_id":"\xff"}',
        b"\x80\x04\x95",
        b"[" * 100_000,
    ],
)
def test_it_says_so_when_bytes_are_no_such_value(codec: PayloadCodec, raw: bytes) -> None:
    with pytest.raises(UndecodablePayload) as refused:
        codec.decode(raw, NotificationJob)

    assert str(refused.value)
