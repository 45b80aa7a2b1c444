"""What is noted of whom, by the use cases that change something."""

from datetime import timedelta

import pytest

from application.audit.verify_audit import VerifyAudit
from application.subscribers.put_subscriber import PutSubscriberCommand
from application.subscribers.put_subscribers import PutSubscribersCommand
from application.tenancy.install_default_tenant import FirstCredentials
from container import Container
from domain.audit.chain import ChainHead
from domain.audit.entry import AuditAction, AuditEntry
from domain.identity.principal import Principal
from domain.shared.errors import CarillonError
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import BACKEND, make_topic, request, send, under_key

ME = f"{BACKEND.kind.value}:{BACKEND.id}"
Noted = tuple[str, str, dict[str, object]]


def put(subscriber_id: str = "ann", *, partial: bool = False, **fields: object) -> PutSubscriberCommand:
    return PutSubscriberCommand(principal=BACKEND, subscriber_id=subscriber_id, fields=fields, partial=partial)


async def entries(container: Container) -> list[AuditEntry]:
    async with container.unit_of_work() as uow:
        await uow.relay.seal_audit(container.scope(), 1_000)
        await uow.commit()
    page = await container.audit_reader().page(BACKEND.tenant_id, after=0, limit=1_000)
    return [sealed.recorded.entry for sealed in page]


async def noted(container: Container) -> list[Noted]:
    """Actions, targets and details; all of them ours, now."""
    every = await entries(container)
    assert {(entry.actor, entry.at) for entry in every} <= {(ME, container.clock().now())}
    return [(entry.action, entry.target, dict(entry.detail)) for entry in every]


async def test_names_of_fields_and_no_values_are_noted_when_a_subscriber_is_put_and_patched(
    container: Container,
) -> None:
    await container.put_subscriber()(put(email="ann@example.org", firstName="Ann"))
    await container.put_subscriber()(put(email="ann@example.net"))
    await container.patch_subscriber()(put(partial=True, phone="+4915112345678", channels={}))

    assert await noted(container) == [
        ("subscriber.create", "subscriber:ann", {"fields": ["email", "firstName"]}),
        ("subscriber.update", "subscriber:ann", {"fields": ["email"]}),
        ("subscriber.update", "subscriber:ann", {"fields": ["channels", "phone"]}),
    ]


async def test_each_subscriber_is_noted_once_when_many_are_put_and_the_call_is_repeated(container: Container) -> None:
    command = PutSubscribersCommand(
        items=[put("ann"), put("bob", email="not an address"), put("cid", partial=True)], idempotency=under_key("k")
    )
    await container.put_subscribers()(command)
    await container.put_subscribers()(command)

    assert [(action, target) for action, target, _ in await noted(container)] == [
        ("subscriber.create", "subscriber:ann"),
        ("subscriber.create", "subscriber:cid"),
    ]


async def test_deleting_and_issuing_a_token_are_noted_when_they_were_done(container: Container) -> None:
    await container.put_subscriber()(put())
    await container.issue_subscriber_token()(BACKEND, "ann")
    await container.delete_subscriber()(BACKEND, "ann")

    assert (await noted(container))[1:] == [
        ("token.issue", "subscriber:ann", {}),
        ("subscriber.delete", "subscriber:ann", {}),
    ]


async def test_changes_of_a_topic_are_noted_when_it_lives_and_dies(container: Container) -> None:
    await container.put_topic()(BACKEND, "news", "News")
    await container.put_topic()(BACKEND, "news", "The news")
    await container.add_topic_subscribers()(BACKEND, "news", ["ann", "bob"])
    await container.add_topic_subscribers()(BACKEND, "news", ["ann"])
    await container.remove_topic_subscribers()(BACKEND, "news", ["ann", "nobody"])
    await container.remove_topic_subscribers()(BACKEND, "news", ["nobody"])
    await container.delete_topic()(BACKEND, "news")

    assert await noted(container) == [
        ("topic.create", "topic:news", {"fields": ["name"]}),
        ("topic.update", "topic:news", {"fields": ["name"]}),
        ("topic.add_subscribers", "topic:news", {"added": 2}),
        ("topic.remove_subscribers", "topic:news", {"removed": 1}),
        ("topic.delete", "topic:news", {}),
    ]


async def test_cancelling_is_noted_once_when_it_is_asked_for_twice(container: Container) -> None:
    later = container.clock().now() + timedelta(hours=1)
    sent = await send(container, request("ann", send_at=later))
    await container.cancel_notification()(BACKEND, sent.id)
    await container.cancel_notification()(BACKEND, sent.id)

    assert await noted(container) == [("notification.cancel", f"notification:{sent.id}", {})]


async def test_nothing_is_noted_when_it_was_refused(container: Container) -> None:
    await make_topic(container, "news", [])
    before = await noted(container)
    for refused in (
        container.patch_subscriber()(put("nobody", partial=True)),
        container.put_subscriber()(put(email="not an address")),
        container.delete_subscriber()(BACKEND, "nobody"),
        container.issue_subscriber_token()(BACKEND, "nobody"),
        container.delete_topic()(BACKEND, "none"),
        container.remove_topic_subscribers()(BACKEND, "none", ["ann"]),
    ):
        with pytest.raises(CarillonError):
            await refused

    assert await noted(container) == before


async def test_the_installation_is_the_first_entry_when_the_database_was_empty(container: Container) -> None:
    for _ in range(2):
        await container.install_default_tenant()(FirstCredentials(admin_email="admin@example.org"))

    assert [(entry.action, entry.actor, entry.target, dict(entry.detail)) for entry in await entries(container)] == [
        (AuditAction.TENANT_INSTALL, f"system:{Principal.system('default').id}", "tenant:default", {})
    ]


async def test_verifying_goes_on_over_pages_when_there_are_many(
    container: Container, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.audit.verify_audit.PAGE", 2)
    for number in range(5):
        clock.advance(1)
        await container.put_topic()(BACKEND, f"t{number}", None)
    await entries(container)
    verify: VerifyAudit = container.verify_audit()

    assert ((await verify("default")).entries, (await verify("default")).fault) == (5, None)
    assert ((await verify("none")).entries, await container.audit_reader().head("none")) == (0, ChainHead())
