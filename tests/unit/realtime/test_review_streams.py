"""Who may not keep a stream."""

from application.ports.stream_hub import StreamHolder
from application.realtime.review_streams import ReviewStreams
from domain.identity.principal import PrincipalKind
from domain.subscribers.subscriber import Subscriber
from tests.unit.realtime.store import Store, caller


def holder_of(subscriber: Subscriber) -> StreamHolder:
    principal = caller(PrincipalKind.SUBSCRIBER, subscriber.subscriber_id, subscriber.tenant_id)
    return StreamHolder(stream_id=subscriber.id, principal=principal)


async def test_holders_are_refused_when_their_subscriber_was_deleted_or_made_anew() -> None:
    store = Store()
    ann, bob, eve = await store.add("ann"), await store.add("bob"), await store.add("eve")
    other = await store.add("ann", "other")
    holders = [holder_of(each) for each in (ann, bob, eve, other)]
    await store.delete("bob")
    await store.delete("eve")
    await store.add("eve")

    refused = await ReviewStreams(subscribers=store.subscribers())(holders)

    assert list(refused) == [holder_of(bob), holder_of(eve)]


async def test_everyone_is_looked_up_when_there_are_many() -> None:
    store = Store()
    holders = [holder_of(await store.add(f"u{number}")) for number in range(1_100)]
    await store.delete("u1099")

    assert list(await ReviewStreams(subscribers=store.subscribers())(holders)) == [holders[-1]]
