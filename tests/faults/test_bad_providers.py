"""F-15: providers that answer badly, through the real drivers, the breakers and the worker."""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.channels.provider_words import MAX_DETAIL_BYTES
from infrastructure.system.circuit_breaker import FAILURES_TO_OPEN, PAUSE_SECONDS
from tests.faults.bad_providers import SLOTS, flood, had_their_turn, mails, silence, trickle, tried, webhooks
from tests.integration.channels.certificates import tls_contexts
from tests.integration.channels.http_sink import HttpSink, Reply, answer, http_sink, raw, reset
from tests.unit.worker.assembly import SCHEDULE
from tests.unit.worker.world import all_in, until

OK, RETRY, UNCLEAR = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.AMBIGUOUS
PERMANENT = AttemptOutcome.RECIPIENT_PERMANENT
# What opens a breaker, and what was on its way by then.
MOST_FAILURES = 20
MEGABYTE = 1_000_000
# The server's own: one piece for each connection, and what its socket does not take. All answers together are more.
MOST_MEMORY = 3 * SLOTS * MEGABYTE
PIECE = b"x" * MEGABYTE
BASE, DAY = SCHEDULE.delays[0], 86_400.0
# How many, and the total time of one try: the specification's are for the night.
PATIENT_SECONDS = 10.0
LOADS = [pytest.param(5, 1.0, id="few"), pytest.param(100, 10.0, id="many", marks=pytest.mark.nightly)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How the endpoint answers, and what a try comes to."""

    reply: Reply
    outcome: AttemptOutcome
    codes: frozenset[str | None] = frozenset({None})
    waits: bool = False

    @property
    def blamed(self) -> bool:
        """Whether it is the endpoint's fault, and no other delivery's luck would be better."""
        return self.outcome in {RETRY, UNCLEAR}


LARGE = b"content-length: 10000000\r\n\r\n"
FAULTS = {
    "500": Fault(reply=answer(500, b"down"), outcome=RETRY, codes=frozenset({"webhook.http_500"})),
    "hang": Fault(reply=silence, outcome=UNCLEAR, codes=frozenset({"webhook.timeout"}), waits=True),
    "reset": Fault(reply=reset, outcome=UNCLEAR, codes=frozenset({"webhook.reset", "webhook.protocol"})),
    "slow head": Fault(
        reply=trickle(b"HTTP/1.1 200 OK\r\n"), outcome=UNCLEAR, codes=frozenset({"webhook.timeout"}), waits=True
    ),
    # The status counts; what follows is read for as long as there is time.
    "slow body": Fault(
        reply=trickle(b"x" * 100, head=b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"), outcome=OK, waits=True
    ),
    "10 MB of success": Fault(reply=flood(b"HTTP/1.1 200 OK\r\n" + LARGE, PIECE, 10), outcome=OK),
    "10 MB of failure": Fault(
        reply=flood(b"HTTP/1.1 503 No\r\n" + LARGE, PIECE, 10), outcome=RETRY, codes=frozenset({"webhook.http_503"})
    ),
    "redirect loop": Fault(
        reply=answer(307, location="/hook"), outcome=PERMANENT, codes=frozenset({"webhook.redirect"})
    ),
}


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.mark.parametrize(("count", "timeout"), LOADS)
@pytest.mark.parametrize("name", FAULTS)
async def test_f15_every_try_has_its_class_in_time_and_memory_when_the_endpoint_answers_badly(
    sink: HttpSink, name: str, count: int, timeout: float
) -> None:
    fault = FAULTS[name]
    sink.otherwise = fault.reply
    # What is answered at once is not about time: a machine that stands still for a second must not change its class.
    timeout = timeout if fault.waits else PATIENT_SECONDS
    async with webhooks(timeout) as world:
        seen = await tried(world, Channel.WEBHOOK, count, sink.url(), limit=timeout * math.ceil(count / SLOTS))

    assert {each.outcome for each in seen.attempts} == {fault.outcome}
    assert {each.error_code for each in seen.attempts} <= fault.codes
    assert len(seen.attempts) == len(sink.requests)
    assert len(sink.requests) in (range(min(count, FAILURES_TO_OPEN), MOST_FAILURES + 1) if fault.blamed else [count])
    assert fault.waits is (seen.seconds >= timeout)
    assert seen.peak < MOST_MEMORY
    assert all(len((each.detail or "").encode()) <= MAX_DETAIL_BYTES for each in seen.attempts)


@pytest.mark.parametrize("secure", [True, False], ids=["bad TLS", "reset after accept"])
async def test_f15_nothing_was_sent_when_there_was_no_connection(tmp_path: Path, secure: bool) -> None:
    server, _ = tls_contexts(tmp_path, "localhost")
    async with http_sink(server if secure else None) as sink, webhooks(5.0) as world:
        if not secure:
            sink.accept = reset
        url = sink.url(host="localhost", scheme="https" if secure else "http")
        seen = await tried(world, Channel.WEBHOOK, 30, url, limit=5.0)

    assert sink.requests == []
    assert {each.error_code for each in seen.attempts} == {"webhook.tls" if secure else "webhook.reset"}
    assert {each.outcome for each in seen.attempts} <= ({RETRY} if secure else {RETRY, UNCLEAR})
    assert FAILURES_TO_OPEN <= len(seen.attempts) <= MOST_FAILURES


async def test_f15_breaker_closes_and_everything_arrives_when_the_endpoint_has_recovered(sink: HttpSink) -> None:
    sink.otherwise = answer(500)
    async with webhooks(5.0) as world:
        await tried(world, Channel.WEBHOOK, 30, sink.url(), limit=5.0)
        failed, opened = len(sink.requests), world.breakers.is_open(breaker_of(sink))
        sink.otherwise = answer(200)
        async with world.working():
            world.clock.advance(PAUSE_SECONDS)
            # One of them finds out; who came meanwhile is not asked for, and waits.
            await until(lambda: not world.breakers.is_open(breaker_of(sink)) and had_their_turn(world), 20)
            recovered = len(sink.requests) > failed
            world.clock.advance(PAUSE_SECONDS)
            await until(all_in([DeliveryStatus.SENT], world), 20)

    assert (opened, recovered) == (True, True)
    assert FAILURES_TO_OPEN <= failed <= MOST_FAILURES
    assert len(sink.requests) == failed + 30


def breaker_of(sink: HttpSink) -> str:
    return f"webhook 127.0.0.1:{sink.port}"


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("1000000000", DAY),
        ("999999999999999999999999", BASE),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("Wed, 21 Oct 2015 07:28:00 GMT", BASE),
        ("0", BASE),
        ("-5", BASE),
        ("soon", BASE),
        ("1e9", BASE),
        ("\xb2", BASE),
        ("60", 60.0),
    ],
)
async def test_f15_next_round_is_within_its_bounds_when_the_endpoint_asks_for_anything(
    sink: HttpSink, asked: str, waits: float
) -> None:
    sink.otherwise = answer(429, retry_after=asked)
    async with webhooks(5.0) as world:
        await tried(world, Channel.WEBHOOK, 5, sink.url(), limit=5.0)
        times = [world.due_in(each) for each in world.deliveries()]

    assert times == [waits] * 5
    assert not world.breakers.is_open(breaker_of(sink))


GREETING = b"220 mx.test\r\n"
RELAYS = {
    "hang": (silence, "smtp.timeout"),
    "reset": (reset, None),
    "slow greeting": (trickle(GREETING * 10), "smtp.timeout"),
    "endless greeting": (flood(b"", (b"220-" + b"x" * 500 + b"\r\n") * 2_000, 10), None),
    "endless line": (flood(b"220 ", PIECE, 10), None),
    "421": (trickle(b"", head=b"421 4.3.2 going down\r\n"), "smtp.service_unavailable"),
}


@pytest.mark.parametrize(("count", "timeout"), LOADS)
@pytest.mark.parametrize("name", RELAYS)
async def test_f15_mails_wait_for_another_round_when_the_relay_answers_badly(
    sink: HttpSink, name: str, count: int, timeout: float
) -> None:
    sink.accept, code = RELAYS[name]
    async with mails(sink.port, timeout) as world:
        seen = await tried(world, Channel.EMAIL, count, "", limit=timeout * math.ceil(count / SLOTS))

    assert {each.outcome for each in seen.attempts} == {RETRY}
    assert code is None or {each.error_code for each in seen.attempts} == {code}
    assert min(count, FAILURES_TO_OPEN) <= len(seen.attempts) <= MOST_FAILURES
    assert seen.peak < MOST_MEMORY


async def test_f15_the_total_time_of_a_mail_holds_when_each_single_reply_is_in_time(sink: HttpSink) -> None:
    sink.accept = raw(GREETING, *[b"250 go on\r\n"] * 10, pause=0.6)
    async with mails(sink.port, 1.0) as world:
        seen = await tried(world, Channel.EMAIL, 5, "", limit=1.0)

    assert {(each.outcome, each.error_code) for each in seen.attempts} == {(RETRY, "smtp.timeout")}
