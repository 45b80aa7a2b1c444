"""Opening a subscriber's stream."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.stream_hub import ClaimedStream, StreamHolder, StreamHub, StreamOpening, StreamSocket
from application.subscribers.owner import owned
from application.subscribers.ports import SubscriberReader
from domain.identity.errors import InvalidCredential
from domain.identity.principal import Principal
from domain.realtime.cursor import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedStream:
    """A stream that may be opened once a socket is there. Until `claim` it holds nothing that could leak."""

    hub: StreamHub
    opening: StreamOpening

    async def claim(self, socket: StreamSocket) -> ClaimedStream:
        """Take a place for it; raises what `StreamHub.claim` raises."""
        return await self.hub.claim(self.opening, socket)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStream:
    """Let a subscriber follow its own stream.

    `position` is the id of the last event the client saw, None for what comes from now on. Whatever is no id of ours
    is answered by a reset, not refused: a browser could do nothing about a refusal.
    """

    hub: StreamHub
    subscribers: SubscriberReader
    clock: Clock

    async def __call__(self, principal: Principal, position: str | None = None) -> OpenedStream:
        subscriber_id = principal.require_stream()
        if principal.expires_at is not None and principal.expires_at <= self.clock.now():
            raise InvalidCredential
        subscriber = owned(principal, await self.subscribers.get(principal.tenant_id, subscriber_id))
        opening = StreamOpening(
            holder=StreamHolder(stream_id=subscriber.id, principal=principal),
            resuming=bool(position),
            cursor=Cursor.parse(position) if position else None,
        )
        return OpenedStream(hub=self.hub, opening=opening)
