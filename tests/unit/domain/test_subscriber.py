"""Subscribers and how they are reached."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.subscribers.channel_points import (
    POINTS,
    SECRET_FIELDS,
    point_problems,
    webhook_secret_problem,
    with_secrets,
    without_devices,
    without_secrets,
)
from domain.subscribers.subscriber import CHAT_SERVICES, MERGED_CONTACTS, Subscriber

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
SUBSCRIBER = Subscriber(
    id=UUID(int=1), tenant_id="default", subscriber_id="u1", email="a@example.org", created_at=NOW, updated_at=NOW
)
CONTACTS = st.dictionaries(
    st.sampled_from([*sorted(MERGED_CONTACTS), "subscriberId", "tenant_id"]), st.text(max_size=5)
)


def test_fields_take_their_own_names_when_contacts_are_merged() -> None:
    merged = SUBSCRIBER.merged({"firstName": "Ada", "lastName": "L", "phone": "+49151", "locale": "de"}, LATER)

    assert merged == replace(
        SUBSCRIBER,
        first_name="Ada",
        last_name="L",
        phone="+49151",
        locale="de",
        version=2,
        updated_at=LATER,
    )


@pytest.mark.parametrize("contact", [{}, {"email": "a@example.org"}, {"unknown": "x"}, {"subscriber_id": "u2"}])
def test_it_is_the_same_object_when_contacts_change_nothing(contact: dict[str, str]) -> None:
    assert SUBSCRIBER.merged(contact, LATER) is SUBSCRIBER


@given(CONTACTS, CONTACTS)
def test_merging_twice_is_merging_the_sum_when_contacts_come_one_by_one(
    first: dict[str, str], second: dict[str, str]
) -> None:
    one_by_one = SUBSCRIBER.merged(first, LATER).merged(second, LATER)
    at_once = SUBSCRIBER.merged(first | second, LATER)

    assert replace(one_by_one, version=0, updated_at=NOW) == replace(at_once, version=0, updated_at=NOW)
    assert one_by_one.merged(second, LATER + timedelta(seconds=1)) is one_by_one
    assert (one_by_one.id, one_by_one.subscriber_id, one_by_one.tenant_id) == (SUBSCRIBER.id, "u1", "default")


@pytest.mark.parametrize(
    ("fields", "channel", "address"),
    [
        ({}, "email", {"email": "a@example.org"}),
        ({"first_name": "Ada", "last_name": "L"}, "email", {"email": "a@example.org", "name": "Ada L"}),
        ({"last_name": "L"}, "email", {"email": "a@example.org", "name": "L"}),
        ({"email": None}, "email", None),
        ({"email": ""}, "email", None),
        ({}, "sms", None),
        ({"phone": "+49151"}, "sms", {"phone": "+49151"}),
        ({}, "in_app", {}),
        ({}, "webhook", None),
        ({"channels": {"webhook": {}}}, "webhook", None),
        ({"channels": {"webhook": "not an object"}}, "webhook", None),
        ({"channels": {"webhook": {"url": "https://x"}}}, "webhook", {"url": "https://x"}),
        ({}, "push", None),
        ({"channels": {"push": {"tokens": []}, "apns": {}, "webpush": "x"}}, "push", None),
        ({"channels": {"push": {"tokens": ["t"]}}}, "push", {"fcm": {"tokens": ["t"]}}),
        (
            {"channels": {"push": {"tokens": ["t"]}, "apns": {"tokens": ["a"]}, "webpush": {"subscriptions": [{}]}}},
            "push",
            {"fcm": {"tokens": ["t"]}, "apns": {"tokens": ["a"]}, "webpush": {"subscriptions": [{}]}},
        ),
        ({"channels": {"webhook": {"url": "https://x"}, "slack": {}}}, "chat", None),
        (
            {"channels": {"telegram": {"chatId": 7}, "slack": {"channel": "C1"}, "push": {"tokens": ["t"]}}},
            "chat",
            {"slack": {"channel": "C1"}, "telegram": {"chatId": 7}},
        ),
    ],
)
def test_the_address_is_the_contact_point_when_there_is_one(
    fields: dict[str, Any], channel: str, address: dict[str, str] | None
) -> None:  # Any: fields of several types
    assert replace(SUBSCRIBER, **fields).address(channel) == address


def test_only_secrets_are_changed_when_contact_points_are_sealed() -> None:
    points = {
        "webhook": {"url": "https://x", "secret": "s"},
        "slack": {"webhookUrl": "u", "channel": "#a"},
        "push": {"tokens": ["secret"], "secret": "not one of ours"},
        "odd": "text",
        "discord": {"webhookUrl": None},
    }

    assert with_secrets(points, lambda secret: f"<{secret}>") == {
        "webhook": {"url": "https://x", "secret": "<s>"},
        "slack": {"webhookUrl": "<u>", "channel": "#a"},
        "push": {"tokens": ["secret"], "secret": "not one of ours"},
        "odd": "text",
        "discord": {"webhookUrl": None},
    }


def test_no_secret_is_left_when_a_caller_reads_contact_points() -> None:
    points = {"webhook": {"url": "https://x", "secret": "s"}, "discord": {"webhookUrl": "u"}, "odd": 1}

    assert without_secrets(points) == {"webhook": {"url": "https://x"}, "discord": {}, "odd": 1}


@given(st.binary(min_size=24, max_size=64))
def test_a_secret_is_right_when_it_is_of_24_to_64_bytes(key: bytes) -> None:
    assert webhook_secret_problem("whsec_" + base64.b64encode(key).decode()) is None


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + base64.b64encode(bytes(32)).decode()[:-1],
        "whsec_" + base64.b64encode(bytes(32)).decode() + "\n",
        "whsec_" + "é" * 44,
        "WHSEC_" + base64.b64encode(bytes(32)).decode(),
    ],
)
def test_a_secret_is_wrong_when_form_or_length_are(secret: str) -> None:
    assert webhook_secret_problem(secret) is not None


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        ({"pigeon": {"loft": "7"}}, ("pigeon", "is not a channel")),
        ({"email": {"address": "a@example.org"}}, ("email", "is not a channel")),
        ({"Slack": {}}, ("Slack", "is not a channel")),
        ({"slack": "https://hooks.slack.com/x"}, ("slack", "must be an object")),
        ({"slack": {"webhookUrl": ["x"]}}, ("slack.webhookUrl", "must be a text")),
        ({"webhook": {"url": "https://example.org", "secret": 7}}, ("webhook.secret", "must be a text")),
        ({"push": {"tokens": "t"}}, ("push.tokens", "must be an array of texts")),
        ({"push": {"tokens": ["t", 7]}}, ("push.tokens", "must be an array of texts")),
        ({"webpush": {"subscriptions": ["x"]}}, ("webpush.subscriptions", "must be an array of objects")),
        ({"apns": {"tokens": "t"}}, ("apns.tokens", "must be an array of texts")),
        ({"telegram": {}}, ("telegram.chatId", "must be a text or a whole number")),
        ({"telegram": {"chatId": True}}, ("telegram.chatId", "must be a text or a whole number")),
        ({"telegram": {"chatId": " "}}, ("telegram.chatId", "must be a text or a whole number")),
        ({"whatsapp": {"phone": None}}, ("whatsapp.phone", "must be a text")),
        ({"whatsapp": {"number": "+49151"}}, ("whatsapp.phone", "must be a text")),
    ],
)
def test_contact_point_is_refused_when_its_channel_or_a_known_field_does_not_fit(
    points: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert list(point_problems(points)) == [problem]


@pytest.mark.parametrize(
    "points",
    [
        {},
        {"push": {"tokens": ["t"], "platform": "ios"}, "webpush": {"subscriptions": [{"endpoint": "https://e"}]}},
        {"telegram": {"chatId": 7}, "whatsapp": {"phone": "+49151"}, "teams": {"webhookUrl": "https://t"}},
        {"slack": {"webhookUrl": None, "channel": "#ops"}, "discord": {}},
    ],
)
def test_contact_point_is_taken_when_a_driver_wants_more_than_we_know(points: dict[str, Any]) -> None:
    assert list(point_problems(points)) == []


POINTS_OF_DEVICES: dict[str, Any] = {
    "push": {"tokens": ["a", "b"], "platform": "ios"},
    "webpush": {"subscriptions": [{"endpoint": "https://e/1"}, {"endpoint": "https://e/2"}]},
}


@pytest.mark.parametrize(
    ("kind", "gone", "left"),
    [
        ("fcm", {"a"}, {**POINTS_OF_DEVICES, "push": {"tokens": ["b"], "platform": "ios"}}),
        ("fcm", {"a", "b", "c"}, {**POINTS_OF_DEVICES, "push": {"tokens": [], "platform": "ios"}}),
        (
            "webpush",
            {"https://e/1"},
            {**POINTS_OF_DEVICES, "webpush": {"subscriptions": [{"endpoint": "https://e/2"}]}},
        ),
    ],
)
def test_only_those_devices_are_taken_off_when_they_are_gone(kind: str, gone: set[str], left: dict[str, Any]) -> None:
    once = without_devices(POINTS_OF_DEVICES, kind, gone)

    assert once == left
    assert without_devices(once, kind, gone) is once


@pytest.mark.parametrize(("kind", "gone"), [("fcm", {"c"}), ("apns", {"a"}), ("slack", {"a"}), ("webpush", {"a"})])
def test_contact_points_stay_the_same_object_when_no_device_is_gone(kind: str, gone: set[str]) -> None:
    assert without_devices(POINTS_OF_DEVICES, kind, gone) is POINTS_OF_DEVICES


def test_every_chat_service_and_every_secret_has_a_contact_point_when_points_are_named() -> None:
    assert set(CHAT_SERVICES) | set(SECRET_FIELDS) <= set(POINTS)
