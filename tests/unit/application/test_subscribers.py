"""Changing subscribers, and what can be read of them."""

from base64 import b64encode
from typing import Any

import pytest

from application.subscribers.put_subscriber import PutSubscriberCommand
from application.subscribers.put_subscribers import PutSubscribersCommand
from application.subscribers.views import SubscriberView
from container import Container
from domain.notifications.channel import Channel
from domain.shared.errors import InvalidInput
from domain.subscribers.subscriber import SubscriberNotFound
from tests.unit.application.asking import BACKEND, counters, names, request, send, subscriber, under_key

SECRET = "whsec_" + b64encode(b"a secret of thirty-two bytes ok!").decode()
WEBHOOK = {"webhook": {"url": "https://hooks.example.com/ann", "secret": SECRET}}
FULL = {
    "email": "ann@example.com",
    "phone": "+491701234567",
    "firstName": "Ann",
    "lastName": "Bee",
    "avatar": "https://example.com/ann.png",
    "locale": "de",
    "timezone": "Europe/Berlin",
    "data": {"plan": "pro"},
    "channels": WEBHOOK,
}


def fields(changes: dict[str, Any], name: str = "ann", *, partial: bool = False) -> PutSubscriberCommand:
    return PutSubscriberCommand(principal=BACKEND, subscriber_id=name, fields=changes, partial=partial)


async def put(container: Container, **changes: Any) -> tuple[SubscriberView, bool]:
    return await container.put_subscriber()(fields(changes))


async def patch(container: Container, **changes: Any) -> SubscriberView:
    return await container.patch_subscriber()(fields(changes))


async def test_what_is_missing_is_cleared_when_a_subscriber_is_put_again(container: Container) -> None:
    assert (await put(container, **FULL))[1] is True
    view, created = await put(container, email="new@example.com")
    assert (view.email, created) == ("new@example.com", False)
    cleared = (view.phone, view.first_name, view.last_name, view.avatar, view.locale, view.timezone)
    assert (set(cleared), view.data, view.channels) == ({None}, {}, {})


async def test_inbox_stays_when_a_subscriber_is_put_again(container: Container) -> None:
    await send(container, request("ann"))
    await put(container, email="new@example.com")
    assert await counters(container, "ann") == (1, 1)


async def test_null_clears_and_the_rest_stays_when_patched(container: Container) -> None:
    await put(container, **FULL)
    view = await patch(container, phone=None, data=None, firstName="Anna")
    assert (view.phone, view.data, view.first_name) == (None, {}, "Anna")
    assert (view.email, view.last_name, view.locale) == ("ann@example.com", "Bee", "de")


async def test_secret_can_still_be_used_when_other_fields_are_patched(container: Container) -> None:
    await put(container, **FULL)
    await patch(container, firstName="Anna")
    address = container.address_book().address(await subscriber(container, "ann"), Channel.WEBHOOK)
    assert address == WEBHOOK["webhook"]


async def test_nobody_is_created_when_an_unknown_one_is_patched(container: Container) -> None:
    with pytest.raises(SubscriberNotFound):
        await patch(container, email="ann@example.com")


async def test_secrets_are_never_read_back_when_a_subscriber_has_some(container: Container) -> None:
    slack = {"slack": {"webhookUrl": "https://hooks.slack.com/services/T/B/x"}}
    written, _ = await put(container, channels={**WEBHOOK, **slack})
    read = await container.get_subscriber()(BACKEND, "ann")
    [listed] = (await container.list_subscribers()(BACKEND, cursor=None, limit=10)).items
    patched = await patch(container, firstName="Anna")
    for view in (written, read, listed, patched):
        assert view.channels == {"webhook": {"url": "https://hooks.example.com/ann"}, "slack": {}}
    stored = repr(await subscriber(container, "ann"))
    assert SECRET not in stored
    assert "services/T/B/x" not in stored


BAD = {
    "email": "nobody",
    "phone": "0170",
    "locale": "not a language",
    "timezone": "Mars/Olympus",
    "channels": {
        "webhook": {"url": "ftp://example.com", "secret": "short"},
        "pigeon": {"loft": "7"},
        "push": {"tokens": "t"},
    },
}
PATHS = [
    "channels.pigeon",
    "channels.push.tokens",
    "channels.webhook.secret",
    "channels.webhook.url",
    "email",
    "locale",
    "phone",
    "timezone",
]


@pytest.mark.parametrize("write", [put, patch])
async def test_every_bad_contact_point_is_told_when_there_are_several(container: Container, write: Any) -> None:
    await put(container, firstName="Ann")
    before = await subscriber(container, "ann")
    with pytest.raises(InvalidInput) as refusal:
        await write(container, **BAD)
    assert sorted(problem.path for problem in refusal.value.problems) == PATHS
    assert await subscriber(container, "ann") == before


async def test_others_are_written_when_one_item_of_a_bulk_is_refused(container: Container) -> None:
    unreadable = InvalidInput("unreadable")
    items = (fields({"firstName": "A"}, "ann"), fields(BAD, "bob"), unreadable, fields({}, "cid"))
    answer = (await container.put_subscribers()(PutSubscribersCommand(items=items))).view
    assert [(item.index, item.code, item.created) for item in answer.items] == [
        (0, None, True),
        (1, "request.invalid", False),
        (2, "request.invalid", False),
        (3, None, True),
    ]
    assert sorted(path for path, _ in answer.items[1].problems) == PATHS
    assert await container.subscriber_reader().get("default", "bob") is None


async def test_whole_answer_is_replayed_when_a_bulk_is_repeated_under_its_key(container: Container) -> None:
    command = PutSubscribersCommand(items=[fields({}, name) for name in names(250)], idempotency=under_key("k"))
    first = await container.put_subscribers()(command)
    again = await container.put_subscribers()(command)
    assert (first.replayed, again.replayed, again.view) == (False, True, first.view)
    assert {item.created for item in again.view.items} == {True}
