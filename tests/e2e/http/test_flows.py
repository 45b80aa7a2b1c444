"""What a backend and a browser do, over the real use cases."""

from uuid import uuid4

from httpx import AsyncClient

from tests.e2e.http.conftest import BACKEND, OTHER_TENANT, Carillon

SEND = "/api/v1/notifications"
SHIPPED = {"to": ["ada", "bob"], "content": {"title": "Shipped", "data": {"orderId": 42}}, "tags": ["orders"]}


async def token_of(client: AsyncClient, subscriber_id: str) -> dict[str, str]:
    response = await client.post(f"/api/v1/subscribers/{subscriber_id}/tokens", headers=BACKEND)
    return {"Authorization": f"Bearer {response.json()['data']['token']}"}


async def test_reaches_the_inbox_when_a_notification_is_sent(client: AsyncClient) -> None:
    sent = (await client.post(SEND, json=SHIPPED, headers=BACKEND)).json()["data"]
    ada = await token_of(client, "ada")

    inbox = (await client.get("/api/v1/inbox?tags=orders,other&read=false", headers=ada)).json()
    [item] = inbox["data"]
    assert (item["title"], item["data"], item["notificationId"]) == ("Shipped", {"orderId": 42}, sent["id"])
    assert inbox["meta"]["streamCursor"].endswith("-1")

    marked = (await client.post(f"/api/v1/inbox/{item['id']}/read", headers=ada)).json()["data"]
    assert (marked["read"], marked["seen"]) == (True, True)
    counts = (await client.get("/api/v1/inbox/count", headers=ada)).json()["data"]
    assert (counts["unread"], counts["total"]) == (0, 1)
    assert (await client.get("/api/v1/inbox?read=false", headers=ada)).json()["data"] == []


async def test_tells_what_became_of_it_when_asked_by_id_or_transaction(client: AsyncClient) -> None:
    sent = (await client.post(SEND, json={**SHIPPED, "transactionId": "order-42"}, headers=BACKEND)).json()["data"]

    by_id = (await client.get(f"{SEND}/{sent['id']}", headers=BACKEND)).json()["data"]
    by_transaction = (await client.get(f"{SEND}?transactionId=order-42", headers=BACKEND)).json()["data"]
    deliveries = (await client.get(f"{SEND}/{sent['id']}/deliveries?status=sent", headers=BACKEND)).json()

    assert by_id == by_transaction
    assert (by_id["status"], by_id["recipients"], by_id["counts"]["sent"]) == ("completed", 2, 2)
    assert {delivery["subscriberId"] for delivery in deliveries["data"]} == {"ada", "bob"}
    assert (await client.get(f"{SEND}?transactionId=nothing", headers=BACKEND)).status_code == 404


async def test_pages_through_a_list_without_holes_when_it_is_long(client: AsyncClient) -> None:
    sent = [(await client.post(SEND, json=SHIPPED, headers=BACKEND)).json()["data"]["id"] for _ in range(7)]

    found: list[str] = []
    query = {"limit": "3"}
    while query:
        page = (await client.get(SEND, params=query, headers=BACKEND)).json()
        found += [each["id"] for each in page["data"]]
        following = page["meta"]["nextCursor"]
        query = {**query, "cursor": following} if following else {}

    assert found == sent[::-1]


async def test_answers_the_same_when_a_transaction_is_repeated_and_409_when_it_is_another(client: AsyncClient) -> None:
    body = {**SHIPPED, "transactionId": "order-42"}
    first = await client.post(SEND, json=body, headers=BACKEND)
    again = await client.post(SEND, json=dict(reversed(body.items())), headers=BACKEND)
    other = await client.post(SEND, json={**body, "to": ["eve"]}, headers=BACKEND)

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert (other.status_code, other.json()["code"]) == (409, "notifications.transaction_conflict")


async def test_replays_an_answer_when_the_idempotency_key_is_repeated(client: AsyncClient) -> None:
    headers = {**BACKEND, "Idempotency-Key": "k1"}
    first = await client.post(SEND, json=SHIPPED, headers=headers)
    again = await client.post(SEND, json=SHIPPED, headers=headers)
    other = await client.post(SEND, json={**SHIPPED, "tags": []}, headers=headers)
    bulk = await client.post(f"{SEND}/bulk", json={"notifications": [SHIPPED]}, headers=headers)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert bulk.status_code == 202
    assert len((await client.get(SEND, headers=BACKEND)).json()["data"]) == 2


async def test_b34_answers_each_item_when_one_of_a_thousand_is_bad(client: AsyncClient) -> None:
    items: list[object] = [{"to": [f"u{number}"], "content": {"title": "x"}} for number in range(1_000)]
    items[500] = {"to": [{"subscriberId": "u500", "email": "nonsense"}], "content": {"title": "x"}}

    response = await client.post(f"{SEND}/bulk", json={"notifications": items}, headers=BACKEND)

    answers = response.json()["data"]
    assert (response.status_code, [answer["index"] for answer in answers]) == (202, list(range(1_000)))
    assert [answer["statusCode"] for answer in answers].count(202) == 999
    assert answers[500]["error"]["errors"] == [{"path": "to[0].email", "message": "is not an e-mail address"}]


async def test_b34_counts_a_recipient_once_when_it_is_named_twice(client: AsyncClient) -> None:
    body = {**SHIPPED, "to": ["ada", "ada", {"subscriberId": "ada", "firstName": "Ada"}]}

    sent = (await client.post(SEND, json=body, headers=BACKEND)).json()["data"]

    assert sent["recipients"] == 1
    assert (await client.get("/api/v1/subscribers/ada", headers=BACKEND)).json()["data"]["firstName"] == "Ada"


async def test_b13_answers_404_alike_when_it_is_missing_deleted_or_another_tenants(
    carillon: Carillon, client: AsyncClient
) -> None:
    await carillon.add_tenant("other", "B" * 30)
    sent = (await client.post(SEND, json=SHIPPED, headers=BACKEND)).json()["data"]
    await client.put("/api/v1/topics/news", json={}, headers=BACKEND)
    ada = await token_of(client, "ada")
    item = (await client.get("/api/v1/inbox", headers=ada)).json()["data"][0]["id"]
    theirs = [
        ("GET", f"{SEND}/{sent['id']}"),
        ("GET", f"{SEND}/{sent['id']}/deliveries"),
        ("DELETE", f"{SEND}/{sent['id']}"),
        ("GET", f"{SEND}?transactionId={sent['transactionId']}"),
        ("GET", "/api/v1/subscribers/ada"),
        ("DELETE", "/api/v1/subscribers/ada"),
        ("POST", "/api/v1/subscribers/ada/tokens"),
        ("GET", "/api/v1/topics/news"),
        ("DELETE", "/api/v1/topics/news"),
    ]

    for method, path in theirs:
        foreign = await client.request(method, path, headers=OTHER_TENANT)
        missing_path = path.replace(sent["id"], str(uuid4())).replace("ada", "nobody").replace("news", "nothing")
        missing = await client.request(method, missing_path, headers=OTHER_TENANT)
        assert foreign.status_code == missing.status_code == 404, (method, path)
        assert (foreign.json()["code"], foreign.json()["detail"]) == (missing.json()["code"], missing.json()["detail"])

    bob = await token_of(client, "bob")
    assert (await client.post(f"/api/v1/inbox/{item}/read", headers=bob)).json()["code"] == "inbox.not_found"
    assert (await client.get("/api/v1/inbox", headers=ada)).json()["data"][0]["read"] is False
    assert (await client.get(f"{SEND}", headers=OTHER_TENANT)).json()["data"] == []


async def test_b15_answers_400_when_a_cursor_is_forged_or_from_another_list_or_tenant(
    carillon: Carillon, client: AsyncClient
) -> None:
    await carillon.add_tenant("other", "B" * 30)
    for _ in range(2):
        await client.post(SEND, json=SHIPPED, headers=BACKEND)
    cursor = (await client.get(f"{SEND}?limit=1", headers=BACKEND)).json()["meta"]["nextCursor"]

    for path, headers in (
        (f"{SEND}?cursor=A{cursor[1:]}", BACKEND),
        (f"{SEND}?cursor=", BACKEND),
        (f"/api/v1/subscribers?cursor={cursor}", BACKEND),
        (f"{SEND}?cursor={cursor}", OTHER_TENANT),
    ):
        response = await client.get(path, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "request.invalid_cursor"), path


async def test_keeps_secrets_of_a_subscriber_when_it_is_read_back(client: AsyncClient) -> None:
    channels = {"webhook": {"url": "https://example.com/hook", "secret": "whsec_" + "A" * 32}}
    body = {"email": "Ada@EXAMPLE.com", "channels": channels, "data": {"plan": "pro"}}

    made = await client.put("/api/v1/subscribers/ada", json=body, headers=BACKEND)
    changed = await client.patch("/api/v1/subscribers/ada", json={"firstName": "Ada", "data": None}, headers=BACKEND)
    cleared = await client.put("/api/v1/subscribers/ada", json={}, headers=BACKEND)

    assert (made.status_code, changed.status_code, cleared.status_code) == (201, 200, 200)
    assert made.json()["data"]["channels"] == {"webhook": {"url": "https://example.com/hook"}}
    assert changed.json()["data"]["firstName"] == "Ada"
    assert changed.json()["data"]["email"] == made.json()["data"]["email"]
    assert changed.json()["data"]["data"] == {}
    assert cleared.json()["data"]["email"] is None


async def test_s07_refuses_fields_that_only_the_server_sets(client: AsyncClient) -> None:
    for field in ("id", "tenantId", "version", "createdAt", "subscriberId"):
        response = await client.put("/api/v1/subscribers/ada", json={field: "x"}, headers=BACKEND)
        assert (response.status_code, response.json()["errors"][0]["path"]) == (422, field)
    for field in ("id", "status", "counts", "fingerprint", "createdAt", "tenantId"):
        response = await client.post(SEND, json={**SHIPPED, field: "x"}, headers=BACKEND)
        assert (response.status_code, response.json()["errors"][0]["path"]) == (422, field)


async def test_cancels_what_waits_when_asked_twice(client: AsyncClient) -> None:
    body = {**SHIPPED, "sendAt": "2099-01-01T00:00:00Z"}
    sent = (await client.post(SEND, json=body, headers=BACKEND)).json()["data"]

    first, again = [await client.delete(f"{SEND}/{sent['id']}", headers=BACKEND) for _ in range(2)]

    assert sent["status"] == "scheduled"
    assert (first.status_code, again.status_code) == (202, 202)
    assert (await client.get(f"{SEND}/{sent['id']}", headers=BACKEND)).json()["data"]["status"] == "cancelled"


async def test_collects_every_problem_when_several_things_are_wrong(client: AsyncClient) -> None:
    body = {
        **SHIPPED,
        "to": [{"subscriberId": "a", "email": "x"}, {"topic": "t", "subscriberId": "b"}, {"email": "a@example.com"}],
        "sendAt": "2099-01-02T00:00:00Z",
        "expiresAt": "2099-01-01T00:00:00Z",
    }

    problem = (await client.post(SEND, json=body, headers=BACKEND)).json()

    assert problem["detail"] == f"{len(problem['errors'])} fields are invalid"
    assert {error["path"] for error in problem["errors"]} >= {"to[0].email", "to[1]", "to[2]", "expiresAt"}


async def test_opens_a_page_for_the_developer_when_nobody_is_there_yet(client: AsyncClient) -> None:
    opened = (await client.post("/demo/session", json={})).json()["data"]
    caller = {"Authorization": f"Bearer {opened['token']}"}

    sent = await client.post("/demo/notifications", json={"title": "Hello"}, headers=caller)
    items = (await client.get("/api/v1/inbox", headers=caller)).json()["data"]
    again = (await client.post("/demo/session", json={"subscriberId": opened["subscriberId"]})).json()["data"]

    assert opened["subscriberId"].startswith("guest-")
    assert [item["notificationId"] for item in items] == [sent.json()["data"]["id"]]
    assert again["subscriberId"] == opened["subscriberId"]
