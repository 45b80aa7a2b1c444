"""All of Carillon as processes of their own, handled as if it were one."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.e2e.app_process import START_SECONDS, STOP_SECONDS, AppProcess, ProcessFailed, eventually
from tests.e2e.members import READY, TWO, children

BESIDE = ("worker", "worker", "scheduler")
# The others are told by their parent: a parent that hangs or is killed says nothing.
BY_FORCE = frozenset({signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT})


class ScaledApp(AppProcess):
    """Two servers on one port, two workers and a scheduler, which print into one file."""

    def __init__(
        self,
        part: str | None,
        environment: Mapping[str, str],
        folder: Path,
        *,
        arguments: Sequence[str] = (),
        ready_text: str | None = None,
    ) -> None:
        super().__init__(part or "serve", environment, folder, arguments=[*TWO, *arguments], ready_text=ready_text)
        self._beside = [AppProcess(each, environment, folder) for each in BESIDE]
        for each in self._beside:
            each.log_file = self.log_file

    @property
    def serving_pids(self) -> list[int]:
        return children(self)

    @property
    def running(self) -> bool:
        return super().running or any(each.running for each in self._beside)

    @property
    def exit_code(self) -> int | None:
        """Of the first that ended badly; None while one of them runs."""
        codes = [each.exit_code for each in self._beside if each.started]
        return None if self.running else next(filter(None, codes), super().exit_code)

    async def start(self) -> Self:
        """The servers first: they prepare the installation, and say what its credentials are."""
        already = self.output.count(READY)
        await super().start()
        try:
            # Who is asked may answer before the line is written which says that it does.
            await eventually(self._lines, lambda times: times == already + 1, START_SECONDS)
            for each in self._beside:
                each._spawn()
            await eventually(self._said, lambda times: times == already + 1 + len(BESIDE), START_SECONDS)
        except (AssertionError, ProcessFailed) as error:
            await self.kill()
            raise ProcessFailed(f"what runs beside the servers is not ready: {error}\n{self.last_lines()}") from None
        return self

    async def kill(self) -> None:
        await super().kill()

        async def left() -> bool:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, 0)
                return True
            return False

        await eventually(left, lambda found: not found, STOP_SECONDS)

    def send_signal(self, number: signal.Signals) -> None:
        for each in self._beside:
            each.send_signal(number)
        if number in BY_FORCE and self.started:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)
        else:
            super().send_signal(number)

    async def _said(self) -> int:
        for each in self._beside:
            if not each.running:
                raise ProcessFailed(f"the {each.part} ended with {each.exit_code}")
        return await self._lines()

    async def _lines(self) -> int:
        return (await asyncio.to_thread(lambda: self.output)).count(READY)
