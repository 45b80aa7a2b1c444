"""Drafts, versions and what is sent of a workflow."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from dependency_injector import providers

from application.ports.event_relay import SealedEvent
from application.workflows.ports import WorkflowFilter
from application.workflows.views import WorkflowView
from container import Container
from domain.workflows.errors import (
    WorkflowEditConflict,
    WorkflowInvalid,
    WorkflowNotFound,
    WorkflowNotPublished,
    WorkflowVersionNotFound,
)
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.templates.in_process import InProcessTemplates
from tests.unit.application.asking import BACKEND, TENANT
from tests.unit.application.test_audit_entries import noted

Json = dict[str, Any]  # Any: JSON
INBOX: Json = {"key": "inbox", "type": "in_app", "template": {"title": "Hi {{ payload.name }}", "body": "x"}}
HELLO: Json = {"name": "Hello", "steps": [INBOX]}


@pytest.fixture(autouse=True)
async def templates(container: Container) -> AsyncIterator[None]:
    in_process = InProcessTemplates()
    with container.templates.override(providers.Object(in_process)):
        yield
    await in_process.stop()


async def put(container: Container, body: Json = HELLO, key: str = "hello") -> WorkflowView:
    view, _ = await container.put_workflow()(BACKEND, key, body)
    return view


async def published(container: Container, key: str = "hello") -> tuple[int, str] | None:
    """The number of what is sent, and its name."""
    found = await container.workflow_versions().published(TENANT, key)
    return None if found is None else (found.version.number, found.version.definition().name)


async def events(container: Container) -> list[SealedEvent]:
    async with container.unit_of_work() as uow:
        await uow.relay.seal(container.scope(), 1_000)
        found: list[SealedEvent] = await uow.relay.read_after(container.scope(), 0, 1_000)
        await uow.commit()
    return found


async def problems(container: Container, body: Json, key: str = "hello") -> list[str]:
    with pytest.raises(WorkflowInvalid) as refusal:
        await put(container, body, key)
    return [problem.path for problem in refusal.value.problems]


async def test_a_draft_is_sent_by_nobody_when_it_is_new(container: Container) -> None:
    view, created = await container.put_workflow()(BACKEND, "hello", HELLO)

    assert created
    assert (view.key, view.active, view.published, view.draft.changed, view.revision) == ("hello", True, None, True, 1)
    assert view.definition["steps"] == [INBOX]
    assert view.definition["severity"] == "none"
    assert await container.get_workflow()(BACKEND, "hello") == view
    assert await published(container) is None


async def test_what_is_sent_stays_when_the_draft_changes(container: Container, clock: FixedClock) -> None:
    await put(container)
    first = await container.publish_workflow()(BACKEND, "hello", "the first")
    clock.advance(60)
    view = await put(container, {**HELLO, "name": "Hello again"})

    assert (first.number, first.note, first.published_by) == (1, "the first", "system:system")
    assert await published(container) == (1, "Hello")
    assert view.draft.changed
    assert view.published is not None
    assert (view.published.version, view.draft.updated_at) == (1, clock.now())
    second = await container.publish_workflow()(BACKEND, "hello")
    assert (second.number, await published(container)) == (2, (2, "Hello again"))
    assert not (await container.get_workflow()(BACKEND, "hello")).draft.changed


async def test_no_version_is_made_when_the_draft_says_nothing_new(container: Container) -> None:
    await put(container)
    first = await container.publish_workflow()(BACKEND, "hello", "the first")
    view = await put(container, {**HELLO, "tags": [], "layout": None})
    again = await container.publish_workflow()(BACKEND, "hello", "again")

    assert again == first
    assert view.revision == 2  # The publication.
    assert [one.type for one in await events(container)] == ["workflow.created", "workflow.published"]


async def test_a_copy_is_sent_and_the_draft_stays_when_it_is_rolled_back(container: Container) -> None:
    for name in ("One", "Two"):
        await put(container, {**HELLO, "name": name})
        await container.publish_workflow()(BACKEND, "hello")
    await put(container, {**HELLO, "name": "Three"})
    third = await container.roll_back_workflow()(BACKEND, "hello", 1)

    assert (third.number, third.restores, third.note) == (3, 1, "rolled back to 1")
    assert await published(container) == (3, "One")
    view = await container.get_workflow()(BACKEND, "hello")
    assert (view.definition["name"], view.draft.changed) == ("Three", True)
    page = await container.list_workflow_versions()(BACKEND, "hello", cursor=None, limit=2)
    assert [one.number for one in page.items] == [3, 2]
    rest = await container.list_workflow_versions()(BACKEND, "hello", cursor=page.next_cursor, limit=2)
    assert ([one.number for one in rest.items], rest.next_cursor) == ([1], None)
    assert (await container.get_workflow_version()(BACKEND, "hello", 2)).definition["name"] == "Two"
    again = await container.roll_back_workflow()(BACKEND, "hello", 1)
    assert again == third


async def test_only_its_own_versions_are_rolled_back_to_when_a_key_is_used_again(container: Container) -> None:
    await put(container)
    await container.publish_workflow()(BACKEND, "hello")
    await container.delete_workflow()(BACKEND, "hello")
    await put(container, {**HELLO, "name": "Another"})
    with pytest.raises(WorkflowVersionNotFound):
        await container.roll_back_workflow()(BACKEND, "hello", 1)
    with pytest.raises(WorkflowVersionNotFound):
        await container.get_workflow_version()(BACKEND, "hello", 1)
    second = await container.publish_workflow()(BACKEND, "hello")

    assert second.number == 2
    old = await container.workflow_versions().of(TENANT, "hello", 1)
    assert old is not None
    assert old.definition().name == "Hello"


async def test_some_fields_change_when_it_is_patched(container: Container) -> None:
    await put(container, {**HELLO, "tags": ["a"], "description": "Says hello"})
    view = await container.patch_workflow()(BACKEND, "hello", {"name": "Hi", "tags": None, "active": False})

    assert (view.definition["name"], view.definition["tags"], view.active) == ("Hi", [], False)
    assert view.definition["description"] == "Says hello"
    assert await container.get_workflow()(BACKEND, "hello") == view
    same = await container.patch_workflow()(BACKEND, "hello", {"name": "Hi", "active": False})
    assert same == view


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": None}, "name"),
        ({"steps": []}, "steps"),
        ({"colour": None}, "colour"),
        ({"colour": "x"}, "colour"),
        ({"active": None}, "active"),
        ({"active": "yes"}, "active"),
        ({"revision": -1}, "revision"),
        ({"key": "other"}, "key"),
    ],
)
async def test_it_stays_when_a_patch_is_refused(container: Container, body: Json, path: str) -> None:
    before = await put(container)
    with pytest.raises(WorkflowInvalid) as refusal:
        await container.patch_workflow()(BACKEND, "hello", {"tags": ["new"], **body})
    assert [problem.path for problem in refusal.value.problems] == [path]
    assert await container.get_workflow()(BACKEND, "hello") == before


async def test_a_stale_edit_is_refused_when_it_says_what_it_saw(container: Container) -> None:
    seen = await put(container, {**HELLO, "revision": 0})
    await put(container, {**HELLO, "name": "Theirs", "revision": seen.revision})
    for attempt in (
        container.put_workflow()(BACKEND, "hello", {**HELLO, "revision": seen.revision}),
        container.put_workflow()(BACKEND, "hello", {**HELLO, "revision": 0}),
        container.put_workflow()(BACKEND, "other", {**HELLO, "revision": 1}),
        container.patch_workflow()(BACKEND, "hello", {"name": "Ours", "revision": seen.revision}),
    ):
        with pytest.raises(WorkflowEditConflict):
            await attempt
    assert (await container.get_workflow()(BACKEND, "hello")).definition["name"] == "Theirs"


async def test_one_of_two_patches_is_refused_when_they_come_at_once(container: Container) -> None:
    await put(container)
    patches = [container.patch_workflow()(BACKEND, "hello", {"description": text}) for text in ("a", "b")]
    outcomes = await asyncio.gather(*patches, return_exceptions=True)
    assert [type(one) for one in outcomes].count(WorkflowEditConflict) == 1


async def test_every_part_is_asked_when_a_definition_is_checked(container: Container) -> None:
    body = {
        "name": "x",
        "payloadSchema": {"type": "parrot"},
        "translations": {"de": {"hello": "Hallo {{ name"}},
        "steps": [
            {"key": "a", "type": "sms", "template": {"body": "{% no %}"}, "locales": {"de": {"body": "{{ x | y"}}},
            {"key": "b", "type": "email", "template": {"subject": "x", "mjml": "<mjml><mj-body></mjml>"}},
            {"key": "c", "type": "digest", "digest": {"cron": "99 * * * *", "timezone": "Mars/Olympus", "key": "{{"}},
            {"key": "d", "type": "delay", "delay": {"until": "{% if %}"}},
            {"key": "e", "type": "throttle", "throttle": {"limit": 1, "window": "1h", "key": "{{ 1 | 2 }}"}},
            {"key": "f", "type": "http", "http": {"method": "GET", "url": "https://x/{{", "headers": {"a": "{% x %}"}}},
            {"key": "G"},
        ],
        "revision": "one",
    }  # fmt: skip
    found = await problems(container, body, key="No Key")
    assert found == [
        "key",
        "revision",
        "steps[6].key",
        "steps[6].type",
        "payloadSchema.type",
        "steps[2].digest.timezone",
        "steps[2].digest.cron",
        "translations.de.hello",
        "steps[0].template.body",
        "steps[0].locales.de.body",
        "steps[1].template.mjml",
        "steps[2].digest.key",
        "steps[3].delay.until",
        "steps[4].throttle.key",
        "steps[5].http.url",
        "steps[5].http.headers.a",
    ]
    assert (await container.list_workflows()(BACKEND, WorkflowFilter(), cursor=None, limit=5)).items == []


async def test_what_differs_is_told_when_two_are_compared(container: Container) -> None:
    await put(container)
    compare = container.compare_workflow()
    with pytest.raises(WorkflowNotPublished):
        await compare(BACKEND, "hello", "published", "draft")
    await container.publish_workflow()(BACKEND, "hello")
    await put(container, {**HELLO, "steps": [{**INBOX, "skip": True}, {**INBOX, "key": "two"}]})
    found = await compare(BACKEND, "hello", "published", "draft")

    assert (found.before, found.after) == (1, None)
    assert [step.key for step in found.difference.added] == ["two"]
    assert [step.key for step in found.difference.changed] == ["inbox"]
    assert (await compare(BACKEND, "hello", 1, "published")).difference.same
    with pytest.raises(WorkflowVersionNotFound):
        await compare(BACKEND, "hello", 2, "draft")


async def test_it_is_noted_and_told_when_something_happens(container: Container) -> None:
    await put(container)
    await container.publish_workflow()(BACKEND, "hello")
    await container.patch_workflow()(BACKEND, "hello", {"name": "Two", "active": False})
    await container.publish_workflow()(BACKEND, "hello")
    await container.roll_back_workflow()(BACKEND, "hello", 1)
    await container.delete_workflow()(BACKEND, "hello")

    assert await noted(container) == [
        ("workflow.create", "workflow:hello", {"fields": ["name", "steps"]}),
        ("workflow.publish", "workflow:hello", {"version": 1}),
        ("workflow.update", "workflow:hello", {"fields": ["active", "name"]}),
        ("workflow.publish", "workflow:hello", {"version": 2}),
        ("workflow.roll_back", "workflow:hello", {"version": 3, "restores": 1}),
        ("workflow.delete", "workflow:hello", {}),
    ]
    told = [
        (one.type, {name: value for name, value in one.data.items() if name != "digest"})
        for one in await events(container)
    ]
    assert told == [
        ("workflow.created", {"key": "hello"}),
        ("workflow.published", {"key": "hello", "version": 1}),
        ("workflow.updated", {"key": "hello", "fields": ["name", "active"], "active": False}),
        ("workflow.published", {"key": "hello", "version": 2}),
        ("workflow.rolled_back", {"key": "hello", "version": 3, "restores": 1}),
        ("workflow.deleted", {"key": "hello"}),
    ]


async def test_pages_hold_together_when_there_are_many(container: Container) -> None:
    for number in range(5):
        await put(container, key=f"w{number}")
    found: list[str] = []
    cursor = None
    while True:
        page = await container.list_workflows()(BACKEND, WorkflowFilter(), cursor=cursor, limit=2)
        found += [one.key for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == ["w4", "w3", "w2", "w1", "w0"]


async def test_it_is_not_found_when_it_is_unknown(container: Container) -> None:
    for attempt in (
        container.get_workflow()(BACKEND, "none"),
        container.patch_workflow()(BACKEND, "none", {"name": "x"}),
        container.delete_workflow()(BACKEND, "none"),
        container.publish_workflow()(BACKEND, "none"),
        container.roll_back_workflow()(BACKEND, "none", 1),
        container.list_workflow_versions()(BACKEND, "none", cursor=None, limit=1),
        container.get_workflow_version()(BACKEND, "none", 1),
        container.compare_workflow()(BACKEND, "none", "draft", "draft"),
    ):
        with pytest.raises(WorkflowNotFound):
            await attempt
