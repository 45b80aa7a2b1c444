"""What every loop of a process is given."""

from collections.abc import Callable
from dataclasses import dataclass

from application.ports.jitter import Jitter
from application.ports.log import Log
from application.ports.task_supervisor import TaskSupervisor
from application.ports.wake_ups import WakeUps


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPorts:
    """All but the supervisor are taken anew for each use, so that an override reaches a running loop."""

    supervisor: TaskSupervisor
    wake_ups: Callable[[], WakeUps]
    jitter: Callable[[], Jitter]
    log: Callable[[], Log]
