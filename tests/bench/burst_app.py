"""Carillon with a publisher in it: `python -m tests.bench.burst_app serve`, else as `python -m app serve`.

On SIGUSR1 it publishes as many updates as EVENTS says on the stream of the subscriber `u0`, each as the hub hears it
when a transaction has committed in its own process. They are in no log: what an update costs before it reaches the hub
is another question.
"""

import asyncio
import os
import sys

from dependency_injector import providers

from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings
from app.bootstrap.logging import configure_logging
from app.bootstrap.server import run_server
from application.ports.stream_hints import StreamHint
from application.ports.stream_reader import StreamReader
from application.shared.system_scope import SystemScope
from container import Container
from domain.realtime.stream import StreamHead
from tests.bench.burst import BURST_SIGNAL, data_of_now

TENANT = "default"
READER = "u0"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Publisher:
    """Starts with the server, as its other parts do."""

    def __init__(self, container: Container, events: int) -> None:
        self._container = container
        self._events = events
        self._published = 0
        self._publishing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wait for the signal."""
        asyncio.get_running_loop().add_signal_handler(BURST_SIGNAL, self._begin)

    async def stop(self) -> None:
        """Wait for it no more."""
        asyncio.get_running_loop().remove_signal_handler(BURST_SIGNAL)

    def _begin(self) -> None:
        self._publishing = asyncio.create_task(self._publish())

    async def _publish(self) -> None:
        head, hub = await self._head(), self._container.stream_hub()
        for _ in range(self._events):
            self._published += 1
            await hub.hear([self._hint(head, self._published)])
            await asyncio.sleep(0)

    def _hint(self, head: StreamHead, number: int) -> StreamHint:
        return StreamHint(
            stream_id=head.stream_id,
            epoch=head.epoch,
            seq=head.seq + number,
            # As when nobody reads meanwhile: the counters change with every update, and are written with it.
            unread=number,
            unseen=number,
            kind="notification_received",
            data=data_of_now(),
            trace_id=TRACE,
        )

    async def _head(self) -> StreamHead:
        subscriber = await self._container.subscriber_reader().get(TENANT, READER)
        assert subscriber is not None, f"there is no {READER}"
        reader: StreamReader = self._container.stream_reader()
        return (await reader.heads(SystemScope(owner="bench"), [subscriber.id]))[subscriber.id]


def main() -> int:
    """Serve; the exit code."""
    settings = read_settings(several_processes=True)
    logging = configure_logging(settings.log, settings.app.env)
    try:
        container = build_container(settings)
        publisher = providers.Object(Publisher(container, int(os.environ["EVENTS"])))
        container.api_lifecycle.override(providers.List(*container.api_lifecycle.args, publisher))
        return run_server(container, everything=False)
    finally:
        logging.stop()


if __name__ == "__main__":
    sys.exit(main())
