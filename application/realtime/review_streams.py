"""Who may not keep a stream open."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from application.ports.stream_hub import StreamHolder
from application.subscribers.ports import SubscriberReader

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewStreams:
    """Find the holders whose subscriber was deleted since, made anew under the same id included."""

    subscribers: SubscriberReader

    async def __call__(self, holders: Collection[StreamHolder]) -> Collection[StreamHolder]:
        refused: list[StreamHolder] = []
        for tenant_id, some in _pages(holders):
            known = await self.subscribers.get_many(tenant_id, {holder.principal.id for holder in some})
            refused += [
                holder
                for holder in some
                if (subscriber := known.get(holder.principal.id)) is None or subscriber.id != holder.stream_id
            ]
        return refused


def _pages(holders: Collection[StreamHolder]) -> Iterator[tuple[str, list[StreamHolder]]]:
    by_tenant: defaultdict[str, list[StreamHolder]] = defaultdict(list)
    for holder in holders:
        by_tenant[holder.principal.tenant_id].append(holder)
    for tenant_id, theirs in by_tenant.items():
        rest = iter(theirs)
        while some := list(islice(rest, PAGE)):
            yield tenant_id, some
