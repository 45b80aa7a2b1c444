"""Repeats of requests that were accepted once and would be refused by now."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from application.notifications.send_notifications import SendNotificationsCommand
from application.shared.idempotency import IdempotencyKeyReused
from container import Container
from domain.notifications.channel import Channel
from domain.notifications.errors import IntakeOverloaded, TransactionConflict
from domain.shared.errors import CarillonError, InvalidInput
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import request, send, under_key

NAMED: dict[str, dict[str, Any]] = {  # Any: fields of several types
    "key": {"idempotency": under_key("k")},
    "transaction": {"transaction_id": "t"},
}
Change = Callable[[Container, FixedClock], None]


def expire(_container: Container, clock: FixedClock) -> None:
    clock.advance(3_600)


def overload(container: Container, _clock: FixedClock) -> None:
    container.intake_gauge().lags[Channel.IN_APP] = 10_000.0


CHANGES: dict[type[CarillonError], Change] = {InvalidInput: expire, IntakeOverloaded: overload}


@pytest.mark.parametrize("refusal", CHANGES)
@pytest.mark.parametrize("named", NAMED)
async def test_first_answer_is_given_again_when_the_request_would_be_refused_by_now(
    container: Container, clock: FixedClock, refusal: type[CarillonError], named: str
) -> None:
    command = request("ann", expires_at=clock.now() + timedelta(minutes=5), **NAMED[named])
    first = await send(container, command)

    CHANGES[refusal](container, clock)

    again = await container.send_notification()(command)
    assert (again.view, again.replayed) == (first, named == "key")
    with pytest.raises(refusal):
        await send(container, request("ann", expires_at=command.expires_at))


async def test_another_body_is_refused_as_such_when_it_would_be_refused_anyway(
    container: Container, clock: FixedClock
) -> None:
    soon = clock.now() + timedelta(minutes=5)
    for named in NAMED.values():
        await send(container, request("ann", expires_at=soon, **named))
    clock.advance(3_600)

    with pytest.raises(TransactionConflict):
        await send(container, request("bob", expires_at=soon, transaction_id="t", fingerprint="other"))
    other = replace(under_key("k"), fingerprint="other")
    with pytest.raises(IdempotencyKeyReused):
        await send(container, request("bob", expires_at=soon, idempotency=other))


async def test_refused_key_stays_free_when_nothing_was_accepted_under_it(
    container: Container, clock: FixedClock
) -> None:
    late = request("ann", expires_at=clock.now() - timedelta(minutes=5), **NAMED["key"])
    with pytest.raises(InvalidInput):
        await send(container, late)

    assert (await container.send_notification()(request("ann", **NAMED["key"]))).replayed is False


async def test_bulk_goes_on_at_the_item_that_could_not_be_taken_when_it_is_repeated_under_its_key(
    container: Container,
) -> None:
    lags = container.intake_gauge().lags
    items = [request("ann"), request("bob", channels=(Channel.EMAIL,)), request("cid")]
    command = SendNotificationsCommand(items=items, idempotency=under_key("k"))
    lags[Channel.EMAIL] = 10_000.0
    with pytest.raises(IntakeOverloaded):
        await container.send_notifications()(command)
    [kept] = container.memory_database().notifications.committed.all()

    lags.clear()
    answer = await container.send_notifications()(command)
    assert [item.code for item in answer.view.items] == [None, None, None]
    assert answer.view.items[0].accepted is not None
    assert (answer.view.items[0].accepted.id, answer.replayed) == (kept.id, False)
    assert len(container.memory_database().notifications.committed.all()) == len(items)


async def test_others_are_accepted_when_an_item_cannot_be_taken_and_there_is_no_key(container: Container) -> None:
    container.intake_gauge().lags[Channel.EMAIL] = 10_000.0
    items = [request("ann"), request("bob", channels=(Channel.EMAIL,)), request("cid")]
    answer = await container.send_notifications()(SendNotificationsCommand(items=items))

    assert [item.code for item in answer.view.items] == [None, "system.overloaded", None]


async def test_item_of_a_bulk_is_answered_again_when_its_transaction_has_expired(
    container: Container, clock: FixedClock
) -> None:
    item = request("ann", expires_at=clock.now() + timedelta(minutes=5), transaction_id="t")
    command = SendNotificationsCommand(items=[item])
    first = (await container.send_notifications()(command)).view
    clock.advance(3_600)

    late = SendNotificationsCommand(items=[item, request("bob", expires_at=item.expires_at)])
    again, refused = (await container.send_notifications()(late)).view.items
    assert again.accepted == first.items[0].accepted
    assert refused.code == "request.invalid"
