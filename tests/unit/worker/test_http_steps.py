"""Steps that ask another server."""

import asyncio
import json
from functools import partial

import pytest

from application.ports.http_client import HttpClient, HttpFailure, HttpFailureKind, HttpRequest, HttpResponse
from application.workflows.http_step import MAX_ANSWER_BYTES
from domain.notifications.channel import Channel
from domain.shared.json import JsonValue
from domain.workflows.run import StepOutcome
from infrastructure.memory.recording_channel import RecordingChannel
from infrastructure.memory.recording_http_client import RecordingHttpClient
from tests.unit.worker.run_world import INBOX, RunWorld
from tests.unit.worker.test_throttle_steps import settle
from tests.unit.worker.world import until

FETCH = {
    "key": "fetch",
    "type": "http",
    "http": {
        "method": "POST",
        "url": "https://api.example/orders/{{ payload.order }}",
        "headers": {"X-Name": "{{ subscriber.firstName }}", "idempotency-key": "mine"},
        "body": {"order": "{{ payload.order }}", "deep": [1, "{{ subscriber.subscriberId }}"]},
        "timeout": "20s",
    },
}
MAIL = {"key": "mail", "type": "email", "template": {"subject": "{{ steps.fetch.result.body.state }}", "text": "x"}}
GONE = HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="timeout")


def answer(status: int = 200, body: bytes = b'{"state": "packed"}', *, complete: bool = True) -> HttpResponse:
    return HttpResponse(status=status, headers={}, body=body, complete=complete)


def world_asking(http: HttpClient) -> tuple[RunWorld, RecordingChannel]:
    channel = RecordingChannel(Channel.EMAIL)
    world = RunWorld(channel)
    world.runs.http = http
    return world, channel


def waits(world: RunWorld, http: RecordingHttpClient, tries: int) -> bool:
    return len(http.requests) == tries and world.run().wait is not None


async def test_later_steps_find_the_answer_when_it_is_good() -> None:
    http = RecordingHttpClient([answer(201)])
    world, channel = world_asking(http)
    await world.publish(FETCH, MAIL)
    await world.trigger()
    async with world.working():
        await until(lambda: len(channel.sent) == 1)

    run, (request,) = world.run(), http.requests
    assert channel.sent[0].title == "packed"
    assert run.steps["fetch"].result == {"status": 201, "body": {"state": "packed"}}
    assert (request.method, request.url, request.timeout) == ("POST", "https://api.example/orders/42", 20)
    assert json.loads(request.body) == {"order": "42", "deep": [1, "u1"]}
    assert request.headers == {
        "X-Name": "U1",
        "Content-Type": "application/json",
        "Idempotency-Key": f"{run.id}:fetch",
    }


async def test_it_is_asked_again_with_the_same_key_when_it_fails() -> None:
    http = RecordingHttpClient([GONE, answer(503), answer(404), answer()])
    world, channel = world_asking(http)
    await world.publish(FETCH, MAIL)
    notification = await world.trigger()
    async with world.working():
        for tries, pause in ((1, 1), (2, 10), (3, 60)):
            await until(partial(waits, world, http, tries))
            assert (world.run_due_in(), world.counts(notification).pending) == (pause, 1)
            world.clock.advance(pause)
        await until(lambda: len(channel.sent) == 1)

    assert {request.headers["Idempotency-Key"] for request in http.requests} == {f"{world.run().id}:fetch"}


@pytest.mark.parametrize(
    ("last", "result"),
    [(GONE, {"status": None, "error": "http.timeout"}), (answer(500), {"status": 500, "error": "http.status"})],
    ids=["no answer", "a bad one"],
)
async def test_the_run_goes_on_without_an_answer_when_four_tries_have_failed(
    last: HttpResponse | HttpFailure, result: JsonValue
) -> None:
    http = RecordingHttpClient(lambda _: last)
    world, channel = world_asking(http)
    await world.publish(FETCH, {**MAIL, "if": {"==": [{"var": "steps.fetch.reason"}, "http.failed"]}})
    await world.trigger()
    async with world.working():
        for tries, pause in ((1, 1), (2, 10), (3, 60)):
            await until(partial(waits, world, http, tries))
            world.clock.advance(pause)
        await until(lambda: len(channel.sent) == 1)

    record = world.run().steps["fetch"]
    assert (record.outcome, record.reason, record.result) == (StepOutcome.COMPLETED, "http.failed", result)
    assert len(http.requests) == 4


@pytest.mark.parametrize("url", ["http://user@example.org/{{ payload.order }}", "https://{{ payload.nothing }}/"])
async def test_it_is_not_tried_again_when_the_address_is_not_allowed(url: str) -> None:
    http = RecordingHttpClient()
    world, _ = world_asking(http)
    await world.publish({**FETCH, "http": {"method": "GET", "url": url}})
    await world.trigger()
    async with world.working():
        await settle(world)

    assert world.run().steps["fetch"].result == {"status": None, "error": "http.refused"}
    assert len(http.requests) == 0


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (answer(204, b""), {"status": 204, "body": None}),
        (answer(200, b"<html>"), {"status": 200, "body": None, "error": "http.not_json"}),
        (answer(200, b"[NaN]"), {"status": 200, "body": None, "error": "http.not_json"}),
        (answer(200, b'"\\u0000"'), {"status": 200, "body": None, "error": "http.not_json"}),
        (answer(200, b"[" * 60_000), {"status": 200, "body": None, "error": "http.not_json"}),
        (answer(200, b"1" * 30), {"status": 200, "body": 1.111111111111111e29}),
        (answer(200, b"1", complete=False), {"status": 200, "body": None, "error": "http.too_large"}),
        (answer(200, b'"%s"' % (b"x" * MAX_ANSWER_BYTES)), {"status": 200, "body": None, "error": "http.too_large"}),
        (answer(200, b'"%s"' % (b"x" * (MAX_ANSWER_BYTES - 2))), {"status": 200, "body": "x" * (MAX_ANSWER_BYTES - 2)}),
    ],
    ids=["empty", "no JSON", "NaN", "NUL", "deep", "long number", "cut", "too long", "as long as may be"],
)
async def test_no_more_than_plain_json_is_kept_when_it_answers(given: HttpResponse, result: JsonValue) -> None:
    world, _ = world_asking(RecordingHttpClient([given]))
    await world.publish(FETCH)
    await world.trigger()
    async with world.working():
        await settle(world)

    assert world.run().steps["fetch"].result == result


class Slow(HttpClient):
    """Answers when it is let go; notes whether a transaction was open meanwhile."""

    def __init__(self) -> None:
        self.world: RunWorld | None = None
        self.go = asyncio.Event()
        self.asked = 0
        self.items: list[int] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        assert self.world is not None
        self.asked += 1
        await self.go.wait()
        self.items.append(len(self.world.items()))
        return answer()

    def check_url(self, url: str) -> str | None:
        return None


async def test_others_are_not_kept_waiting_when_a_server_is_slow() -> None:
    http = Slow()
    world, _ = world_asking(http)
    http.world = world
    await world.publish(INBOX, {**FETCH, "skip": {"==": [{"var": "payload.order"}, 0]}}, {**INBOX, "key": "second"})
    slow = [await world.trigger(name) for name in ("ann", "bob")]
    await world.trigger("eve", payload={"order": 0})
    async with world.working():
        await until(lambda: http.asked == 2)
        await until(lambda: world.run("eve").finished_at is not None)
        await world.trigger("zoe", payload={"order": 0})
        await until(lambda: world.run("zoe").finished_at is not None)
        assert not world.database.writing.locked()
        # What stands before the request is written before it is made.
        assert [world.counts(each).sent for each in slow] == [1, 1]
        http.go.set()
        await settle(world)

    assert (len(world.items()), http.asked) == (8, 2)


async def test_a_slot_is_free_again_when_a_run_beside_a_slow_one_is_written() -> None:
    http, channel = Slow(), RecordingChannel(Channel.EMAIL)
    world = RunWorld(channel, plan={"run_slots": 3})
    http.world, world.runs.http = world, http
    await world.publish({**FETCH, "skip": {"==": [{"var": "payload.order"}, 0]}}, INBOX)
    await world.trigger("ann", "bob")
    await world.trigger("eve", payload={"order": 0})
    async with world.working():
        await until(lambda: http.asked == 2)
        await world.trigger("zoe", payload={"order": 0})
        await until(lambda: world.run("zoe").finished_at is not None)
        http.go.set()
        await settle(world)

    assert len(world.items()) == 4


async def test_nothing_is_called_when_it_is_a_dry_run_or_its_condition_does_not_hold() -> None:
    http = RecordingHttpClient()
    world, _ = world_asking(http)
    await world.publish({**FETCH, "if": {"==": [{"var": "payload.order"}, 42]}})
    await world.trigger("ann", dry_run=True)
    await world.trigger("bob", payload={"order": 1})
    async with world.working():
        await settle(world)

    assert len(http.requests) == 0
    assert [world.run(name).steps["fetch"].reason for name in ("ann", "bob")] == ["dry_run", "condition"]
