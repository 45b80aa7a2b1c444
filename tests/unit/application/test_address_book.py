"""Contact points as providers get them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from application.notifications.address_book import AddressBook
from application.ports.secret_box import SecretUnreadable
from domain.notifications.channel import Channel
from domain.subscribers.channel_points import SECRET_FIELDS, with_secrets
from domain.subscribers.subscriber import CHAT_SERVICES, Subscriber
from tests.unit.worker.assembly import PlainBox

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOOK = AddressBook(secrets=PlainBox(), webhook_secrets=lambda _: ("whsec_ours",))


def subscriber(points: dict[str, Any]) -> Subscriber:
    return Subscriber(
        id=UUID(int=1), tenant_id="default", subscriber_id="u1", channels=points, created_at=NOW, updated_at=NOW
    )


def sealed(points: dict[str, Any]) -> dict[str, Any]:
    return with_secrets(points, lambda secret: f"sealed:{secret}")


def test_secrets_of_every_chat_service_are_opened_when_a_message_is_sent() -> None:
    points = {name: {**dict.fromkeys(SECRET_FIELDS.get(name, ()), "s"), "label": "x"} for name in CHAT_SERVICES}

    assert BOOK.address(subscriber(sealed(points)), Channel.CHAT) == points
    assert sealed(points) != points


def test_a_chat_point_is_left_out_when_its_secret_cannot_be_opened_and_another_can() -> None:
    points = {"slack": {"webhookUrl": "lost"}, "telegram": {"chatId": 7}}

    assert BOOK.address(subscriber(points), Channel.CHAT) == {"telegram": {"chatId": 7}}


def test_it_is_said_when_no_chat_point_can_be_opened() -> None:
    with pytest.raises(SecretUnreadable):
        BOOK.address(subscriber({"slack": {"webhookUrl": "lost"}}), Channel.CHAT)


def test_devices_come_as_they_are_when_a_push_is_sent() -> None:
    points = {"push": {"tokens": ["t"]}, "apns": {"tokens": ["a"]}}

    assert BOOK.address(subscriber(points), Channel.PUSH) == {"fcm": {"tokens": ["t"]}, "apns": {"tokens": ["a"]}}
    assert BOOK.address(subscriber({}), Channel.PUSH) is None


def test_a_webhook_is_signed_with_our_secret_when_it_has_none() -> None:
    own = {"webhook": {"url": "https://x", "secret": "sealed:whsec_own"}}

    assert BOOK.address(subscriber(own), Channel.WEBHOOK) == {"url": "https://x", "secret": "whsec_own"}
    assert BOOK.address(subscriber({"webhook": {"url": "https://x"}}), Channel.WEBHOOK) == {
        "url": "https://x",
        "secret": "whsec_ours",
    }
