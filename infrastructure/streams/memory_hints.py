"""Stream hints within one process."""

from collections.abc import Callable, Sequence

from application.ports.log import Log
from application.ports.stream_hints import HintListener, StreamHint, StreamHints


class HintBus:
    """Where this process's listener is found; made once, so that publishers need not know who listens."""

    def __init__(self, log: Callable[[], Log]) -> None:
        self._log = log
        self._listener: HintListener | None = None

    def listen(self, listener: HintListener) -> None:
        """Name the listener; the last one counts."""
        self._listener = listener

    async def tell(self, hints: Sequence[StreamHint] | None) -> None:
        """Call the listener, if there is one. What it raises is logged: the publisher cannot help it."""
        if self._listener is None:
            return
        try:
            await self._listener(hints)
        except Exception as error:  # noqa: BLE001 - see above
            self._log().exception("streams.listener_failed", error)


class MemoryHints(StreamHints):
    """Reaches the publisher's own process and no other."""

    def __init__(self, bus: HintBus) -> None:
        self._bus = bus

    async def publish(self, hints: Sequence[StreamHint]) -> None:
        if hints:
            await self._bus.tell(hints)

    def listen(self, listener: HintListener) -> None:
        self._bus.listen(listener)
