"""Hearing of the end before the server waits for streams."""

import asyncio
import signal
import threading
from collections.abc import Iterator

import pytest

from app.bootstrap.signals import before_shutdown


@pytest.fixture
def earlier() -> Iterator[list[int]]:
    """Stands for the handler that a server has installed."""
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    try:
        yield told
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_both_are_called_when_the_process_is_told_to_end(earlier: list[int]) -> None:
    called = asyncio.Event()

    with before_shutdown(called.set):
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(called.wait(), 1)

    assert earlier == [signal.SIGTERM]


async def test_the_earlier_handler_is_back_when_the_lifespan_is_over(earlier: list[int]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with before_shutdown(lambda: None):
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before


async def test_a_later_handler_stays_when_the_lifespan_is_over(earlier: list[int]) -> None:
    def later(*_: object) -> None:
        return

    with before_shutdown(lambda: None):
        signal.signal(signal.SIGTERM, later)

    assert signal.getsignal(signal.SIGTERM) is later


def test_nothing_is_installed_when_this_is_not_the_main_thread() -> None:
    handlers: list[object] = []

    async def lifespan() -> None:
        with before_shutdown(lambda: None):
            handlers.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=lambda: asyncio.run(lifespan()))
    thread.start()
    thread.join()

    assert handlers == [before]
