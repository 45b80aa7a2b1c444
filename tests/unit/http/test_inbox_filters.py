"""Filters of the inbox as callers write them, in queries and in bodies."""

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient

from application.inbox.views import BulkMarkView, FilterCountView, InboxCounts, InboxCountsView, InboxPage
from application.shared.idempotency import Answer
from domain.inbox.filter import InboxFilter
from domain.inbox.item import Mark
from domain.realtime.cursor import Cursor
from tests.unit.http.stand_in import ADA, Api

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


async def test_marks_what_the_body_means_and_what_is_listed_without_one_when_all_are_marked(
    api: Api, client: AsyncClient
) -> None:
    api.mark_inbox.answer = Answer(BulkMarkView(updated=3))
    bodies = [
        ("seen", {"tags": ["orders", "news"], "severity": ["low", "high"]}),
        ("read", {"tags": [["orders", "news"], ["eu"]], "data": {"k": 1}, "workflow": ["w"], "archived": None}),
        ("unread", {"read": True, "createdAfter": "2026-01-01T01:00:00+01:00"}),
        ("unarchive", {"seen": True, "snoozed": None}),
        ("unarchive", {"archived": False}),
    ]

    for verb, body in bodies:
        answered = await client.post(f"/api/v1/inbox/{verb}-all", json=body, headers=ADA)
        assert (answered.status_code, answered.json()["data"]) == (200, {"updated": 3})
    await client.post("/api/v1/inbox/archive-all", headers=ADA)

    commands = [call[0][0] for call in api.mark_inbox.calls]
    assert [(command.mark, command.wanted) for command in commands] == [
        (Mark.SEEN, InboxFilter(tags=(("orders", "news"),), severities=("low", "high"))),
        (
            Mark.READ,
            InboxFilter(tags=(("orders", "news"), ("eu",)), data={"k": 1}, workflows=("w",), archived=None),
        ),
        (Mark.UNREAD, InboxFilter(read=True, created_after=NEW_YEAR)),
        (Mark.UNARCHIVE, InboxFilter(seen=True, archived=True, snoozed=None)),
        (Mark.UNARCHIVE, InboxFilter(archived=False)),
        (Mark.ARCHIVE, InboxFilter()),
    ]


async def test_answers_one_count_for_each_filter_when_several_are_counted(api: Api, client: AsyncClient) -> None:
    api.count_inbox_filters.answer = lambda _, filters: [
        FilterCountView(filter=wanted, count=InboxCounts(unread=index, total=9)) for index, wanted in enumerate(filters)
    ]
    filters = [
        {},
        {"tags": ["a"], "archived": True},
        {"tags": [["a"], ["b"]], "createdBefore": "2026-01-01T00:00:00.000Z"},
    ]

    counted = await client.post("/api/v1/inbox/counts", json={"filters": filters}, headers=ADA)

    assert counted.json()["data"] == [
        {"filter": wanted, "count": {"unread": index, "unseen": 0, "total": 9}} for index, wanted in enumerate(filters)
    ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", InboxFilter()),
        ("tags=a,b&tags=c", InboxFilter(tags=(("a", "b"), ("c",)))),
        ("tags=a%2Cb", InboxFilter(tags=(("a", "b"),))),
        (r"tags=a\,b,c", InboxFilter(tags=(("a,b", "c"),))),
        (r"tags=\\,\,&tags=a\b", InboxFilter(tags=(("\\", ","), ("a\\b",)))),
        ("severity=low&severity=high,none", InboxFilter(severities=("low", "high", "none"))),
        (
            "read=false&seen=true&archived=true&snoozed=true",
            InboxFilter(read=False, seen=True, archived=True, snoozed=True),
        ),
        ("workflow=w1,w2", InboxFilter(workflows=("w1", "w2"))),
        ('data={"k":1,"b":true,"t":"x%26y","n":null}', InboxFilter(data={"k": 1, "b": True, "t": "x&y", "n": None})),
        (
            "createdAfter=2026-01-01T01:00:00%2B01:00&createdBefore=2026-01-02T00:00:00Z",
            InboxFilter(created_after=NEW_YEAR, created_before=datetime(2026, 1, 2, tzinfo=UTC)),
        ),
    ],
)
async def test_lists_and_counts_what_the_query_means_when_it_says_so(
    api: Api, client: AsyncClient, query: str, wanted: InboxFilter
) -> None:
    by_severity = dict.fromkeys(("none", "low", "medium", "high"), InboxCounts())
    api.list_inbox.answer = InboxPage(items=[], limit=7, next_cursor=None, stream_cursor=Cursor(1, 0))
    api.count_inbox.answer = InboxCountsView(overall=InboxCounts(), by_severity=by_severity)

    listed = await client.get(f"/api/v1/inbox?limit=7&{query}", headers=ADA)
    counted = await client.get(f"/api/v1/inbox/count?{query}", headers=ADA)

    assert (listed.status_code, counted.status_code) == (200, 200), listed.text
    assert (api.list_inbox.calls[0][0][1], api.list_inbox.calls[0][1]["limit"]) == (wanted, 7)
    assert api.count_inbox.calls[0][1] == {"wanted": wanted}


@pytest.mark.parametrize(
    ("query", "status", "path"),
    [
        ("tags=", 422, "tags[0][0]"),
        ("tags=a,,b", 422, "tags[0][1]"),
        ("tags=a&tags=" + "x" * 65, 422, "tags[1][0]"),
        ("tags=a%09", 422, "tags[0][0]"),
        ("tags=" + ",".join("a" * 21), 422, "tags[0]"),
        ("&".join(["tags=a"] * 21), 422, "tags"),
        ("workflow=", 422, "workflow[0]"),
        ("severity=urgent", 422, "severity[0]"),
        ("read=yes", 422, "read"),
        ("data=", 422, "data"),
        ("data=[1]", 422, "data"),
        ('data={"k":[1]}', 422, "data[...]"),
        ('data={"k":"\\u0000"}', 422, "data"),
        ('data={"k":18446744073709551616}', 422, "data[...]"),
        ("data={}" + " " * 2048, 422, "data"),
        ("data=" + "[" * 2000, 422, "data"),
        ("createdAfter=yesterday", 422, "createdAfter"),
        ("createdAfter=1969-12-31T23:59:59Z", 422, "createdAfter"),
        ("data={}&data={}", 400, None),
        ("limit=1&tag=a", 400, None),
        ("tags=%ff%fe=&%ff", 400, None),
        ("&".join(["tags=a"] * 51), 400, None),
    ],
)
async def test_refuses_with_the_place_when_a_query_makes_no_filter(
    api: Api, client: AsyncClient, query: str, status: int, path: str | None
) -> None:
    refused = await client.get(f"/api/v1/inbox?{query}", headers=ADA)

    assert (refused.status_code, [one["path"] for one in refused.json()["errors"]]) == (status, [path] if path else [])
    assert not api.list_inbox.calls


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"tags": ["a", ["b"]]}, "tags"),
        ({"tags": [[]]}, "tags[0]"),
        ({"tags": [[["a"]]]}, "tags[0][0]"),
        ({"tags": "a"}, "tags"),
        ({"tags": ["a"] * 21}, "tags"),
        ({"severity": ["urgent"]}, "severity[0]"),
        ({"read": "true"}, "read"),
        ({"data": {"k": {}}}, "data[...]"),
        ({"data": {"k": 2**63}}, "data[...]"),
        ({"data": {str(number): 1 for number in range(21)}}, "data"),
        ({"data": {"x" * 256: 1}}, "data"),
        ({"createdBefore": "2026-01-01"}, "createdBefore"),
        ({"createdBefore": "0001-01-01T00:00:00+14:00"}, "createdBefore"),
        ({"tag": ["a"]}, "tag"),
    ],
)
async def test_refuses_with_the_place_when_a_body_makes_no_filter(
    api: Api, client: AsyncClient, body: dict[str, Any], path: str
) -> None:
    marked = await client.post("/api/v1/inbox/read-all", json=body, headers=ADA)
    counted = await client.post("/api/v1/inbox/counts", json={"filters": [{}, body]}, headers=ADA)

    assert (marked.status_code, counted.status_code) == (422, 422), marked.text
    assert [one["path"] for one in marked.json()["errors"]] == [path]
    assert [one["path"] for one in counted.json()["errors"]] == [f"filters[1].{path}"]
    assert api.mark_inbox.calls == api.count_inbox_filters.calls == []


@pytest.mark.parametrize("filters", [[], [{}] * 21, {}, None])
async def test_refuses_when_there_are_no_filters_or_too_many(api: Api, client: AsyncClient, filters: Any) -> None:
    refused = await client.post("/api/v1/inbox/counts", json={"filters": filters}, headers=ADA)

    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "filters")
    assert not api.count_inbox_filters.calls
