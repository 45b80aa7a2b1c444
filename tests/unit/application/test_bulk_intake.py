"""Many requests in one call."""

from dataclasses import replace

import pytest

from application.notifications.send_notifications import BulkView, SendNotificationsCommand
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from container import Container
from domain.notifications.content import Recipient, Severity
from domain.notifications.delivery import Priority
from domain.shared.errors import InvalidInput
from tests.unit.application.asking import inbox, names, request, send, under_key
from tests.unit.application.due_jobs import run_due_jobs


class CutOff(Exception):
    """The caller is gone"""


def bulk(*to: str | Recipient, idempotency: Idempotency | None = None) -> SendNotificationsCommand:
    """One request for each."""
    return SendNotificationsCommand(items=[request(one) for one in to], idempotency=idempotency)


async def test_others_are_accepted_when_one_item_is_refused(container: Container) -> None:
    bad = Recipient(subscriber_id="bob", contact={"email": "nobody"})
    unread = InvalidInput("not an object")
    command = SendNotificationsCommand(items=[request("ann"), request(bad), unread, request("cid")])
    answer = (await container.send_notifications()(command)).view
    assert [item.index for item in answer.items] == [0, 1, 2, 3]
    assert [item.code for item in answer.items] == [None, "request.invalid", "request.invalid", None]
    assert answer.items[1].problems == (("to[0].email", "is not an e-mail address"),)

    await run_due_jobs(container)
    assert (len(await inbox(container, "ann")), len(await inbox(container, "cid"))) == (1, 1)
    assert await container.subscriber_reader().get("default", "bob") is None


async def test_item_is_refused_when_its_transaction_was_another_in_the_same_call(container: Container) -> None:
    items = [
        request("ann", transaction_id="t"),
        request("ann", transaction_id="t"),
        request("bob", transaction_id="t", fingerprint="another"),
        request("cid"),
    ]
    answer = (await container.send_notifications()(SendNotificationsCommand(items=items))).view
    assert answer.items[0].accepted == answer.items[1].accepted
    assert [item.code for item in answer.items] == [None, None, "notifications.transaction_conflict", None]


async def test_items_are_left_to_jobs_when_they_come_in_bulk(container: Container) -> None:
    await send(container, request("ann"))
    await container.send_notifications()(bulk("ann"))
    assert len(await inbox(container, "ann")) == 1
    await run_due_jobs(container)
    assert len(await inbox(container, "ann")) == 2


async def test_all_of_a_bulk_waits_behind_what_was_asked_for_alone(container: Container) -> None:
    urgent = request("cid", severity=Severity.HIGH)
    command = SendNotificationsCommand(items=[request("ann"), request("bob"), urgent])
    await container.send_notifications()(command)

    claimed = await container.claim_jobs()("notifications", 10)
    assert [job.priority for job in claimed] == [Priority.HIGH, Priority.BULK, Priority.BULK]


async def cut_off_after(container: Container, transactions: int, command: SendNotificationsCommand) -> None:
    left = transactions

    def until_cut_off() -> UnitOfWork:
        nonlocal left
        if not left:
            raise CutOff
        left -= 1
        return container.unit_of_work()  # type: ignore[no-any-return]

    with pytest.raises(CutOff):
        await replace(container.send_notifications(), unit_of_work=until_cut_off)(command)


async def test_repeat_goes_on_where_the_first_stopped_when_it_was_cut_off(container: Container) -> None:
    command = bulk(*names(250), idempotency=under_key("k"))
    await cut_off_after(container, 2, command)
    stored = container.memory_database().notifications.committed
    kept = {one.id for one in stored.all()}
    assert len(kept) == 200

    answer = await container.send_notifications()(command)
    assert (len(answer.view.items), answer.replayed) == (250, False)
    ids = [item.accepted.id for item in answer.view.items if item.accepted]
    assert (len(set(ids)), set(ids[:200])) == (250, kept)
    assert len(stored.all()) == 250


async def test_whole_answer_is_replayed_when_a_finished_call_is_repeated(container: Container) -> None:
    command = bulk(*names(120), idempotency=under_key("k"))
    first: Answer[BulkView] = await container.send_notifications()(command)
    again = await container.send_notifications()(command)
    assert (first.replayed, again.replayed, again.view) == (False, True, first.view)
    assert len(container.memory_database().notifications.committed.all()) == 120
