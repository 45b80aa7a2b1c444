"""For those who run workers by Taskiq's own command.

    taskiq worker app.worker.tasks:broker_factory

Taskiq starts the processes, restarts those that die, and listens; the rest is the same as in `python -m app worker`,
`SHUTDOWN_TIMEOUT` included: `--shutdown-timeout` need not be given.
"""

from taskiq import AsyncBroker, TaskiqEvents, TaskiqState

from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings
from app.bootstrap.logging import configure_logging
from app.worker.broker import worker_broker


def broker_factory() -> AsyncBroker:
    """The broker of this process, which brings the worker along; called by Taskiq in each of its processes."""
    settings = read_settings(several_processes=True)
    logging = configure_logging(settings.log, settings.app.env)
    broker = worker_broker(build_container(settings), stop_timeout=settings.app.shutdown_timeout)

    def stop_logging(_: TaskiqState) -> None:
        logging.stop()

    broker.add_event_handler(TaskiqEvents.WORKER_SHUTDOWN, stop_logging)
    return broker
