"""A process with open streams is told to end."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.integration.sse.raw_client import Browser, browsing

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def streaming_process() -> AsyncIterator[tuple[Process, Browser]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.sse.streaming", cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    try:
        port = int(await asyncio.wait_for(process.stdout.readline(), 20))
        async with browsing(port) as browser:
            yield process, browser
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_f11_every_client_is_told_and_the_process_ends_at_once_when_terminated() -> None:
    async with streaming_process() as (process, browser):
        clients = [await browser.follow() for _ in range(100)]
        await browser.send(small=True)
        readers = [client.read_in_background() for client in clients]
        started = time.monotonic()

        process.terminate()
        await asyncio.gather(*readers)
        told = time.monotonic() - started
        output, errors = await asyncio.wait_for(process.communicate(), 10)

    assert told < 2
    assert time.monotonic() - started < 4
    assert process.returncode == 0, errors
    assert output == b"open 0\n"
    assert errors == b""
    for client in clients:
        assert client.ended
        assert client.events[-1].name == "shutdown"
        assert 1_000 <= (client.parser.retry or 0) <= 30_000
    assert len({client.parser.retry for client in clients}) > 50
