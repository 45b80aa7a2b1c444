"""How workers claim, send and report."""

from typing import Annotated

from msgspec import field

from infrastructure.config.parsers import seconds, words
from infrastructure.config.section import Section, key, nested

# Long enough for a slow relay, short enough that a dead one does not hold a slot; below the lease of 15 s.
SEND_TIMEOUT = 10.0


class WorkerSlots(Section, frozen=True, kw_only=True):
    """Sends in flight at once, per channel: a slow channel never takes another one's room."""

    email: Annotated[int, key("EMAIL", "Relays commonly allow about this many connections.", ge=1, le=1_000)] = 20
    webhook: Annotated[
        int, key("WEBHOOK", "Receivers are many and slow, and each waits up to 10 s.", ge=1, le=1_000)
    ] = 50
    sms: Annotated[int, key("SMS", "Gateways limit each account.", ge=1, le=1_000)] = 20
    push: Annotated[int, key("PUSH", "Push services are quick and take many at once.", ge=1, le=1_000)] = 50
    chat: Annotated[int, key("CHAT", "Chat services limit each workspace.", ge=1, le=1_000)] = 20


class WorkerSettings(Section, frozen=True, kw_only=True):
    """Worker"""

    queues: Annotated[
        tuple[str, ...],
        key("WORKER_QUEUES", "Queues that a worker claims from; `--queues` narrows it.", parse=words, min_length=1),
    ] = ("default", "notifications", "reports", "maintenance")
    lease_seconds: Annotated[
        float,
        key(
            "WORKER_LEASE",
            "After so long without a heartbeat a worker counts as dead; three heartbeats, so that one may be lost.",
            parse=seconds,
            ge=1,
            le=300,
        ),
    ] = 15.0
    heartbeat_seconds: Annotated[
        float,
        key(
            "WORKER_HEARTBEAT",
            "How often a worker renews all its leases at once.",
            parse=seconds,
            depends="a third of WORKER_LEASE",
            ge=0.1,
            le=150,
        ),
    ] = 5.0
    sweep_seconds: Annotated[
        float,
        key(
            "WORKER_SWEEP",
            "How often due rows are looked for without a wake-up: the most that a lost one delays.",
            parse=seconds,
            ge=0.05,
            le=60,
        ),
    ] = 1.0
    flush_rows: Annotated[
        int, key("WORKER_FLUSH_ROWS", "Results that are written together; one commit costs the same.", ge=1, le=500)
    ] = 20
    flush_ms: Annotated[
        int, key("WORKER_FLUSH_MS", "Results wait at most this long for company; nobody notices 20 ms.", ge=1, le=1_000)
    ] = 20
    job_slots: Annotated[
        int, key("QUEUE_CONCURRENCY", "Jobs of each queue in flight at once in one worker process.", ge=1, le=1_000)
    ] = 10
    slots: Annotated[WorkerSlots, nested("WORKER_SLOTS_")] = field(default_factory=WorkerSlots)
    send_timeout: Annotated[
        float,
        key(
            "WORKER_SEND_TIMEOUT",
            "Total time of one try through one provider; below the lease, so that no send outlives its claim.",
            parse=seconds,
            depends="two thirds of WORKER_LEASE, 10 s at most",
            ge=0.1,
            le=120,
        ),
    ] = SEND_TIMEOUT
