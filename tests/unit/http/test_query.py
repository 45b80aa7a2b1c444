"""Reading query strings (B-04, B-14, B-15)."""

from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Response

from app.http.inbox.schemas import InboxQuery
from app.http.notifications.commands import delivery_filter, notification_filter
from app.http.notifications.queries import DeliveryQuery, NotificationQuery
from app.http.query import PageQuery, read_query
from app.http.refusals import MalformedRequest
from application.shared.cursors import InvalidCursor
from domain.shared.errors import InvalidInput
from tests.unit.http.stand_in import ADA, BACKEND, Api

LIST = "/api/v1/notifications"


def test_takes_defaults_when_nothing_is_asked() -> None:
    assert read_query(b"", PageQuery) == PageQuery(limit=20, cursor=None)
    assert read_query(b"", InboxQuery) == InboxQuery(archived=False, snoozed=False)


@pytest.mark.parametrize("query", [b"status=failed,expired", b"status=failed&status=expired"])
def test_means_or_when_a_list_has_commas_or_is_given_twice(query: bytes) -> None:
    assert notification_filter(read_query(query, NotificationQuery)).statuses == ("failed", "expired")


def test_reads_every_filter_when_all_are_given() -> None:
    wanted = notification_filter(
        read_query(
            b"workflow=w1,w2&subscriber=ada&tag=a%2Cb&createdAfter=2026-01-01T01:00:00%2B01:00&limit=100",
            NotificationQuery,
        )
    )
    deliveries = delivery_filter(read_query(b"status=sent&channel=email,sms&subscriber=ada", DeliveryQuery))

    assert (wanted.workflows, wanted.subscribers, wanted.tags) == (("w1", "w2"), ("ada",), ("a", "b"))
    assert wanted.created_after is not None
    assert wanted.created_after.isoformat() == "2026-01-01T00:00:00+00:00"
    assert (deliveries.statuses, deliveries.channels, deliveries.subscribers) == (("sent",), ("email", "sms"), ("ada",))


@pytest.mark.parametrize(
    ("query", "path"),
    [
        (b"limit=0", "limit"),
        (b"limit=101", "limit"),
        (b"limit=-1", "limit"),
        (b"limit=1e2", "limit"),
        (b"limit=%2B5", "limit"),
        (b"limit=", "limit"),
        (b"limit=" + b"9" * 30, "limit"),
        (b"limit=9223372036854775808", "limit"),
        ("limit=٣".encode(), "limit"),
        (b"status=lost", "status[0]"),
        (b"status=", "status[0]"),
        (b"status=sent%27%20OR%201=1--", "status[0]"),
        (b"tag=" + b"x" * 256, "tag[0]"),
        (b"createdAfter=2026-01-01", "createdAfter"),
        (b"createdAfter=2026-01-01T00:00:00", "createdAfter"),
        (b"createdAfter=1767225600", "createdAfter"),
    ],
)
def test_b14_refuses_a_value_with_its_name_when_it_does_not_fit(query: bytes, path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_query(query, NotificationQuery)

    assert [problem.path for problem in refusal.value.problems] == [path]


def test_b17_refuses_times_when_stores_cannot_hold_them() -> None:
    with pytest.raises(InvalidInput) as refusal:
        notification_filter(read_query(b"createdAfter=1900-01-01T00:00:00Z", NotificationQuery))

    assert [problem.path for problem in refusal.value.problems] == ["createdAfter"]


@pytest.mark.parametrize("text", ["1", "TRUE", "yes", "", "null"])
def test_takes_true_and_false_alone_when_it_is_a_flag(text: str) -> None:
    assert read_query(b"read=true&seen=false", InboxQuery).read is True
    with pytest.raises(InvalidInput):
        read_query(f"read={text}".encode(), InboxQuery)


@pytest.mark.parametrize("query", [b"limit=1&limit=2", b"cursor=a&cursor=b"])
def test_refuses_a_parameter_when_it_is_given_twice(query: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read_query(query, NotificationQuery)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (LIST, "sort"),
        (LIST, "tenantId"),
        (LIST, "tenant_id"),
        (LIST, "created_after"),
        (LIST, "Status"),
        (LIST, "status[]"),
        (f"{LIST}/0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f", "limit"),
        ("/api/v1/subscribers", "email"),
        ("/api/v1/subscribers/ada", "include"),
    ],
)
async def test_b14_answers_400_when_a_parameter_is_not_known(client: AsyncClient, path: str, name: str) -> None:
    response = await client.get(path, params={name: "x"}, headers=BACKEND)

    assert (response.status_code, response.json()["code"]) == (400, "request.unknown_parameter")
    assert response.json()["detail"] == f"{name} is not a parameter of this address"


async def test_b14_hands_wildcards_and_quotes_on_as_they_are_when_they_are_values(
    api: Api, client: AsyncClient
) -> None:
    def answer(_caller: object, query: Any) -> Response[None]:
        assert query.tag == ("100%", "a_b", "'; DROP TABLE x--")
        return Response(None)

    api.find_notifications.answer = answer

    response = await client.get(LIST, params={"tag": "100%,a_b,'; DROP TABLE x--"}, headers=BACKEND)

    assert response.status_code == 200


async def test_b15_answers_400_when_the_cursor_is_not_ours(api: Api, client: AsyncClient) -> None:
    api.list_inbox.answer = InvalidCursor()

    response = await client.get("/api/v1/inbox?cursor=forged", headers=ADA)

    assert (response.status_code, response.json()["code"]) == (400, "request.invalid_cursor")
    assert api.list_inbox.calls[0][1] == {"cursor": "forged", "limit": 20}


async def test_asks_first_who_calls_when_a_parameter_is_wrong(client: AsyncClient) -> None:
    assert (await client.get(f"{LIST}?nope=1")).status_code == 401


async def test_takes_the_parameters_of_a_stream_when_they_are_its_own(client: AsyncClient) -> None:
    response = await client.get("/sse/notifications?lastEventId=1-2&since=x", headers=ADA)

    assert response.json()["detail"] == "since is not a parameter of this address"
