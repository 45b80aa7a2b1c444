"""What callers see of topics."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """A topic and how many subscribers it has."""

    key: str
    name: str | None
    subscribers: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipView:
    """How many of those named were added to, or removed from, a topic; the others were (not) in it already."""

    changed: int
    unchanged: int
