"""StreamHints, over every adapter; and what only a file can go through."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from application.ports.stream_hints import StreamHints
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.streams import file_hints
from infrastructure.streams.file_hints import FileHints, HintFile
from infrastructure.streams.memory_hints import HintBus, MemoryHints
from infrastructure.streams.redis_hints import RedisHints
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from tests.contracts.redis_end import redis_end
from tests.contracts.stream_hints_contract import (
    HINT,
    Ear,
    SharedStreamHintsContract,
    StreamHintsContract,
    heard,
)
from tests.servers.redis import NoRedis, running

ROOT = Path(__file__).parents[2]
PUBLISHER = """
import asyncio, sys
from pathlib import Path
from tests.contracts.stream_hints_contract import HINT
from tests.contracts.test_stream_hints import process_of

async def main():
    async with process_of(Path(sys.argv[1])) as (hints, _):
        for line in sys.stdin:
            await hints.publish([HINT])
            print("published", flush=True)

asyncio.run(main())
"""


class TestMemoryHints(StreamHintsContract):
    @pytest.fixture
    def hints(self) -> StreamHints:
        return MemoryHints(HintBus(MemoryLog))


@asynccontextmanager
async def process_of(folder: Path) -> AsyncIterator[tuple[FileHints, MemoryMetrics]]:
    """One process's end of the file."""
    bus, metrics, log, supervisor = HintBus(MemoryLog), MemoryMetrics(), MemoryLog(), AsyncioTaskSupervisor()
    file = HintFile(folder, bus, metrics=lambda: metrics, log=lambda: log, supervisor=supervisor)
    await file.start()
    try:
        yield FileHints(bus, file), metrics
    finally:
        await file.stop()
        await supervisor.drain(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "streams"


@pytest.fixture
async def hints(folder: Path) -> AsyncIterator[FileHints]:
    async with process_of(folder) as (hints, _):
        yield hints


@pytest.fixture
async def others(folder: Path) -> AsyncIterator[FileHints]:
    async with process_of(folder) as (others, _):
        yield others


class TestFileHints(SharedStreamHintsContract):
    async def test_many_publications_are_few_looks_when_they_come_at_once(
        self, hints: FileHints, others: FileHints
    ) -> None:
        own, other = Ear(), Ear()
        hints.listen(own)
        others.listen(other)

        for _ in range(500):
            await hints.publish([HINT])

        await heard(other, 1)
        assert None not in own.heard

    async def test_nothing_is_missed_when_a_process_writes_after_another(
        self, hints: FileHints, others: FileHints
    ) -> None:
        own = Ear()
        hints.listen(own)

        await others.publish([HINT])
        await hints.publish([HINT])  # A modification time would now be our own.

        await heard(own, 2)
        assert own.heard == [[HINT], None]

    async def test_the_file_stays_small_when_there_is_much_to_say(
        self, hints: FileHints, others: FileHints, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(file_hints, "MOST_BYTES", 100)
        other = Ear()
        others.listen(other)
        for _ in range(350):
            await hints.publish([HINT])
        await heard(other, 1)

        await hints.publish([HINT])

        await heard(other, 2)
        assert (folder / "hints").stat().st_size <= 101

    async def test_both_look_and_go_on_when_the_file_was_removed(
        self, hints: FileHints, others: FileHints, folder: Path
    ) -> None:
        other = Ear()
        others.listen(other)
        await hints.publish([HINT])
        await heard(other, 1)
        (folder / "hints").unlink()
        async with asyncio.timeout(2):
            while not (folder / "hints").exists():  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.12)
        before = len(other.heard)
        assert before > 1

        await hints.publish([HINT])

        await heard(other, before + 1)

    async def test_the_listener_looks_for_itself_while_the_file_cannot_be_had(
        self, hints: FileHints, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(file_hints, "BLIND_SECONDS", 0.1)
        ear = Ear()
        hints.listen(ear)
        _put_something_else_in_its_place(folder)

        async with asyncio.timeout(2):
            while len(ear.heard) < 3:  # noqa: ASYNC110 - an ear counts, nothing else
                await asyncio.sleep(0.01)
        await hints.publish([HINT])
        assert ear.heard[-1] == [HINT]

    async def test_a_lost_touch_is_counted_when_the_file_cannot_be_written(self, folder: Path) -> None:
        async with process_of(folder) as (hints, metrics):
            (folder / "hints").unlink()
            (folder / "hints").mkdir()

            await hints.publish([HINT])

            assert metrics.count("stream_hints_lost_total") == 1

    async def test_a_real_process_is_heard(self, hints: FileHints, folder: Path) -> None:
        ear = Ear()
        hints.listen(ear)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PUBLISHER, str(folder), cwd=ROOT, stdin=PIPE, stdout=PIPE
        )
        for count in (1, 2, 3):
            process.stdin.write(b"\n")  # type: ignore[union-attr]
            await process.stdout.readline()  # type: ignore[union-attr]
            await heard(ear, count)
        process.stdin.close()  # type: ignore[union-attr]
        await process.wait()

        assert ear.heard == [None, None, None]


@pytest.fixture
async def server() -> str:
    try:
        return await asyncio.to_thread(running)
    except NoRedis as error:
        pytest.skip(str(error))


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid4().hex[:12]}"


@pytest.mark.service
class TestRedisHints(SharedStreamHintsContract):
    @pytest.fixture
    async def hints(self, server: str, prefix: str) -> AsyncIterator[RedisHints]:
        async with redis_end(server, prefix) as end:
            yield end.hints

    @pytest.fixture
    async def others(self, server: str, prefix: str) -> AsyncIterator[RedisHints]:
        async with redis_end(server, prefix) as end:
            yield end.hints

    async def test_others_hear_them_whole_and_in_order_when_many_are_published(
        self, hints: RedisHints, others: RedisHints
    ) -> None:
        ear = Ear()
        others.listen(ear)
        published = [replace(HINT, seq=number) for number in range(250)]

        await hints.publish(published)

        async with asyncio.timeout(5):
            while sum(len(each or ()) for each in ear.heard) < 250:  # noqa: ASYNC110 - an ear counts, nothing else
                await asyncio.sleep(0.01)
        assert [hint for each in ear.heard for hint in each or ()] == published

    async def test_nobody_hears_of_another_installation_when_both_share_a_server(
        self, hints: RedisHints, server: str, prefix: str
    ) -> None:
        async with redis_end(server, f"{prefix}-b") as foreign, redis_end(server, prefix) as other:
            overheard, ear = Ear(), Ear()
            foreign.hints.listen(overheard)
            other.hints.listen(ear)

            await hints.publish([HINT])

            await heard(ear, 1)
            assert overheard.heard == []


def _put_something_else_in_its_place(folder: Path) -> None:
    (folder / "hints").unlink()
    folder.rmdir()
    folder.touch()
