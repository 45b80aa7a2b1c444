"""Hearing of the end in time, and ending well; hearing that the configuration is to be read again."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread, current_thread, main_thread
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# A configuration that is just being read is read to its end, but nobody waits long for it.
HANGUP_SECONDS = 1.0


@contextmanager
def before_shutdown(callback: Callable[[], None]) -> Iterator[None]:
    """Call `callback` on the running loop when the process is told to end; then do what was done before.

    A server that is told to end first waits for open responses, and only then runs the lifespan's end: streams that
    ended themselves there would never be asked to. For a lifespan, whose server has installed its handlers by then.
    Does nothing off the main thread, where signals cannot be handled.
    """
    if current_thread() is not main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    previous = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        earlier = previous[signal.Signals(number)]
        if callable(earlier):
            earlier(number, frame)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, earlier in previous.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, earlier or signal.SIG_DFL)


@contextmanager
def orderly_end() -> Iterator[None]:
    """Around the run of a uvicorn server, which raises the signal that ended it once more when all is done.

    Unheard, that would make every orderly end a death by signal, and the exit code -15 instead of 0.
    """
    if current_thread() is not main_thread():
        yield
        return
    previous = {number: signal.signal(number, _let_pass) for number in SIGNALS}
    try:
        yield
    finally:
        for number, earlier in previous.items():
            signal.signal(number, earlier or signal.SIG_DFL)


@contextmanager
def on_hangup(callback: Callable[[], object]) -> Iterator[None]:
    """Call `callback` for SIGHUP, in a thread of its own: it may read files, and no loop waits for that.

    Signals that come meanwhile are one more call. When the signal comes because the terminal is gone in which the
    process was started, it ends in order instead, as whoever closed it expects. Does nothing off the main thread.
    """
    if current_thread() is not main_thread():
        yield
        return
    heard, hears = os.pipe()
    os.set_blocking(hears, False)
    in_terminal = _has_terminal()
    listener = Thread(target=_listen, args=(heard, callback), name="hangups", daemon=True)

    def handle(_number: int, _frame: FrameType | None) -> None:
        if in_terminal and not _has_terminal():
            signal.raise_signal(signal.SIGTERM)
            return
        # All that is safe wherever the signal has struck; a full pipe has calls enough in it.
        with suppress(BlockingIOError):
            os.write(hears, b"h")

    previous = signal.signal(signal.SIGHUP, handle)
    listener.start()
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, previous or signal.SIG_DFL)
        os.close(hears)
        listener.join(HANGUP_SECONDS)


def _listen(heard: int, callback: Callable[[], object]) -> None:
    with open(heard, "rb", buffering=0) as pipe:
        while pipe.read(4_096):
            callback()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _let_pass(_number: int, _frame: FrameType | None) -> None:
    return
