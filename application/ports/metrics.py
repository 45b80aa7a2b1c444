"""Numbers about the running process."""

from typing import Protocol


class Metrics(Protocol):
    """Counts, levels and distributions under snake_case names that end in their unit (`_total`, `_seconds`, `_bytes`).

    Safe from any thread, never waits and never writes to `Log` (which counts its losses here). One name keeps one kind
    and one set of label names: what does not fit them is dropped, by adapters that export. Label values come from small
    closed sets: a route template, never an id.
    """

    def increment(self, name: str, /, value: float = 1, **labels: str) -> None:
        """Add to a counter. A negative `value` is a mistake of the caller: adapters that record raise ValueError."""
        ...

    def gauge(self, name: str, /, value: float, **labels: str) -> None:
        """Set a level, replacing what it was."""
        ...

    def observe(self, name: str, /, value: float, **labels: str) -> None:
        """Add one sample to a distribution; durations in seconds."""
        ...


class MetricsExport(Protocol):
    """All that was recorded, for whoever collects it."""

    def exposition(self) -> str:
        """The present values in the text format of Prometheus, version 0.0.4; "" where nothing is kept."""
        ...
