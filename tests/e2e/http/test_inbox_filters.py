"""The inbox over real stores: filters, counts of many, actions, deletion, and what every open tab hears of it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from app.bootstrap.container import build_container
from infrastructure.config.loader import load_settings
from tests.e2e import topology
from tests.examples.serving import as_subscriber, next_named, serving, stream_of

ROOT = Path(__file__).parents[3]
IN_MEMORY = {"DATABASE_URL": "memory://"}
INBOX = "/api/v1/inbox"
ACTIONS = [{"id": "track", "label": "Track", "url": "https://example.org/42"}, {"id": "rate it", "label": "Rate"}]

# Any: JSON.
Events = AsyncIterator[tuple[str, Any]]


@pytest.fixture(params=["memory", "installed"])
def environment(request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    made = {} if request.param == "memory" else topology.environment()
    yield IN_MEMORY if request.param == "memory" else made
    topology.remove(made)


@pytest.fixture
async def client(tmp_path: Path, environment: Mapping[str, str]) -> AsyncIterator[AsyncClient]:
    limits = {"ENABLE_RATE_LIMITING": "false"}
    settings = load_settings(
        {"APP_ENV": "test", "DATA_DIR": str(tmp_path), **limits, **environment},
        ROOT,
        make_secret=lambda: topology.SECRET,
    )
    async with serving(build_container(settings)) as client:
        yield client


@pytest.fixture
async def ann(client: AsyncClient) -> dict[str, str]:
    return await as_subscriber(client, "ann")


async def send(client: AsyncClient, title: str, *, data: Any = None, **fields: Any) -> None:
    content = {"title": title, "data": data or {}, "actions": ACTIONS}
    answer = await client.post("/api/v1/notifications", json={"to": ["ann"], "content": content, **fields})
    assert answer.status_code == 202, answer.text


async def titles(client: AsyncClient, ann: dict[str, str], query: str = "") -> list[str]:
    answer = await client.get(f"{INBOX}?{query}", headers=ann)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["data"]]


async def three(client: AsyncClient) -> None:
    await send(client, "order", tags=["orders", "eu"], data={"id": 1, "paid": True}, severity="high")
    await send(client, "paid order", tags=["orders", "us"], data={"id": 2, "paid": True})
    await send(client, "a, b", tags=["a,b"], data={"id": "1"})


@pytest.mark.parametrize(
    ("query", "body", "found"),
    [
        ("", {}, ["a, b", "paid order", "order"]),
        ("tags=orders,none", {"tags": ["orders", "none"]}, ["paid order", "order"]),
        ("tags=orders&tags=us,ca", {"tags": [["orders"], ["us", "ca"]]}, ["paid order"]),
        ("tags=eu&tags=us", {"tags": [["eu"], ["us"]]}, []),
        (r"tags=a\,b", {"tags": ["a,b"]}, ["a, b"]),
        ("tags=a,b", {"tags": [["a", "b"]]}, []),
        ('data={"id":1}', {"data": {"id": 1}}, ["order"]),
        ('data={"paid":true}&severity=none', {"data": {"paid": True}, "severity": ["none"]}, ["paid order"]),
        ("read=true", {"read": True}, []),
        ("archived=true", {"archived": True}, []),
    ],
)
async def test_lists_counts_and_marks_the_same_items_when_the_filter_is_the_same(
    client: AsyncClient, ann: dict[str, str], query: str, body: dict[str, Any], found: list[str]
) -> None:
    await three(client)

    assert await titles(client, ann, query) == found
    counted = (await client.get(f"{INBOX}/count?{query}", headers=ann)).json()["data"]
    assert (counted["unread"], counted["unseen"], counted["total"]) == (len(found),) * 3
    [several] = (await client.post(f"{INBOX}/counts", json={"filters": [body]}, headers=ann)).json()["data"]
    assert several["count"] == {"unread": len(found), "unseen": len(found), "total": len(found)}
    async with stream_of(client, ann) as events:
        assert await next_named(events, "unread_count_changed") == {"unread": 3, "unseen": 3}
        marked = await client.post(f"{INBOX}/read-all", json=body, headers=ann)
        assert marked.json()["data"] == {"updated": len(found)}
        if found:
            assert await next_named(events, "unread_count_changed") == {
                "unread": 3 - len(found),
                "unseen": 3 - len(found),
            }
    assert sorted(await titles(client, ann, "read=true")) == sorted(found)


async def test_every_count_is_of_the_same_moment_when_twenty_filters_are_asked(
    client: AsyncClient, ann: dict[str, str]
) -> None:
    await three(client)
    filters = [{"severity": ["high"]}, {"read": True}, *({"data": {"id": number}} for number in range(18))]
    answer = await client.post(f"{INBOX}/counts", json={"filters": filters}, headers=ann)
    assert [one["filter"] for one in answer.json()["data"]] == filters
    assert [one["count"]["total"] for one in answer.json()["data"]] == [1, 0, 0, 1, 1, *[0] * 15]


async def open_tabs(stack: AsyncExitStack, client: AsyncClient, ann: dict[str, str]) -> list[Events]:
    """Two of them, which have heard where they stand."""
    tabs = [await stack.enter_async_context(stream_of(client, ann)) for _ in range(2)]
    for tab in tabs:
        await next_named(tab, "unread_count_changed")
    return tabs


async def test_every_tab_knows_the_state_of_an_action_when_it_changes(client: AsyncClient, ann: dict[str, str]) -> None:
    await send(client, "Shipped")
    [item] = (await client.get(INBOX, headers=ann)).json()["data"]
    path = f"{INBOX}/{item['id']}/actions/rate%20it"
    async with AsyncExitStack() as stack:
        tabs = await open_tabs(stack, client, ann)
        completed = (await client.post(f"{path}/complete", headers=ann)).json()["data"]
        again = (await client.post(f"{path}/complete", headers=ann)).json()["data"]
        for tab in tabs:
            told = await next_named(tab, "notification_updated")
            assert told == {"id": item["id"], "actions": completed["actions"]}
        reverted = (await client.post(f"{path}/revert", headers=ann)).json()["data"]
        for tab in tabs:
            assert (await next_named(tab, "notification_updated"))["actions"] == item["actions"]

    rated = completed["actions"][1]
    assert again == completed
    assert (rated["state"], set(rated) - set(item["actions"][1])) == ("completed", {"completedAt"})
    assert (completed["actions"][0], reverted["actions"]) == (item["actions"][0], item["actions"])
    unknown = await client.post(f"{INBOX}/{item['id']}/actions/nothing/complete", headers=ann)
    nowhere = await client.post(f"{INBOX}/{item['notificationId']}/actions/track/complete", headers=ann)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "inbox.action_not_found")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "inbox.not_found")


async def test_every_tab_drops_an_item_when_it_is_deleted(client: AsyncClient, ann: dict[str, str]) -> None:
    await send(client, "gone")
    await send(client, "kept")
    bob = await as_subscriber(client, "bob")
    _, gone = (await client.get(INBOX, headers=ann)).json()["data"]
    async with AsyncExitStack() as stack:
        tabs = await open_tabs(stack, client, ann)
        assert (await client.delete(f"{INBOX}/{gone['id']}", headers=bob)).status_code == 404
        deleted = await client.delete(f"{INBOX}/{gone['id']}", headers=ann)
        for tab in tabs:
            assert await next_named(tab, "notification_updated") == {"id": gone["id"], "deleted": True}
            assert await next_named(tab, "unread_count_changed") == {"unread": 1, "unseen": 1}

    assert (deleted.status_code, await titles(client, ann)) == (204, ["kept"])
    assert (await client.delete(f"{INBOX}/{gone['id']}", headers=ann)).json()["code"] == "inbox.not_found"
    [delivery] = (await client.get(f"/api/v1/notifications/{gone['notificationId']}/deliveries")).json()["data"]
    assert delivery["status"] == "sent"


async def test_every_tab_has_it_on_top_when_a_snooze_ends(client: AsyncClient, ann: dict[str, str]) -> None:
    await send(client, "old")
    await send(client, "new")
    _, old = (await client.get(INBOX, headers=ann)).json()["data"]
    async with AsyncExitStack() as stack:
        tabs = await open_tabs(stack, client, ann)
        until = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        snoozed = await client.post(f"{INBOX}/{old['id']}/snooze", json={"until": until}, headers=ann)
        assert snoozed.json()["data"]["snoozedUntil"] is not None
        for tab in tabs:
            assert (await next_named(tab, "notification_updated"))["id"] == old["id"]
            assert await next_named(tab, "unread_count_changed") == {"unread": 1, "unseen": 1}
        for tab in tabs:
            back = await next_named(tab, "notification_received", seconds=20)
            assert (back["id"], back["snoozedUntil"]) == (old["id"], None)
            assert await next_named(tab, "unread_count_changed") == {"unread": 2, "unseen": 2}
    assert await titles(client, ann) == ["old", "new"]


async def test_items_come_back_when_all_that_are_archived_are_unarchived(
    client: AsyncClient, ann: dict[str, str]
) -> None:
    await three(client)
    assert (await client.post(f"{INBOX}/archive-all", headers=ann)).json()["data"] == {"updated": 3}
    some = await client.post(f"{INBOX}/unarchive-all", json={"tags": ["orders"]}, headers=ann)
    assert some.json()["data"] == {"updated": 2}
    assert await titles(client, ann) == ["paid order", "order"]
    unread = await client.post(f"{INBOX}/unread-all", json={"data": {"id": 2}}, headers=ann)
    assert unread.json()["data"] == {"updated": 1}
    counted = (await client.get(f"{INBOX}/count", headers=ann)).json()["data"]
    assert (counted["unread"], counted["unseen"], counted["total"]) == (1, 0, 2)


async def test_an_item_shows_the_actors_picture_when_it_has_none_of_its_own(
    client: AsyncClient, ann: dict[str, str]
) -> None:
    await client.put("/api/v1/subscribers/bob", json={"avatar": "https://example.org/bob.png"})
    await send(client, "from bob", actor="bob")
    content = {"title": "own", "avatar": "https://example.org/own.png", "redirect": "https://example.org/42"}
    await client.post("/api/v1/notifications", json={"to": ["ann"], "actor": "bob", "content": content})
    own, bobs = (await client.get(INBOX, headers=ann)).json()["data"]
    assert (own["avatar"], own["redirect"]) == ("https://example.org/own.png", "https://example.org/42")
    assert (bobs["avatar"], bobs["redirect"]) == ("https://example.org/bob.png", None)
