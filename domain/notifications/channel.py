"""The ways a notification can reach a person."""

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach someone; the wire names of the HTTP contract."""

    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    CHAT = "chat"
    WEBHOOK = "webhook"


# A second copy of these does no harm: the receiver drops it by the delivery's id (`webhook-id`).
TOLERATES_DUPLICATES = frozenset({Channel.WEBHOOK})

# A person's devices are each served; in other channels one acceptance is enough.
SERVES_EVERY_POINT = frozenset({Channel.PUSH})
