"""Whole documents, as the contract prints them."""

from dataclasses import replace
from typing import Any

from httpx import AsyncClient
from litestar import Response

from app.http.envelope import ok
from app.http.notifications.answers import notification_body
from application.notifications.send_notifications import BulkView
from application.notifications.views import BulkItemView, notification_view
from application.realtime.views import TicketView
from application.shared.idempotency import Answer
from application.shared.pages import Page
from application.subscribers.put_subscribers import BulkSubscribersView
from application.subscribers.views import BulkSubscriberView, SubscriberToken
from application.topics.views import MembershipView, TopicView
from domain.notifications.content import Content
from tests.unit.http.documents import (
    ACCEPTED,
    DELIVERY,
    DELIVERY_JSON,
    ID,
    NOTIFICATION_JSON,
    OTHER,
    STAMP,
    SUBSCRIBER,
    SUBSCRIBER_JSON,
    a_notification,
)
from tests.unit.http.stand_in import ADA, BACKEND, NOW, Api


async def test_answers_202_with_four_fields_when_a_notification_is_accepted(api: Api, client: AsyncClient) -> None:
    api.send_notification.answer = Answer(ACCEPTED)

    response = await client.post(
        "/api/v1/notifications", json={"to": ["u1", "u2"], "content": {"title": "Shipped"}}, headers=BACKEND
    )

    assert response.status_code == 202
    assert response.content.decode() == (
        '{"statusCode":202,"message":"Accepted","data":{"id":"0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f",'
        '"transactionId":"order-42","status":"accepted","recipients":2},"meta":{}}'
    )


async def test_answers_the_whole_notification_when_it_is_read(api: Api, client: AsyncClient) -> None:
    api.get_notification.answer = notification_view(a_notification())

    response = await client.get(f"/api/v1/notifications/{ID}", headers=BACKEND)

    assert response.json() == {"statusCode": 200, "message": "OK", "data": NOTIFICATION_JSON, "meta": {}}
    assert list(response.json()["data"]) == list(NOTIFICATION_JSON)
    assert api.get_notification.calls[0][1] == {"notification_id": ID}


async def test_shows_avatar_and_redirect_only_when_they_were_given(api: Api, client: AsyncClient) -> None:
    content = Content(title="Shipped", avatar="https://example.com/a.png")
    api.get_notification.answer = notification_view(a_notification())
    object.__setattr__(api.get_notification.answer, "content", content)

    content_json = (await client.get(f"/api/v1/notifications/{ID}", headers=BACKEND)).json()["data"]["content"]

    assert content_json["avatar"] == "https://example.com/a.png"
    assert "redirect" not in content_json


async def test_names_unknown_topics_only_when_there_were_some(api: Api, client: AsyncClient) -> None:
    api.get_notification.answer = notification_view(replace(a_notification(), unknown_topics=("nwes",)))

    data = (await client.get(f"/api/v1/notifications/{ID}", headers=BACKEND)).json()["data"]

    assert (data["unknownTopics"], "unknownTopics" in NOTIFICATION_JSON) == (["nwes"], False)


async def test_answers_a_page_with_its_cursor_when_deliveries_are_listed(api: Api, client: AsyncClient) -> None:
    api.list_deliveries.answer = Page(items=[DELIVERY], limit=20, next_cursor="eyJ")

    response = await client.get(f"/api/v1/notifications/{OTHER}/deliveries", headers=BACKEND)

    assert response.json() == {
        "statusCode": 200,
        "message": "OK",
        "data": [DELIVERY_JSON],
        "meta": {"limit": 20, "nextCursor": "eyJ"},
    }
    assert list(response.json()["data"][0]) == list(DELIVERY_JSON)


async def test_answers_each_item_on_its_own_when_notifications_come_in_bulk(api: Api, client: AsyncClient) -> None:
    api.send_notifications.answer = Answer(
        BulkView(
            items=(
                BulkItemView(index=0, accepted=ACCEPTED),
                BulkItemView(
                    index=1,
                    code="request.invalid",
                    detail="1 field is invalid",
                    problems=(("to[0].email", "is not an e-mail address"),),
                ),
            )
        )
    )

    response = await client.post(
        "/api/v1/notifications/bulk", json={"notifications": [{"to": ["a"]}, {"to": 3}]}, headers=BACKEND
    )

    assert response.status_code == 202
    good, bad = response.json()["data"]
    assert good == {
        "index": 0,
        "statusCode": 202,
        "data": {"id": str(ID), "transactionId": "order-42", "status": "accepted", "recipients": 2},
    }
    assert bad == {
        "index": 1,
        "statusCode": 422,
        "error": {
            "type": "urn:carillon:error:request.invalid",
            "title": "Request is invalid",
            "status": 422,
            "detail": "1 field is invalid",
            "instance": "/api/v1/notifications/bulk",
            "statusCode": 422,
            "message": "Request is invalid",
            "code": "request.invalid",
            "errors": [{"path": "to[0].email", "message": "is not an e-mail address"}],
            "traceId": response.headers["traceparent"].split("-")[1],
        },
    }


async def test_answers_each_subscriber_on_its_own_when_they_come_in_bulk(api: Api, client: AsyncClient) -> None:
    items = (
        BulkSubscriberView(index=0, subscriber=SUBSCRIBER, created=True),
        BulkSubscriberView(index=1, subscriber=SUBSCRIBER),
        BulkSubscriberView(index=2, code="request.invalid", detail="1 field is invalid"),
    )
    api.put_subscribers.answer = Answer(BulkSubscribersView(items=items))

    response = await client.post(
        "/api/v1/subscribers/bulk", json={"subscribers": [{"subscriberId": "ada"}]}, headers=BACKEND
    )

    made, changed, refused = response.json()["data"]
    assert made == {"index": 0, "statusCode": 201, "data": SUBSCRIBER_JSON}
    assert changed == {"index": 1, "statusCode": 200, "data": SUBSCRIBER_JSON}
    assert (refused["statusCode"], refused["error"]["code"]) == (422, "request.invalid")


async def test_answers_201_when_put_creates_and_200_when_it_replaces(api: Api, client: AsyncClient) -> None:
    api.put_subscriber.answer = lambda _command: (SUBSCRIBER, len(api.put_subscriber.calls) == 1)

    made = await client.put("/api/v1/subscribers/ada", json={}, headers=BACKEND)
    replaced = await client.put("/api/v1/subscribers/ada", json={}, headers=BACKEND)

    assert made.json() == {"statusCode": 201, "message": "Created", "data": SUBSCRIBER_JSON, "meta": {}}
    assert (made.status_code, replaced.status_code, replaced.json()["message"]) == (201, 200, "OK")


async def test_answers_204_without_a_body_when_something_is_removed(client: AsyncClient) -> None:
    for path in ("/api/v1/subscribers/ada", "/api/v1/topics/news"):
        response = await client.delete(path, headers=BACKEND)
        assert (response.status_code, response.content) == (204, b"")

    parted = await client.request(
        "DELETE", "/api/v1/topics/news/subscribers", json={"subscriberIds": ["ada"]}, headers=BACKEND
    )
    assert (parted.status_code, parted.content) == (204, b"")


async def test_answers_a_topic_and_what_joining_came_to_when_topics_are_used(api: Api, client: AsyncClient) -> None:
    api.get_topic.answer = TopicView(key="news", name="News", subscribers=2, created_at=NOW)
    api.add_topic_subscribers.answer = Answer(MembershipView(changed=2, unchanged=1), replayed=True)

    read = await client.get("/api/v1/topics/news", headers=BACKEND)
    joined = await client.post(
        "/api/v1/topics/news/subscribers", json={"subscriberIds": ["a", "b", "c"]}, headers=BACKEND
    )

    assert read.json()["data"] == {"key": "news", "name": "News", "subscribers": 2, "createdAt": STAMP}
    assert (joined.status_code, joined.json()["data"]) == (200, {"added": 2, "unchanged": 1})
    assert joined.headers["Idempotency-Replayed"] == "true"


async def test_answers_201_and_lets_nobody_keep_it_when_a_secret_is_issued(api: Api, client: AsyncClient) -> None:
    api.issue_subscriber_token.answer = SubscriberToken(token="t", expires_at=NOW)
    api.issue_ticket.answer = TicketView(ticket="k", expires_at=NOW)

    token = await client.post("/api/v1/subscribers/ada/tokens", headers=BACKEND)
    ticket = await client.post("/api/v1/sse/tickets", headers=ADA)

    assert token.json()["data"] == {"token": "t", "expiresAt": STAMP}
    assert ticket.json()["data"] == {"ticket": "k", "expiresAt": STAMP}
    assert {token.status_code, ticket.status_code} == {201}
    assert {token.headers["cache-control"], ticket.headers["cache-control"]} == {"no-store"}


async def test_answers_one_notification_when_the_list_is_asked_for_a_transaction(api: Api, client: AsyncClient) -> None:
    def answer(_caller: object, query: Any) -> Response[Any]:
        assert query.transaction_id == "order-42"
        return ok(notification_body(notification_view(a_notification())))

    api.find_notifications.answer = answer

    response = await client.get("/api/v1/notifications?transactionId=order-42", headers=BACKEND)

    assert response.json()["data"] == NOTIFICATION_JSON
