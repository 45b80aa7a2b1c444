"""Whole documents of the inbox, as the contract prints them."""

from dataclasses import replace
from datetime import timedelta

from httpx import AsyncClient

from application.inbox.views import InboxCounts, InboxCountsView, InboxPage
from application.shared.idempotency import Answer
from domain.inbox.item import ActionState, InboxActionNotFound, Mark
from domain.realtime.cursor import Cursor
from tests.unit.http.documents import ID, ITEM, ITEM_JSON, STAMP
from tests.unit.http.stand_in import ADA, Api


async def test_answers_items_and_the_place_in_the_stream_when_the_inbox_is_listed(
    api: Api, client: AsyncClient
) -> None:
    api.list_inbox.answer = InboxPage(items=[ITEM], limit=20, next_cursor=None, stream_cursor=Cursor(1795165885, 42))

    response = await client.get("/api/v1/inbox", headers=ADA)

    assert response.json() == {
        "statusCode": 200,
        "message": "OK",
        "data": [ITEM_JSON],
        "meta": {"limit": 20, "nextCursor": None, "streamCursor": "1795165885-42"},
    }
    assert list(response.json()["data"][0]) == list(ITEM_JSON)


async def test_answers_counts_over_all_and_by_severity_when_the_inbox_is_counted(api: Api, client: AsyncClient) -> None:
    by_severity = {
        "none": InboxCounts(unread=2, unseen=1, total=15),
        "low": InboxCounts(),
        "medium": InboxCounts(),
        "high": InboxCounts(unread=1, total=2),
    }
    api.count_inbox.answer = InboxCountsView(overall=InboxCounts(unread=3, unseen=1, total=17), by_severity=by_severity)

    response = await client.get("/api/v1/inbox/count", headers=ADA)

    assert response.json()["data"] == {
        "unread": 3,
        "unseen": 1,
        "total": 17,
        "severity": {
            "none": {"unread": 2, "unseen": 1, "total": 15},
            "low": {"unread": 0, "unseen": 0, "total": 0},
            "medium": {"unread": 0, "unseen": 0, "total": 0},
            "high": {"unread": 1, "unseen": 0, "total": 2},
        },
    }


async def test_answers_the_item_when_it_is_marked_or_snoozed(api: Api, client: AsyncClient) -> None:
    api.mark_item.answer = api.snooze_item.answer = Answer(ITEM)

    marked = await client.post(f"/api/v1/inbox/{ID}/archive", headers=ADA)
    snoozed = await client.post(f"/api/v1/inbox/{ID}/snooze", json={"until": "2027-01-01T00:00:00+01:00"}, headers=ADA)

    assert marked.json() == snoozed.json() == {"statusCode": 200, "message": "OK", "data": ITEM_JSON, "meta": {}}
    assert api.mark_item.calls[0][0][1:] == (ID, Mark.ARCHIVE, None)
    until = api.snooze_item.calls[0][0][2]
    assert (until.isoformat(), until.utcoffset()) == ("2026-12-31T23:00:00+00:00", timedelta(0))


async def test_answers_the_item_when_an_action_of_it_is_marked(api: Api, client: AsyncClient) -> None:
    completed = {"id": "a/b", "label": "Go", "url": None, "state": "completed", "completedAt": STAMP}
    api.mark_action.answer = Answer(replace(ITEM, actions=(*ITEM.actions, completed)))

    done = await client.post(f"/api/v1/inbox/{ID}/actions/track/complete", headers=ADA)
    await client.post(f"/api/v1/inbox/{ID}/actions/track/revert", headers={**ADA, "Idempotency-Key": "k"})

    assert done.json()["data"] == {**ITEM_JSON, "actions": [*ITEM_JSON["actions"], completed]}
    first, second = (call[0] for call in api.mark_action.calls)
    assert first[1:] == (ID, "track", ActionState.COMPLETED, None)
    assert (second[1:4], second[4].key) == ((ID, "track", ActionState.OPEN), "k")


async def test_answers_nothing_when_an_item_is_deleted(api: Api, client: AsyncClient) -> None:
    deleted = await client.delete(f"/api/v1/inbox/{ID}", headers=ADA)

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert api.delete_item.calls[0][0][1:] == (ID,)


async def test_answers_404_when_there_is_no_such_action(api: Api, client: AsyncClient) -> None:
    api.mark_action.answer = InboxActionNotFound()
    missing = await client.post(f"/api/v1/inbox/{ID}/actions/x/complete", headers=ADA)
    assert (missing.status_code, missing.json()["code"]) == (404, "inbox.action_not_found")
