"""What people want to be told: changed, logged, told why, and forgotten with them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dependency_injector import providers

from application.ports.preference_repository import LoggedChange
from application.shared.cursors import InvalidCursor
from application.subscribers.put_subscriber import PutSubscriberCommand
from container import Container
from domain.identity.errors import InvalidCredential
from domain.identity.principal import Principal, PrincipalKind
from domain.notifications.channel import Channel
from domain.preferences.preference import NO_PREFERENCES, NO_SWITCHES
from domain.preferences.resolution import Decision
from domain.preferences.writing import preferences_json, switches_json
from domain.shared.errors import InvalidInput
from domain.subscribers.subscriber import SubscriberNotFound
from domain.workflows.errors import WorkflowNotFound
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.templates.in_process import InProcessTemplates
from tests.unit.application.asking import BACKEND, TENANT, as_subscriber, subscriber
from tests.unit.application.test_audit_entries import entries
from tests.unit.application.test_workflows import events

Json = dict[str, Any]  # Any: JSON
STRANGER = Principal.system("other")
ADA = as_subscriber("ada")
INBOX: Json = {"key": "inbox", "type": "in_app", "template": {"title": "x", "body": "x"}}
WORKFLOW: Json = {"name": "W", "steps": [INBOX]}


@pytest.fixture(autouse=True)
async def templates(container: Container) -> AsyncIterator[None]:
    in_process = InProcessTemplates()
    with container.templates.override(providers.Object(in_process)):
        yield
    await in_process.stop()


@pytest.fixture(autouse=True)
async def ada(container: Container) -> None:
    """At noon of 1 January 2030, a Tuesday, it is 13:00 where she lives."""
    await put_ada(container)


async def put_ada(container: Container, principal: Principal = BACKEND) -> None:
    fields = {"timezone": "Europe/Berlin"}
    await container.put_subscriber()(PutSubscriberCommand(principal=principal, subscriber_id="ada", fields=fields))


async def patch(container: Container, body: Json, principal: Principal = ADA) -> Json:
    return preferences_json(await container.patch_preferences()(principal, "ada", body))


async def read(container: Container, principal: Principal = BACKEND) -> Json:
    return preferences_json(await container.get_preferences()(principal, "ada"))


async def refused(container: Container, body: Json) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        await patch(container, body)
    return [problem.path for problem in refusal.value.problems]


async def log(container: Container, cursor: str | None = None, limit: int = 100) -> list[LoggedChange]:
    page = await container.list_preference_changes()(BACKEND, "ada", cursor=cursor, limit=limit)
    return page.items


async def effective(container: Container, workflow: str | None = None) -> dict[Channel, Decision]:
    return dict((await container.get_effective_preferences()(ADA, "ada", workflow)).decisions)


async def noted(container: Container) -> list[tuple[str, str, str, Json]]:
    """Actors, actions, targets and details of the audit trail."""
    return [(one.actor, one.action, one.target, dict(one.detail)) for one in await entries(container)]


async def publish(container: Container, **fields: Any) -> None:
    await container.put_workflow()(BACKEND, "w", {**WORKFLOW, **fields})
    await container.publish_workflow()(BACKEND, "w")


async def test_only_what_is_named_changes_when_it_is_patched(container: Container) -> None:
    first: Json = {
        "global": {"channels": {"sms": False}},
        "categories": {"a.b": {"enabled": False}},
        "quietHours": {"weekly": {"monday": [{"start": "22:00", "end": "07:00"}]}, "letThrough": ["high"]},
    }
    assert await patch(container, first) == {**first, "quietHours": {"enabled": True, **first["quietHours"]}}
    changes = {
        "global": {"enabled": True, "channels": {"sms": None, "push": False}},
        "categories": {"a.b": None},
        "workflows": {"w": {"channels": {"email": False}}},
        "quietHours": {
            "timezone": "Asia/Tokyo",
            "weekly": {"monday": [], "sunday": [{"start": "00:00", "end": "24:00"}]},
        },
        "doNotDisturb": {"until": "2030-01-02T00:00:00+01:00"},
    }
    whole = await patch(container, changes)

    assert whole == await read(container) == await read(container, ADA)
    assert whole == {
        "global": {"enabled": True, "channels": {"push": False}},
        "workflows": {"w": {"channels": {"email": False}}},
        "quietHours": {
            "enabled": True,
            "timezone": "Asia/Tokyo",
            "weekly": {"sunday": [{"start": "00:00", "end": "24:00"}]},
            "letThrough": ["high"],
        },
        "doNotDisturb": {"until": "2030-01-01T23:00:00.000Z"},
    }
    assert await patch(container, dict.fromkeys(whole)) == {}
    assert await container.get_preferences()(ADA, "ada") == NO_PREFERENCES


async def test_everything_wrong_is_told_and_nothing_changes_when_it_is_refused(container: Container) -> None:
    await patch(container, {"global": {"enabled": False}})
    bad: Json = {
        "nope": 1,
        "global": {"channels": {"fax": True, "email": "yes"}},
        "workflows": {"": {}, "w": {"on": True}},
        "quietHours": {"timezone": "Mars/Base", "weekly": {"monday": [{"start": "25:00", "end": "07:00"}]}},
        "doNotDisturb": {"channels": ["fax"]},
    }
    assert sorted(await refused(container, bad)) == [
        "doNotDisturb.until",
        "global.channels.email",
        "global.channels.fax",
        "nope",
        "quietHours.timezone",
        "quietHours.weekly.monday[0].start",
        "workflows",
        "workflows.w.on",
    ]
    assert await read(container) == {"global": {"enabled": False}}
    assert len(await log(container)) == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"quiethours": None}, "quiethours"),
        ({"global": {"chanels": None}}, "global.chanels"),
        ({"global": {"channels": {"e-mail": None}}}, "global.channels.e-mail"),
        ({"workflows": {"w": {"enabeld": None}}}, "workflows.w.enabeld"),
        ({"quietHours": {"weekly": {"Monday": None}}}, "quietHours.weekly.Monday"),
        ({"global": 5}, "global"),
        ({"workflows": []}, "workflows"),
        ({"workflows": {"x" * 65: {"enabled": True}}}, "workflows"),
        ({"workflows": {f"w{number}": {"enabled": True} for number in range(1_001)}}, "workflows"),
        ({"doNotDisturb": {"until": "9999-01-01T00:00:00Z"}}, "doNotDisturb.until"),
        ({"a": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}, ""),
        ({"workflows": {"\ud800": {"enabled": True}}}, ""),
    ],
)
async def test_a_wrong_name_or_value_is_refused_when_it_is_patched(container: Container, body: Json, path: str) -> None:
    assert await refused(container, body) == [path]
    assert await read(container) == {}


async def test_what_is_taken_away_makes_room_when_there_are_as_many_as_may_be(container: Container) -> None:
    old = {f"old{number}": {"enabled": False} for number in range(1_000)}
    await patch(container, {"workflows": old})
    new = {f"new{number}": {"enabled": False} for number in range(1_000)}
    whole = await patch(container, {"workflows": {**dict.fromkeys(old), **new}})

    assert whole == {"workflows": new}


async def test_who_changed_what_is_logged_newest_first_when_it_changes(container: Container, clock: FixedClock) -> None:
    started = clock.now()
    await patch(container, {"global": {"enabled": False, "channels": {"sms": False}}})
    clock.advance(60)
    await patch(container, {"global": {"enabled": None}, "categories": {"a.b": {"enabled": True}}}, BACKEND)

    assert [(one.at, one.by, one.change.path, one.change.old, one.change.new) for one in await log(container)] == [
        (started + timedelta(seconds=60), "system:system", "global.enabled", False, None),
        (started + timedelta(seconds=60), "system:system", 'categories["a.b"].enabled', None, True),
        (started, "subscriber:ada", "global.enabled", None, False),
        (started, "subscriber:ada", "global.channels.sms", None, False),
    ]


async def test_the_log_comes_in_pages_of_one_subscriber_when_it_is_long(container: Container) -> None:
    for enabled in (True, False, True):
        await patch(container, {"global": {"enabled": enabled}})
    page = await container.list_preference_changes()(ADA, "ada", cursor=None, limit=2)
    assert [one.change.new for one in page.items] == [True, False]
    assert page.next_cursor is not None
    assert [one.change.new for one in await log(container, page.next_cursor)] == [True]

    await container.put_subscriber()(PutSubscriberCommand(principal=BACKEND, subscriber_id="bob", fields={}))
    with pytest.raises(InvalidCursor):
        await container.list_preference_changes()(BACKEND, "bob", cursor=page.next_cursor, limit=2)


async def test_others_are_told_once_when_it_changes_and_not_when_it_stays(container: Container) -> None:
    before = len(await noted(container))
    for _ in range(2):
        await patch(container, {"quietHours": {}, "global": {"enabled": False}})
    await patch(container, {"quietHours": {"channels": ["webhook", "chat", "sms", "push"]}})

    assert (await noted(container))[before:] == [
        ("subscriber:ada", "preference.update", "preference:ada", {"fields": ["global", "quietHours"], "changes": 2})
    ]
    [event] = [one for one in await events(container) if one.type == "preference.updated"]
    assert event.data == {"subscriber_id": "ada", "fields": ["global", "quietHours"]}
    assert len(await log(container)) == 2


async def test_no_change_is_lost_when_two_are_made_at_once(container: Container) -> None:
    await asyncio.gather(*(patch(container, {"workflows": {f"w{number}": {"enabled": False}}}) for number in range(10)))
    assert len((await read(container))["workflows"]) == 10
    assert len(await log(container)) == 10


async def test_the_whole_is_replaced_when_defaults_are_put(container: Container) -> None:
    before = len(await noted(container))
    first = {"global": {"channels": {"sms": False}}, "categories": {"c": {"enabled": False}}}
    put = container.put_preference_defaults()
    assert switches_json(await put(BACKEND, first)) == first
    await put(BACKEND, first)
    assert switches_json(await container.get_preference_defaults()(BACKEND)) == first
    assert await container.get_preference_defaults()(STRANGER) == NO_SWITCHES

    second = {"categories": {"c": {"enabled": False}}}
    assert switches_json(await put(BACKEND, second)) == second
    action, target = "preference.set_defaults", "preference:defaults"
    assert (await noted(container))[before:] == [
        ("system:system", action, target, {"fields": ["categories", "global"]}),
        ("system:system", action, target, {"fields": ["global"]}),
    ]
    told = [one.data for one in await events(container) if one.type == "preference.defaults_updated"]
    assert told == [{"fields": ["categories", "global"]}, {"fields": ["global"]}]
    with pytest.raises(InvalidInput) as refusal:
        await put(BACKEND, {"quietHours": {}, "global": {"enabled": 1}})
    assert [problem.path for problem in refusal.value.problems] == ["quietHours", "global.enabled"]


async def test_each_channel_says_why_when_it_is_asked_what_it_comes_to(container: Container) -> None:
    await publish(container, tags=["c"], severity="low", preferences={"channels": {"chat": False}})
    await container.put_preference_defaults()(BACKEND, {"categories": {"c": {"channels": {"webhook": False}}}})
    body = {
        "global": {"channels": {"sms": False}},
        "workflows": {"w": {"channels": {"email": False, "sms": True}}},
        "quietHours": {"weekly": {"tuesday": [{"start": "12:30", "end": "14:00"}]}},
    }
    await patch(container, body)
    found = await effective(container, "w")

    quiet, end = "preference.quiet_hours", datetime(2030, 1, 1, 13, tzinfo=UTC)
    assert {channel.value: (one.allowed, one.reason, one.held_until) for channel, one in found.items()} == {
        "in_app": (True, None, None),
        "email": (False, "preference.workflow_channel", None),
        "sms": (True, quiet, end),
        "push": (True, quiet, end),
        "chat": (False, "preference.workflow_default_channel", None),
        "webhook": (False, "preference.tenant_category_channel", None),
    }
    assert found[Channel.EMAIL].because == "the subscriber's switch for this channel of this workflow is off"
    inline = await effective(container)
    assert {one.value for one in inline if not inline[one].allowed} == {"sms"}


async def test_the_subscriber_is_not_asked_when_the_workflow_is_critical(container: Container) -> None:
    await publish(container, critical=True)
    await patch(container, {"global": {"enabled": False}})
    found = await effective(container, "w")
    assert all(one.allowed and one.reason is None for one in found.values())


async def test_a_workflow_is_not_found_when_nothing_of_it_is_published(container: Container) -> None:
    for _ in range(2):
        with pytest.raises(WorkflowNotFound):
            await effective(container, "w")
        await container.put_workflow()(BACKEND, "w", WORKFLOW)


async def test_nobody_is_found_when_the_subscriber_is_another_tenants(container: Container) -> None:
    await patch(container, {"global": {"enabled": False}})
    for call in (
        container.get_preferences()(STRANGER, "ada"),
        container.get_effective_preferences()(STRANGER, "ada", None),
        container.patch_preferences()(STRANGER, "ada", {}),
        container.list_preference_changes()(STRANGER, "ada", cursor=None, limit=1),
        container.patch_preferences()(BACKEND, "nobody", {}),
    ):
        with pytest.raises(SubscriberNotFound):
            await call


async def test_what_was_wanted_is_gone_when_the_subscriber_is_deleted(container: Container) -> None:
    await patch(container, {"global": {"enabled": False}})
    gone = await subscriber(container, "ada")
    await container.delete_subscriber()(BACKEND, "ada")
    await put_ada(container)

    reader = container.preferences_reader()
    assert await reader.get(TENANT, gone.id) == NO_PREFERENCES
    assert await reader.changes(TENANT, gone.id, before=None, limit=1) == []
    assert await read(container) == {}
    assert await log(container) == []


async def test_the_former_owner_is_refused_when_the_id_is_somebody_elses_now(
    container: Container, clock: FixedClock
) -> None:
    former = Principal(kind=PrincipalKind.SUBSCRIBER, tenant_id=TENANT, id="ada", issued_at=clock.now())
    clock.advance(3_600)
    await container.delete_subscriber()(BACKEND, "ada")
    await put_ada(container)
    for call in (
        container.get_preferences()(former, "ada"),
        container.patch_preferences()(former, "ada", {"global": {"enabled": False}}),
        container.list_preference_changes()(former, "ada", cursor=None, limit=1),
    ):
        with pytest.raises(InvalidCredential):
            await call
    assert await read(container) == {}
