"""What a notification says and to whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from domain.shared.json import JsonObject


class Severity(StrEnum):
    """How much it matters to the recipient."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button of an inbox item; its `state` is kept by the server."""

    id: str
    label: str
    url: str | None = None
    state: str = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The inline text of a notification."""

    title: str
    body: str = ""
    data: JsonObject = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    avatar: str | None = None
    redirect: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One entry of `to`: a subscriber, with contact fields to merge into the stored one, or a topic."""

    subscriber_id: str | None = None
    topic: str | None = None
    exclude: tuple[str, ...] = ()
    contact: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """To whom: the entries in the order they were sent, or everyone."""

    entries: tuple[Recipient, ...] = ()
    everyone: bool = False

    def gathered(self) -> "Audience":
        """The same people, the named ones first and each once with all that was said of its contact: whoever is in a
        topic, too, is reached as the request describes them.
        """
        named: dict[str, Recipient] = {}
        topics: list[Recipient] = []
        for entry in self.entries:
            if entry.subscriber_id is None:
                topics.append(entry)
            else:
                known = named.setdefault(entry.subscriber_id, entry)
                if known is not entry:
                    named[entry.subscriber_id] = replace(known, contact={**known.contact, **entry.contact})
        return replace(self, entries=(*named.values(), *topics))

    @property
    def named(self) -> bool:
        """Whether every recipient is known without asking the database."""
        return not self.everyone and all(entry.topic is None for entry in self.entries)

    @property
    def size(self) -> int | None:
        """The number of distinct subscribers, or None while a topic or everyone has to be asked."""
        return len({entry.subscriber_id for entry in self.entries}) if self.named else None
