"""Adding up changes of counts."""

from collections.abc import Iterable

from domain.notifications.notification_status import Counts


def total(changes: Iterable[Counts]) -> Counts:
    """The sum of all, status by status."""
    every = list(changes)
    return Counts(**{name: sum(getattr(change, name) for change in every) for name in Counts.__slots__})
