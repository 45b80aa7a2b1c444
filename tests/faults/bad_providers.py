"""Providers that answer badly, and the one worker that asks them."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from application.ports.notification_channel import ChannelProvider
from domain.notifications.attempt import Attempt
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import FINAL, DeliveryStatus
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.channels.email.smtp import SmtpProvider
from infrastructure.channels.provider_chain import ProviderChain
from infrastructure.channels.webhook.standard import StandardWebhookProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.config.mail import SmtpSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.system.circuit_breaker import BreakerStates
from infrastructure.system.clock import SystemClock
from tests.integration.channels.http_sink import Reply, raw
from tests.unit.worker.world import World, until

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
# As many at once: with the ten failures that open a breaker that is all it may cost.
SLOTS = 10
RELAY = "relay"
# What a busy machine may need beside what is waited for.
MARGIN_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a number of deliveries: their attempts, how long it took, and how much memory was held at once."""

    attempts: Sequence[Attempt]
    seconds: float
    peak: int


def world_of(channel: Channel, provider: ChannelProvider) -> World:
    """A worker whose one channel has one provider. Breakers go by the clock that tests turn."""
    world = World(plan={"slots": {channel: SLOTS}})
    world.channels[channel] = ProviderChain(channel, [provider])
    world.breakers = BreakerStates(now=lambda: world.clock.now().timestamp())
    return world


@asynccontextmanager
async def webhooks(timeout: float) -> AsyncIterator[World]:
    """A worker that sends webhooks to this machine, each within `timeout` seconds."""
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    provider = StandardWebhookProvider("webhook", client, SystemClock(), default_secret=SECRET, timeout=timeout)
    try:
        yield world_of(Channel.WEBHOOK, provider)
    finally:
        await client.stop()


@asynccontextmanager
async def mails(port: int, timeout: float) -> AsyncIterator[World]:
    """A worker that sends mail through a relay at this port, each within `timeout` seconds."""
    composer = EmailComposer("no-reply@carillon.example", FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC)))
    provider = SmtpProvider(RELAY, SmtpSettings(host="127.0.0.1", port=port, tls="none", timeout=timeout), composer)
    try:
        yield world_of(Channel.EMAIL, provider)
    finally:
        await provider.stop()


async def tried(world: World, channel: Channel, count: int, url: str, *, limit: float) -> Tried:
    """Send so many notifications, and wait until each has had its turn, `limit` seconds at most."""
    began = time.monotonic()
    tracemalloc.start()
    try:
        async with world.working():
            deliveries = await world.notify(count, channel, address={"url": url})
            await until(lambda: had_their_turn(world), limit + MARGIN_SECONDS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    attempts = [attempt for each in deliveries for attempt in world.attempts(each)]
    return Tried(attempts=attempts, seconds=time.monotonic() - began, peak=peak)


def had_their_turn(world: World) -> bool:
    """Whether each has ended or waits, for its next round or for the one relay to be asked again."""
    left = world.breakers.is_open(RELAY)
    return all(
        each.status in FINAL or (each.status is DeliveryStatus.PENDING and (left or world.due_in(each) > 0))
        for each in world.deliveries()
    )


def trickle(text: bytes, *, head: bytes = b"") -> Reply:
    """After the head one byte in a second."""
    return raw(head, *(bytes([byte]) for byte in text), pause=1.0)


def flood(head: bytes, piece: bytes, times: int) -> Reply:
    """After the head the piece, again and again."""
    return raw(head, *[piece] * times)


async def silence(_writer: asyncio.StreamWriter) -> None:
    """Nothing, for ever."""
    await asyncio.Event().wait()
