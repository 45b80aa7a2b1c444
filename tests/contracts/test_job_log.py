"""What is said of jobs when they are queued: after the commit, and only then."""

from contextlib import suppress

from tests.contracts.samples import Samples
from tests.contracts.stores import Store


async def test_job_is_said_to_be_queued_when_it_is_committed(store: Store, make: Samples) -> None:
    job = await make.add_job()

    (line,) = store.log.lines("job.queued")
    assert line.fields["job_id"] == str(job.id)
    assert line.fields["queue"] == "default"


async def test_nothing_is_said_when_the_transaction_or_a_part_of_it_was_undone(store: Store, make: Samples) -> None:
    async with store.unit_of_work() as uow:
        with suppress(RuntimeError):
            async with uow.savepoint():
                await uow.jobs.enqueue(make.job())
                raise RuntimeError
        await uow.commit()
    async with store.unit_of_work() as uow:
        await uow.jobs.enqueue(make.job())

    assert not store.log.lines("job.queued")
