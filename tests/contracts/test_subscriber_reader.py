"""SubscriberReader: what is committed, of one tenant, newest first."""

from tests.contracts.samples import Samples
from tests.contracts.stores import Store


async def test_many_are_read_by_the_callers_own_ids(store: Store, make: Samples) -> None:
    ann = await make.add_subscriber("ann")
    bob = await make.add_subscriber("bob")

    found = await store.subscribers.get_many(ann.tenant_id, ["ann", "bob", "nobody"])

    assert found == {"ann": ann, "bob": bob}


async def test_nobody_is_read_when_nobody_is_named(store: Store, make: Samples) -> None:
    ann = await make.add_subscriber("ann")

    assert await store.subscribers.get_many(ann.tenant_id, []) == {}
