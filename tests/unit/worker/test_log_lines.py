"""What a worker writes down about its work, and about who caused it."""

from application.ports.notification_channel import SendReport
from application.shared.job_run import JobRun
from domain.jobs.job import JobStatus
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.assembly import Note
from tests.unit.worker.world import World, all_in, until

OK = SendReport(outcome=AttemptOutcome.OK, status_code=200)
DOWN = SendReport(
    outcome=AttemptOutcome.RETRYABLE, status_code=503, error_code="http.503", detail="try again, ann@example.org"
)


async def test_every_line_names_request_and_actor_when_a_delivery_was_asked_for_by_somebody() -> None:
    world = World(RecordingChannel(Channel.EMAIL))
    with world.trace.scope(None, request_id="r-1", actor="api_key:k1"):
        await world.notify()
    async with world.working():
        await until(all_in(["sent"], world))
        await until(lambda: world.log.lines("delivery.sent"))

    lines = [line for line in world.log.lines() if line.event.startswith("delivery.")]
    assert [line.event for line in lines] == ["delivery.started", "delivery.attempt", "delivery.sent"]
    assert {(line.fields["request_id"], line.fields["actor"]) for line in lines} == {("r-1", "api_key:k1")}


async def test_every_line_names_request_and_actor_when_a_job_enqueues_another() -> None:
    world = World()

    async def first(_: JobRun[Note]) -> None:
        await world.enqueue("notes.second")

    async def second(_: JobRun[Note]) -> None: ...

    world.handle(first)
    world.handle(second, "notes.second")
    with world.trace.scope(None, request_id="r-1", actor="subscriber:Ann; Lee"):
        await world.enqueue()
    async with world.working():
        await until(lambda: len(world.log.lines("job.succeeded")) == 2)

    assert all(job.item.status is JobStatus.SUCCEEDED for job in world.database.jobs.committed.all())
    causes = {(line.fields["request_id"], line.fields["actor"]) for line in world.log.lines("job.succeeded")}
    assert causes == {("r-1", "subscriber:Ann; Lee")}


async def test_each_provider_that_was_asked_has_its_line_when_a_round_fails_over() -> None:
    world = World(RecordingChannel(Channel.EMAIL, providers={"a": [DOWN], "b": [OK]}))
    (delivery,) = await world.notify()
    async with world.working():
        await until(all_in(["sent"], world))

    first, second = (dict(line.fields) for line in world.log.lines("delivery.attempt"))
    assert isinstance(first.pop("duration_ms"), float)
    assert first == {
        "delivery_id": str(delivery.id),
        "notification_id": str(delivery.notification_id),
        "tenant_id": "default",
        "channel": "email",
        "attempt": 1,
        "provider": "a",
        "outcome": "retryable",
        "status_code": 503,
        "error_code": "http.503",
    }
    assert (second["provider"], second["outcome"], second["status_code"]) == ("b", "ok", 200)
