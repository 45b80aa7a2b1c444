"""A worker process for tests: `python -m …worker_process '<json>'`, or `taskiq worker …:broker_factory`.

Its providers write a line per effect to a file, in the middle of the send: a process that is killed after it has had an
effect that nobody recorded.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from taskiq import AsyncBroker

from app.bootstrap.lifespan import Startable
from app.worker.broker import worker_broker
from app.worker.main import run_worker
from application.jobs.worker import Worker
from application.ports.log import Log
from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.memory.recording_channel import RecordingChannel
from infrastructure.queue.file import file_broker
from infrastructure.queue.listener import WakeListener
from infrastructure.queue.taskiq import TaskiqWakeUps, WakeSender
from tests.integration.worker.sqlite_world import SqliteWorld

ENVIRONMENT_KEY = "CARILLON_TEST_WORKER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the process is to do; `poison` is the id of a delivery whose send ends the process."""

    folder: str
    owner: str = "worker-1"
    lease_seconds: float = 1.0
    slots: int = 5
    send_seconds: float = 0.0
    sweep_seconds: float = 0.1
    drain_seconds: float = 2.0
    poison: str = ""

    def text(self) -> str:
        return json.dumps(asdict(self))


class Effects:
    """The file in which effects are written down, one id per line."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "effects"

    def write(self, delivery_id: UUID) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, f"{delivery_id}\n".encode())
        os.close(file)

    def read(self) -> list[str]:
        return self._path.read_text().split() if self._path.exists() else []


class ProcessParts:
    """What `run_worker` takes from a container."""

    def __init__(self, orders: Orders) -> None:
        folder = Path(orders.folder)
        self._orders = orders
        self._effects = Effects(folder)
        self._world = world = SqliteWorld(
            folder / "carillon.db",
            RecordingChannel(Channel.EMAIL, reports=self._send),
            plan={
                "slots": {Channel.EMAIL: orders.slots},
                "sweep_seconds": orders.sweep_seconds,
                "drain_seconds": orders.drain_seconds,
            },
            owner=f"{orders.owner}-{os.getpid()}",
        )
        world.lease_seconds, world.heartbeat_seconds = orders.lease_seconds, orders.lease_seconds / 3
        self._broker = file_broker(folder / "jobs", "app", world.bus)
        sender = WakeSender(self._broker, supervisor=world.supervisor, metrics=lambda: world.metrics, log=world.logged)
        world.wake_ups = TaskiqWakeUps(world.bus, sender)
        self._worker = world.worker()
        self._listener = WakeListener(self._broker, supervisor=world.supervisor, log=world.logged)

    async def _send(self, message: OutboundMessage) -> SendReport:
        if str(message.delivery_id) == self._orders.poison:
            os._exit(1)
        await asyncio.sleep(self._orders.send_seconds / 2)
        self._effects.write(message.delivery_id)
        await asyncio.sleep(self._orders.send_seconds / 2)
        return SendReport(outcome=AttemptOutcome.OK)

    def worker_lifecycle(self) -> Sequence[Startable]:
        return [self._world.supervisor, self._world.engines, self._worker]

    def wake_listener(self) -> Startable:
        return self._listener

    def worker(self) -> Worker:
        return self._worker

    def task_broker(self) -> AsyncBroker:
        return self._broker

    def log(self) -> Log:
        return self._world.log


def broker_factory() -> AsyncBroker:
    """For Taskiq's own command."""
    return worker_broker(ProcessParts(Orders(**json.loads(os.environ[ENVIRONMENT_KEY]))))


if __name__ == "__main__":
    asyncio.run(run_worker(ProcessParts(Orders(**json.loads(sys.argv[1])))))
