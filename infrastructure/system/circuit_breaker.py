"""Circuit breakers of one process."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from application.ports.circuit_breaker import Circuit, CircuitBreaker

FAILURES_TO_OPEN = 10
PAUSE_SECONDS = 30.0
MAX_NAMES = 10_000


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    probe_at: float = 0.0


class BreakerStates:
    """The circuits that have failures, by name: at most `max_names`, of which the least recently used goes first.

    `now` is a monotonic clock in seconds.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.monotonic,
        failures_to_open: int = FAILURES_TO_OPEN,
        pause_seconds: float = PAUSE_SECONDS,
        max_names: int = MAX_NAMES,
    ) -> None:
        self._now = now
        self._limit = failures_to_open
        self._pause = pause_seconds
        self._max_names = max_names
        self._circuits: OrderedDict[str, _Circuit] = OrderedDict()

    def circuit(self, name: str) -> Circuit:
        circuit = self._circuits.get(name)
        if circuit is None or circuit.failures < self._limit:
            return Circuit.CLOSED
        return Circuit.OPEN if self._now() < circuit.probe_at else Circuit.PROBE_DUE

    def allows(self, name: str) -> bool:
        state = self.circuit(name)
        if state is not Circuit.PROBE_DUE:
            return state is Circuit.CLOSED
        # A probe that never reports back, since its sender was stopped, must not be the last one.
        self._circuits[name].probe_at = self._now() + self._pause
        return True

    def is_open(self, name: str) -> bool:
        """Whether it has failed too often, and not succeeded since."""
        return self.circuit(name) is not Circuit.CLOSED

    def failed(self, name: str) -> None:
        circuit = self._circuits.setdefault(name, _Circuit())
        self._circuits.move_to_end(name)
        circuit.failures += 1
        if circuit.failures >= self._limit:
            circuit.probe_at = self._now() + self._pause
        if len(self._circuits) > self._max_names:
            self._circuits.popitem(last=False)

    def succeeded(self, name: str) -> None:
        self._circuits.pop(name, None)


class MemoryCircuitBreaker(CircuitBreaker):
    """Opens after ten failures in a row; 30 s after the last one it lets a single try through."""

    def __init__(self, states: BreakerStates) -> None:
        self._states = states

    def allows(self, name: str) -> bool:
        return self._states.allows(name)

    def circuit(self, name: str) -> Circuit:
        return self._states.circuit(name)

    def record(self, name: str, ok: bool) -> None:
        if ok:
            self._states.succeeded(name)
        else:
            self._states.failed(name)
