"""Going on with a coroutine that was begun by hand."""

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any


class Started(Awaitable[None]):
    """A coroutine that has run up to its first suspension, where it yielded `waiting_for` to whoever drove it."""

    __slots__ = ("_coroutine", "_waiting_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waiting_for: object) -> None:
        self._coroutine = coroutine
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, None]:
        """Drive it from the awaiting task, as `yield from` would have done from the start."""
        waiting_for = self._waiting_for
        try:
            while True:
                try:
                    value = yield waiting_for
                except BaseException as error:  # noqa: BLE001 - a cancellation too belongs to the coroutine
                    waiting_for = self._coroutine.throw(error)
                else:
                    waiting_for = self._coroutine.send(value)
        except StopIteration:
            return
