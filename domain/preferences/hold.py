"""What waits while somebody wants to be left alone, and what does not."""

from dataclasses import dataclass

# These make a noise in a pocket or reach into another program. A letter and an inbox wait by themselves.
HELD_BY_DEFAULT = frozenset({"push", "sms", "chat", "webhook"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The channels that wait, and the severities that go through all the same."""

    channels: frozenset[str] = HELD_BY_DEFAULT
    let_through: frozenset[str] = frozenset()

    def keeps(self, channel: str, severity: str) -> bool:
        """Whether a message of that severity has to wait on that channel."""
        return channel in self.channels and severity not in self.let_through


DEFAULT_HOLD = Hold()
