"""Carillon as its users run it: `python -m app` in processes of their own, over one folder of data.

    async with Installation(folder, {"SSE_REPLAY_SIZE": "100"}) as installation:
        server = await installation.start()           # all of Carillon
        second = await installation.start("serve")    # on the same data, at another port
        await server.kill()
        await server.start()                          # the same port again

What they print is kept in that folder; pytest shows the end of it where a test fails. E2E_TOPOLOGY says what all of
Carillon is, and what it stands on (`tests.e2e.topology`).
"""

import asyncio
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e import topology
from tests.e2e.app_process import ROOT, AppProcess, ProcessFailed, eventually, free_port, spawned
from tests.e2e.scaled_app import ScaledApp

__all__ = ["PRINTED_KEY", "ROOT", "AppProcess", "Installation", "ProcessFailed", "eventually", "free_port", "spawned"]

PRINTED_KEY = re.compile(r"\bcrl_[0-9A-Za-z]{36}\b")


class Installation:
    """A folder of data, and the processes that share it. Leaving it ends them all."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data_dir = folder / "data"
        self._folder = folder
        self._environment = environment or {}
        # Who chooses a database in the settings has it.
        self._servers = {} if "DATABASE_URL" in self._environment else topology.environment()
        self.processes: list[AppProcess] = []

    @property
    def settings(self) -> Mapping[str, str]:
        """What is set for all of its processes beside their own ports and folders."""
        return {**self._servers, **self._environment}

    @property
    def api_key(self) -> str:
        """The key that was chosen in the environment, else the one that the first start printed."""
        chosen = self._environment.get("BOOTSTRAP_API_KEY")
        printed = [match[0] for process in self.processes for match in PRINTED_KEY.finditer(process.output)]
        assert chosen or printed, "no key: none was chosen, and no process has printed one yet"
        return chosen or printed[0]

    def process(
        self,
        part: str | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        arguments: Sequence[str] = (),
        ready_text: str | None = None,
    ) -> AppProcess:
        """A process that is not started yet; without a part all of Carillon, be it one process or several.

        Nothing of the caller's environment or `.env` files reaches it.
        """
        own = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(self.data_dir),
            "APP_PORT": str(free_port()),
        }
        variables = {**own, **self._servers, **self._environment, **(environment or {})}
        whole = part is None and not arguments and topology.chosen() == topology.SCALED
        make = ScaledApp if whole else AppProcess
        process: AppProcess = make(part, variables, self._folder, arguments=arguments, ready_text=ready_text)
        self.processes.append(process)
        return process

    async def start(
        self,
        part: str | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        arguments: Sequence[str] = (),
        ready_text: str | None = None,
    ) -> AppProcess:
        """A process that is ready."""
        return await self.process(part, environment, arguments=arguments, ready_text=ready_text).start()

    async def stop(self) -> None:
        """End what still runs, the youngest first. Raises ProcessFailed when one had to be killed."""
        stubborn: list[ProcessFailed] = []
        for process in reversed(self.processes):
            if process.running:
                try:
                    await process.stop()
                except ProcessFailed as error:
                    stubborn.append(error)
            # Captured by pytest, and shown where the test failed.
            sys.stdout.write(f"--- {process.log_file}\n{process.last_lines()}\n")
        await asyncio.to_thread(topology.remove, self._servers)
        if stubborn:
            raise stubborn[0]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()
