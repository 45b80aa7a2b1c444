"""Marking a use case as a listener."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Handler = TypeVar("Handler", bound=type)

LISTENER_ATTRIBUTE = "__listens_to__"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSpec:
    """What the relay needs to know of a listener.

    `name` (`<module>.<use_case>`) is stored with what has to be told again, so it outlives a release. `pattern` is of
    event types: `*` stands for one segment, `**` for any number of them.
    """

    name: str
    pattern: str


def listens(spec: ListenerSpec) -> Callable[[Handler], Handler]:
    """Attach `spec` to a use case whose `__call__` takes a `SealedEvent`: it is called after the commit, by the relay,
    at least once for each event that fits. The container builds the list.
    """

    def mark(handler: Handler) -> Handler:
        setattr(handler, LISTENER_ATTRIBUTE, spec)
        return handler

    return mark


def listener_spec_of(handler: type) -> ListenerSpec:
    """The spec attached to a use case; raises `LookupError` when there is none."""
    spec = getattr(handler, LISTENER_ATTRIBUTE, None)
    if not isinstance(spec, ListenerSpec):
        raise LookupError(f"{handler.__name__} is not a listener")
    return spec
