"""What recipients have switched off is not sent."""

from typing import Any

from container import Container
from domain.notifications.channel import Channel
from domain.preferences.preference import PreferenceSet, SubscriberPreferences, Switches
from tests.unit.application.asking import (
    TENANT,
    deliveries,
    inbox,
    make_topic,
    request,
    send,
    subscriber,
    topic,
    with_email,
)
from tests.unit.application.due_jobs import run_due_jobs

BOTH = (Channel.IN_APP, Channel.EMAIL)
NO_MAIL = Switches(everything=PreferenceSet(channels={"email": False}))


async def prefers(container: Container, name: str, switches: Switches) -> None:
    person = await subscriber(container, name)
    async with container.unit_of_work() as uow:
        await uow.preferences.save(TENANT, person.id, SubscriberPreferences(switches=switches))
        await uow.commit()


async def outcomes(container: Container, *to: str, **fields: Any) -> dict[tuple[str, str], tuple[str, str | None]]:
    sent = await send(container, request(*(with_email(name) for name in to), **fields))
    found = await deliveries(container, sent.id)
    return {(each.subscriber_id, each.channel): (each.status, each.reason) for each in found}


async def test_a_channel_is_suppressed_for_whoever_has_switched_it_off(container: Container) -> None:
    await outcomes(container, "ann", "bob", channels=BOTH)
    await prefers(container, "ann", NO_MAIL)

    assert await outcomes(container, "ann", "bob", channels=BOTH) == {
        ("ann", "in_app"): ("sent", None),
        ("ann", "email"): ("suppressed", "preference.channel"),
        ("bob", "in_app"): ("sent", None),
        ("bob", "email"): ("pending", None),
    }
    assert len(await inbox(container, "ann")) == 2


async def test_a_category_is_suppressed_when_the_notification_bears_its_tag(container: Container) -> None:
    await outcomes(container, "ann", channels=BOTH)
    await prefers(container, "ann", Switches(categories={"marketing": PreferenceSet(enabled=False)}))

    asked_for = await outcomes(container, "ann", channels=BOTH, tags=("marketing",))
    other = await outcomes(container, "ann", channels=BOTH, tags=("orders",))

    assert {reason for _, reason in asked_for.values()} == {"preference.category"}
    assert {reason for _, reason in other.values()} == {None}
    assert len(await inbox(container, "ann")) == 2


async def test_the_tenants_switches_count_for_all_until_somebody_has_an_opinion(container: Container) -> None:
    await outcomes(container, "ann", "bob", channels=BOTH)
    async with container.unit_of_work() as uow:
        await uow.preferences.save_defaults(TENANT, NO_MAIL)
        await uow.commit()
    await prefers(container, "bob", Switches(everything=PreferenceSet(channels={"email": True})))

    found = await outcomes(container, "ann", "bob", channels=BOTH)

    assert found["ann", "email"] == ("suppressed", "preference.tenant_channel")
    assert found["bob", "email"] == ("pending", None)


async def test_single_routing_takes_the_first_channel_that_is_wanted(container: Container) -> None:
    await outcomes(container, "ann", channels=BOTH)
    await prefers(container, "ann", NO_MAIL)

    found = await outcomes(container, "ann", channels=(Channel.EMAIL, Channel.IN_APP), routing="single")

    assert found == {("ann", "in_app"): ("sent", None)}


async def test_members_of_a_topic_have_their_wishes_too_when_a_job_writes_them(container: Container) -> None:
    await outcomes(container, "ann", "bob", channels=BOTH)
    await prefers(container, "ann", NO_MAIL)
    await make_topic(container, "news", ["ann", "bob"])

    sent = await send(container, request(topic("news"), channels=(Channel.EMAIL,)))
    await run_due_jobs(container)
    found = {each.subscriber_id: each.reason for each in await deliveries(container, sent.id)}

    assert found == {"ann": "preference.channel", "bob": None}
