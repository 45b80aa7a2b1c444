"""What must hold after every run, whatever was killed: pure functions over facts.

Each yields a sentence per violation. A check that cannot be made yet stands here all the same, and fails on the day
when what it is about exists.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from domain.audit.chain import ChainHead, fault_at_end, follow
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import FINAL, TRANSITIONS, DeliveryStatus
from domain.realtime.cursor import Cursor
from tests.faults.facts import Facts, Frame, Heard, StoredAttempt, StoredNotification

ALLOWED = frozenset((before, after) for (before, _), after in TRANSITIONS.items())
# Times come from two clocks, the store's and the process's, and are cut to milliseconds.
TOLERANCE = timedelta(milliseconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """An invariant that does not hold."""

    invariant: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.detail}"


def acknowledged_posts_are_stored_once(facts: Facts) -> Iterator[str]:
    """I1: every acknowledged POST, repeats included, has exactly one notification, with all of its deliveries."""
    stored: dict[str, list[StoredNotification]] = defaultdict(list)
    for notification in facts.notifications:
        stored[notification.key].append(notification)
    written = _written(facts)
    for post in facts.posts:
        found = stored.pop(post.key, [])
        ids = {notification.id for notification in found}
        if len(found) > 1 or (post.answers and not found):
            yield f"{post.key} has {len(found)} notifications and was acknowledged {len(post.answers)} times"
        if set(post.answers) - ids:
            yield f"{post.key} was told {sorted(map(str, set(post.answers) - ids))}, which is not stored"
        for notification in found:
            yield from _differences(post.key, post.expected, written[notification.id])
    yield from (f"nobody asked for {key!r}: {len(found)} notifications" for key, found in stored.items())


def _written(facts: Facts) -> dict[UUID, Counter[tuple[str, str]]]:
    written: dict[UUID, Counter[tuple[str, str]]] = defaultdict(Counter)
    for delivery in facts.deliveries:
        written[delivery.notification_id][delivery.target, delivery.channel] += 1
    return written


def _differences(key: str, expected: frozenset[tuple[str, str]], written: Counter[tuple[str, str]]) -> Iterator[str]:
    yield from (f"{key} has no delivery to {target} over {channel}" for target, channel in expected - set(written))
    yield from (f"{key} has a delivery to {target} nobody asked for" for target, _ in set(written) - expected)
    yield from (f"{key} has {number} deliveries to {what}" for what, number in written.items() if number > 1)


def deliveries_end_once(facts: Facts) -> Iterator[str]:
    """I2: every delivery has exactly one final status, which never changes, by the steps that there are."""
    ends: Counter[UUID] = Counter()
    last: dict[UUID, DeliveryStatus] = {}
    for change in facts.changes:
        if change.before in FINAL:
            yield f"{change.delivery_id} was {change.before} and became {change.after}"
        elif (change.before, change.after) not in ALLOWED:
            yield f"{change.delivery_id} went from {change.before} to {change.after}, which no rule allows"
        if change.before != last.get(change.delivery_id, change.before):
            yield f"{change.delivery_id} was {last[change.delivery_id]} and then left {change.before}"
        ends[change.delivery_id] += change.after in FINAL
        last[change.delivery_id] = change.after
    yield from (f"{delivery_id} ended {number} times" for delivery_id, number in ends.items() if number > 1)
    for delivery in facts.deliveries:
        if delivery.status not in FINAL:
            yield f"{delivery.id} over {delivery.channel} is still {delivery.status}"
        if last.get(delivery.id, delivery.status) is not delivery.status:
            yield f"{delivery.id} is {delivery.status}, last seen becoming {last[delivery.id]}"


def what_was_sent_had_an_effect(facts: Facts) -> Iterator[str]:
    """I3: whatever is `sent` has an effect outside or an inbox item, and every effect belongs to a delivery."""
    done = {effect.id for effect in facts.effects}
    shown = {item.id for item in facts.items}
    for delivery in facts.deliveries:
        if delivery.status is DeliveryStatus.SENT:
            in_app = delivery.channel == Channel.IN_APP
            if (delivery.id not in shown) if in_app else (str(delivery.id) not in done):
                yield f"{delivery.id} over {delivery.channel} is sent, and nothing came of it"
    known = {(str(delivery.id), delivery.channel) for delivery in facts.deliveries}
    for effect in {(effect.id, effect.channel) for effect in facts.effects} - known:
        yield f"{effect[1]} was sent for {effect[0]}, which is no delivery"


def duplicates_are_bounded(facts: Facts) -> Iterator[str]:
    """I4: no more repeats than work was in flight when somebody was killed, or answers were lost; in the app none."""
    bound = facts.kills * facts.slots + _ambiguous(facts)
    if (found := duplicates(facts)) > bound:
        yield f"{found} effects were repeated, {bound} may be"
    in_app = {each.id for each in facts.deliveries if each.channel == Channel.IN_APP}
    items = Counter((item.notification_id, item.recipient_id) for item in facts.items)
    yield from (f"{number} inbox items of {owner}" for owner, number in items.items() if number > 1)
    yield from (f"inbox item {item.id} has no delivery" for item in facts.items if item.id not in in_app)


def duplicates(facts: Facts) -> int:
    """Effects beyond the first of each delivery."""
    return sum(number - 1 for number in Counter(effect.id for effect in facts.effects).values())


def _ambiguous(facts: Facts) -> int:
    return sum(attempt.outcome == AttemptOutcome.AMBIGUOUS for attempt in facts.attempts)


def streams_have_no_gaps(facts: Facts) -> Iterator[str]:
    """I5: what a follower received, repeats apart, is each update of the stream in order, up to its head."""
    for subscriber, frames in facts.received.items():
        last: Cursor | None = None
        for frame in frames:
            if frame.heard is Heard.RESET:
                yield f"{subscriber} was told of a gap at {frame.place}"
            elif last is not None and not _follows(last, frame):
                yield f"{subscriber} got {frame.place} after {last}"
            last = frame.place if last is None or frame.place > last else last
        if last != facts.heads.get(subscriber):
            yield f"{subscriber} ended at {last}, its stream at {facts.heads.get(subscriber)}"


def _follows(last: Cursor, frame: Frame) -> bool:
    place = frame.place
    if place.epoch != last.epoch:
        return False
    return place.seq <= last.seq + (frame.heard is Heard.UPDATE)


def attempts_do_not_overlap(facts: Facts) -> Iterator[str]:
    """I6: of one delivery, a try begins when the one before it is over."""
    by_delivery: dict[UUID, list[StoredAttempt]] = defaultdict(list)
    for attempt in facts.attempts:
        by_delivery[attempt.delivery_id].append(attempt)
    for delivery_id, attempts in by_delivery.items():
        ordered = sorted(attempts, key=lambda each: (each.started_at, each.finished_at))
        for earlier, later in pairwise(ordered):
            if later.started_at < earlier.finished_at - TOLERANCE:
                yield f"{delivery_id}: {later.outcome} at {later.started_at} while {earlier.outcome} ran"
    yield from _strangers("attempt", facts, by_delivery)


def _strangers(what: str, facts: Facts, delivery_ids: Iterable[UUID]) -> Iterator[str]:
    known = {delivery.id for delivery in facts.deliveries}
    yield from (
        f"{what} of {delivery_id}, which is no delivery" for delivery_id in delivery_ids if delivery_id not in known
    )


def audit_chain_verifies(facts: Facts) -> Iterator[str]:
    """I7: the chain of each tenant has no gap and no fork, and ends where it is said to."""
    for tenant_id in {sealed.recorded.entry.tenant_id for sealed in facts.audit} | set(facts.audit_heads):
        chain = [sealed for sealed in facts.audit if sealed.recorded.entry.tenant_id == tenant_id]
        followed, fault = follow(ChainHead(), chain)
        fault = fault or fault_at_end(followed, facts.audit_heads.get(tenant_id, ChainHead()))
        if fault is not None:
            yield f"entry {fault.position} of tenant {tenant_id} is {fault.flaw}"


def counts_equal_rows(facts: Facts) -> Iterator[str]:
    """I8: the counts of a notification are those of its deliveries. `/metrics` belongs here as soon as it is served."""
    rows: dict[UUID, Counter[str]] = defaultdict(Counter)
    for delivery in facts.deliveries:
        waiting = delivery.status in {DeliveryStatus.PENDING, DeliveryStatus.SENDING}
        rows[delivery.notification_id]["pending" if waiting else delivery.status.value] += 1
    for notification in facts.notifications:
        told = {name: number for name, number in notification.counts.items() if number}
        if told != rows[notification.id]:
            yield f"{notification.key} counts {told}, its deliveries are {dict(rows[notification.id])}"


def no_lease_is_forgotten(facts: Facts) -> Iterator[str]:
    """I9: a lease that nobody prolongs is taken over within another one's length."""
    oldest = facts.now - timedelta(seconds=facts.lease_seconds)
    for lease in facts.leases:
        if lease.deadline < oldest:
            yield f"{lease.kind} {lease.id} is leased, which ran out at {lease.deadline}"


Invariant = Callable[[Facts], Iterator[str]]
INVARIANTS: Mapping[str, Invariant] = {
    "I1": acknowledged_posts_are_stored_once,
    "I2": deliveries_end_once,
    "I3": what_was_sent_had_an_effect,
    "I4": duplicates_are_bounded,
    "I5": streams_have_no_gaps,
    "I6": attempts_do_not_overlap,
    "I7": audit_chain_verifies,
    "I8": counts_equal_rows,
    "I9": no_lease_is_forgotten,
}


def violations(facts: Facts) -> list[Violation]:
    """Everything that does not hold."""
    return [
        Violation(invariant=name, detail=detail)
        for name, invariant in INVARIANTS.items()
        for detail in invariant(facts)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A run in numbers, in the classes in which queues fail.

    `lost` was acknowledged and never ended; `recovered` was sent although somebody died with it.
    """

    posts: int
    deliveries: int
    effects: int
    lost: int
    unexpected: int
    duplicated: int
    allowed_duplicates: int
    recovered: int


def totals(facts: Facts) -> Totals:
    """The run in numbers."""
    known = {str(delivery.id) for delivery in facts.deliveries}
    abandoned = {each.delivery_id for each in facts.attempts if each.outcome == AttemptOutcome.ABANDONED}
    return Totals(
        posts=len(facts.posts),
        deliveries=len(facts.deliveries),
        effects=len(facts.effects),
        lost=_lost(facts),
        unexpected=sum(effect.id not in known for effect in facts.effects),
        duplicated=duplicates(facts),
        allowed_duplicates=facts.kills * facts.slots + _ambiguous(facts),
        recovered=sum(each.id in abandoned and each.status is DeliveryStatus.SENT for each in facts.deliveries),
    )


def _lost(facts: Facts) -> int:
    ended: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
    for delivery in facts.deliveries:
        if delivery.status in FINAL:
            ended[delivery.notification_id].add((delivery.target, delivery.channel))
    return sum(len(post.expected - ended[answer]) for post in facts.posts for answer in set(post.answers))
