"""A request that is repeated while the first one runs."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from application.notifications.send_notifications import SendNotificationsCommand
from application.shared.idempotency import Answer, Idempotency, IdempotencyInProgress
from application.shared.run_once import run_once
from application.subscribers.put_subscriber import PutSubscriberCommand
from application.subscribers.put_subscribers import PutSubscribersCommand
from container import Container
from domain.shared.errors import Conflict
from tests.unit.application.asking import BACKEND, names, request

KEY = Idempotency(tenant_id="default", key="k1", scope="s", fingerprint="f")
IMPATIENCE = 0.05

Call = Callable[[Container], Awaitable[Answer[Any]]]  # Any: a view of whatever kind


async def _answer(_: object) -> str:
    return "done"


async def single(container: Container) -> Answer[Any]:  # Any: see above
    return await run_once(container.unit_of_work, KEY, str, _answer, patience=IMPATIENCE)


async def many_notifications(container: Container) -> Answer[Any]:  # Any: see above
    command = SendNotificationsCommand(items=[request("ann"), request("bob")], idempotency=KEY)
    return await replace(container.send_notifications(), patience=IMPATIENCE)(command)


async def many_subscribers(container: Container) -> Answer[Any]:  # Any: see above
    items = [PutSubscriberCommand(principal=BACKEND, subscriber_id=name, fields={}) for name in names(2)]
    command = PutSubscribersCommand(items=items, idempotency=KEY)
    return await replace(container.put_subscribers(), patience=IMPATIENCE)(command)


every_call = pytest.mark.parametrize("call", [single, many_notifications, many_subscribers])


@every_call
async def test_repeat_is_told_to_come_again_when_the_first_does_not_end(container: Container, call: Call) -> None:
    async with container.unit_of_work():
        with pytest.raises(IdempotencyInProgress) as refused:
            await call(container)

    assert isinstance(refused.value, Conflict)
    assert refused.value.retry_after > 0


@every_call
async def test_repeat_is_answered_like_the_first_when_that_has_ended(container: Container, call: Call) -> None:
    first = await call(container)
    again = await call(container)

    assert (first.replayed, again.replayed, again.view) == (False, True, first.view)


@every_call
async def test_key_is_free_when_a_repeat_was_told_to_come_again(container: Container, call: Call) -> None:
    async with container.unit_of_work():
        with pytest.raises(IdempotencyInProgress):
            await call(container)

    assert (await call(container)).replayed is False
