"""The process that renders. It has no environment, no secret and no connection, and is killed without regret.

python -m infrastructure.templates.worker      frames on standard input, answers on standard output
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import BinaryIO, Final, TypeVar

import msgspec

from application.ports.templates import Rendered, RenderJob, RenderProblem, TemplateSource
from domain.notifications.channel import Channel
from infrastructure.templates.checking import Checker
from infrastructure.templates.engine import Engine
from infrastructure.templates.limits import CHECK_SECONDS, CPU_SECONDS, OutOfTime
from infrastructure.templates.problems import problem_of
from infrastructure.templates.wire import LENGTH_BYTES, Answer, Batch, frame

T = TypeVar("T")
_GROWTH: Final = 64 * 1024 * 1024
# When caches, and what the allocator keeps, have made it so much larger than at its start, a fresh one is better.
_OLD_AGE: Final = 256 * 1024 * 1024
_OPEN_FILES: Final = 64
# What the kernel ends, when nothing else could: a call of a library that never returns.
_CPU_SECONDS_UNTIL_KILLED: Final = 3


class Limits:
    """What the kernel holds one job to: CPU by a timer, memory by the size of the address space."""

    def __init__(self) -> None:
        self._armed = False
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._statm = os.open("/proc/self/statm", os.O_RDONLY) if Path("/proc/self/statm").exists() else None
        self._first = self._size()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
        signal.signal(signal.SIGPROF, self._out_of_time)

    @contextmanager
    def job(self, seconds: float) -> Iterator[None]:
        """Raises `OutOfTime` and `MemoryError` in what runs inside."""
        self._soft(resource.RLIMIT_CPU, int(time.process_time() + seconds) + _CPU_SECONDS_UNTIL_KILLED)
        if self._statm is not None:
            self._soft(resource.RLIMIT_AS, self._size() + _GROWTH)
        self._armed = True
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            yield
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._soft(resource.RLIMIT_AS, resource.RLIM_INFINITY)

    def worn_out(self) -> bool:
        """Whether the process has become so large that another should take its place."""
        return self._size() > self._first + _OLD_AGE

    def _out_of_time(self, _signal: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise OutOfTime

    def _size(self) -> int:
        """Bytes of address space; 0 where there is no such file, and so no limit by it."""
        return 0 if self._statm is None else int(os.pread(self._statm, 64, 0).split()[0]) * self._page

    def _soft(self, kind: int, value: int) -> None:
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (value, hard))


def _held(limits: Limits, seconds: float, work: Callable[[], T]) -> T | RenderProblem:
    """What `work` gives, or the limit that it met where nothing could tell which text it was."""
    try:
        with limits.job(seconds):
            return work()
    except (OutOfTime, MemoryError) as error:
        return problem_of(error, "")


class Loop:
    """Batch by batch, until nobody asks any more."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._decoder = msgspec.msgpack.Decoder(Batch)
        self._engine = Engine()
        self._warm_up()
        self._limits = Limits()

    def run(self) -> None:
        """Answer to each job as soon as it is done, so that the other side sees which one takes too long."""
        self._send(Answer())
        while (batch := self._next()) is not None:
            if not batch.jobs:
                self._send(self._checked(batch.sources[0]))
            for place in range(len(batch.jobs)):
                last = place == len(batch.jobs) - 1
                self._send(self._rendered(batch.job(place), retire=last and self._limits.worn_out()))

    def _rendered(self, job: RenderJob, *, retire: bool) -> Answer:
        found = _held(self._limits, CPU_SECONDS, lambda: self._engine.render(job))
        if isinstance(found, Rendered):
            return Answer(rendered=found, retire=retire)
        return Answer(problems=[found], retire=retire)

    def _checked(self, source: TemplateSource) -> Answer:
        found = _held(self._limits, CHECK_SECONDS, lambda: Checker(self._engine, source).problems())
        return Answer(problems=found if isinstance(found, list) else [found])

    def _next(self) -> Batch | None:
        head = self._incoming.read(LENGTH_BYTES)
        if len(head) < LENGTH_BYTES:
            return None
        return self._decoder.decode(self._incoming.read(int.from_bytes(head, "big")))

    def _send(self, answer: Answer) -> None:
        self._outgoing.write(frame(answer))
        self._outgoing.flush()

    def _warm_up(self) -> None:
        """Have the libraries load what they load at their first use: it is not the first job's doing."""
        fields = {"body": "{{ 1 | number }}{{ now | datetime }}", "html": "<p>{{ x }}</p>"}
        source = TemplateSource(channel=Channel.EMAIL, fields=fields)
        self._engine.render(RenderJob(source=source, data={}, now=datetime(2026, 1, 1, tzinfo=UTC)))


def main() -> None:
    """Until standard input ends, which it does when the other side is gone, however it went."""
    Loop(sys.stdin.buffer, sys.stdout.buffer).run()


if __name__ == "__main__":
    main()
