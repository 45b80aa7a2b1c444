"""The file driver between real processes, and with a folder that plays no part."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infrastructure.queue.file import MOST_BYTES, WakeFile
from tests.contracts.wake_rigs import Listening, Rig, file, listening
from tests.unit.worker.world import until


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with file(tmp_path) as opened:
        yield opened


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Listening]:
    async with listening(tmp_path) as started:
        yield started


async def test_another_process_is_woken_within_a_moment(rig: Rig, other: Listening) -> None:
    await rig.wake_ups.send(["reports"])

    assert await other.heard() == "reports"


async def test_each_queue_wakes_its_own(rig: Rig, other: Listening) -> None:
    await rig.wake_ups.send(["notifications", "reports"])

    assert {await other.heard(), await other.heard()} == {"notifications", "reports"}


async def test_a_storm_is_heard_as_a_few(rig: Rig, other: Listening) -> None:
    for _ in range(10_000):
        await rig.wake_ups.send(["reports"])
    heard = 0
    try:
        while await other.heard(0.5):
            heard += 1
    except TimeoutError:
        pass

    assert 1 <= heard < 200
    assert (rig.folder / "jobs" / "app.reports").stat().st_size <= MOST_BYTES


async def test_one_that_comes_right_after_another_is_heard_too(rig: Rig, other: Listening) -> None:
    for _ in range(20):
        await rig.wake_ups.send(["reports"])
        assert await other.heard() == "reports"


async def test_the_sender_goes_on_when_the_other_process_is_killed(rig: Rig, other: Listening) -> None:
    other.process.send_signal(signal.SIGKILL)
    await other.process.wait()
    await rig.wake_ups.send(["reports"])
    await until(lambda: rig.metrics.count("wake_ups_sent_total", queue="reports") == 1)


async def test_one_s_own_touches_wake_nobody_a_second_time(rig: Rig) -> None:
    await rig.wake_ups.send(["notifications"])
    await until(lambda: rig.metrics.count("wake_ups_sent_total", queue="notifications") == 1)
    await asyncio.sleep(0.2)

    assert rig.here.woken == 1


async def test_it_is_counted_and_comes_back_when_there_is_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("in the way")
    async with file(tmp_path) as rig:
        for _ in range(3):
            await rig.wake_ups.send(["notifications"])
            await asyncio.sleep(0.03)
        assert rig.here.woken == 3
        assert rig.metrics.count("wake_ups_failed_total", queue="notifications") >= 1
        assert len(rig.log.lines("queue.wake_up_failed")) == 1

        (tmp_path / "jobs").unlink()
        async with listening(tmp_path) as other:
            await rig.wake_ups.send(["reports"])
            assert await other.heard() == "reports"


async def test_it_is_heard_when_the_folder_was_removed_meanwhile(rig: Rig, other: Listening) -> None:
    await rig.wake_ups.send(["reports"])
    assert await other.heard() == "reports"
    for each in (rig.folder / "jobs").iterdir():
        each.unlink()
    (rig.folder / "jobs").rmdir()
    await asyncio.sleep(0.1)
    await rig.wake_ups.send(["reports"])

    # Once since the file is gone, once since it is there again.
    assert await other.heard() == "reports"


def test_touches_of_others_are_told_from_one_s_own(tmp_path: Path) -> None:
    mine, theirs = WakeFile(tmp_path / "q"), WakeFile(tmp_path / "q")
    mine.touch()
    assert (mine.touched(), theirs.touched()) == (False, True)
    mine.touch()
    theirs.touch()
    assert (mine.touched(), theirs.touched()) == (True, True)
    assert (mine.touched(), theirs.touched()) == (False, False)


def test_the_file_begins_anew_when_it_has_grown_long(tmp_path: Path) -> None:
    mine, theirs = WakeFile(tmp_path / "q"), WakeFile(tmp_path / "q")
    (tmp_path / "q").write_bytes(b"." * MOST_BYTES)
    assert theirs.touched()
    mine.touch()

    assert (tmp_path / "q").stat().st_size == 0
    assert theirs.touched()
    mine.touch()
    assert theirs.touched()
