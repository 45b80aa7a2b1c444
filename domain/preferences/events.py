"""Facts about preferences."""

from dataclasses import dataclass
from typing import ClassVar

from domain.shared.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesChanged(DomainEvent):
    """What a subscriber wants to be told was changed, by themselves or for them. `fields` are the names of what
    changed at the top (`global`, `quietHours`, …).
    """

    type: ClassVar[str] = "preference.updated"

    subscriber_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceDefaultsChanged(DomainEvent):
    """What a tenant has set for all its subscribers was changed; `fields` as above."""

    type: ClassVar[str] = "preference.defaults_updated"

    fields: tuple[str, ...]
