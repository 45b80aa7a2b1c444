"""Trees with free tasks and unbounded buffers."""

from tests.architecture.planted.case import breaks, keeps
from tests.architecture.rules.concurrency import check_buffers_are_bounded, check_tasks_start_in_the_supervisor

TASKS = check_tasks_start_in_the_supervisor
BUFFERS = check_buffers_are_bounded

IN_GROUP = """import asyncio

async def both() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(0))
"""
FACTORY = """from collections import deque
from dataclasses import field

class Log:
    rows = field(default_factory=deque)
"""
BOUNDED = """import asyncio
from collections import deque

def make(n):
    return asyncio.Queue(n), deque((), n), deque(maxlen=4)
"""

CASES = [
    breaks(
        TASKS,
        "app/worker/main.py",
        "import asyncio\n\ndef go(work):\n    asyncio.create_task(work)\n",
        "TaskSupervisor port",
    ),
    breaks(TASKS, "app/worker/loop.py", "from asyncio import ensure_future\n", "ensure_future"),
    breaks(
        TASKS, "infrastructure/streams/hub.py", "def go(loop, work):\n    loop.create_task(work)\n", "loop.create_task"
    ),
    breaks(
        TASKS, "application/jobs/run_job.py", "import asyncio\nSTART = asyncio.create_task\n", "asyncio.create_task"
    ),
    keeps(TASKS, "app/worker/main.py", IN_GROUP),
    keeps(
        TASKS,
        "infrastructure/system/task_supervisor.py",
        "import asyncio\n\ndef go(work):\n    asyncio.create_task(work)\n",
    ),
    breaks(
        BUFFERS, "app/sse/response.py", "import asyncio\n\ndef make():\n    return asyncio.Queue()\n", "give maxsize"
    ),
    breaks(
        BUFFERS,
        "app/sse/response.py",
        "from asyncio import Queue\n\ndef make():\n    return Queue[int](maxsize=0)\n",
        "asyncio.Queue",
    ),
    breaks(
        BUFFERS,
        "infrastructure/streams/hub.py",
        "from collections import deque\n\ndef make():\n    return deque([1])\n",
        "give maxlen",
    ),
    breaks(
        BUFFERS,
        "infrastructure/streams/hub.py",
        "import collections\n\ndef make():\n    return collections.deque(maxlen=None)\n",
        "deque without",
    ),
    breaks(
        BUFFERS,
        "infrastructure/observability/log.py",
        "from queue import SimpleQueue\n\ndef make():\n    return SimpleQueue()\n",
        "no bound",
    ),
    breaks(BUFFERS, "infrastructure/streams/log.py", FACTORY, "as a factory"),
    keeps(BUFFERS, "app/sse/response.py", BOUNDED),
]
