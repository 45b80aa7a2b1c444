"""Which items a filter means."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ITEM = InboxItem(
    id=UUID(int=1),
    tenant_id="default",
    recipient_id=UUID(int=2),
    notification_id=UUID(int=3),
    title="T",
    workflow="shipped",
    severity="low",
    tags=("orders", "eu"),
    data={"order": 42, "paid": True, "note": None, "list": [1]},
    read_at=NOW,
    seen_at=NOW,
    surfaced_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ({}, True),
        ({"read": True, "seen": True}, True),
        ({"read": False}, False),
        ({"archived": None, "snoozed": None}, True),
        ({"archived": True}, False),
        ({"tags": (("orders", "news"),)}, True),
        ({"tags": (("orders", "news"), ("eu", "us"))}, True),
        ({"tags": (("orders", "news"), ("us",))}, False),
        ({"tags": (("order",),)}, False),
        ({"severities": ("low", "high")}, True),
        ({"severities": ("high",)}, False),
        ({"workflows": ("shipped",)}, True),
        ({"workflows": ("ship",)}, False),
        ({"data": {"order": 42}}, True),
        ({"data": {"order": 42.0, "paid": True}}, True),
        ({"data": {"order": "42"}}, False),
        ({"data": {"paid": 1}}, False),
        ({"data": {"order": True}}, False),
        ({"data": {"note": None}}, True),
        ({"data": {"missing": None}}, False),
        ({"data": {"note": False}}, False),
        ({"data": {"list": 1}}, False),
        ({"created_after": NOW - SECOND, "created_before": NOW + SECOND}, True),
        ({"created_after": NOW}, False),
        ({"created_before": NOW}, False),
    ],
)
def test_an_item_is_meant_when_everything_that_is_said_fits(
    wanted: dict[str, Any], meant: bool
) -> None:  # Any: fields of a filter
    assert InboxFilter(**wanted).matches(ITEM) is meant
