"""Who is asking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from domain.identity.errors import InsufficientScope, MissingCredential, SubscriberRequired
from domain.identity.scopes import Scope, grants


class PrincipalKind(StrEnum):
    """How the caller showed who it is."""

    API_KEY = "api_key"
    SUBSCRIBER = "subscriber"
    TICKET = "ticket"
    USER = "user"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


_WITH_INBOX = frozenset({PrincipalKind.SUBSCRIBER, PrincipalKind.USER})
_WITH_STREAM = _WITH_INBOX | {PrincipalKind.TICKET}


# Clocks of the machines that issue credentials and make subscribers may differ by so much.
LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller of one request or the holder of one connection.

    `id` is the key's id for an API key and the subscriberId for a subscriber or a ticket; a user's id is also the
    subscriberId of the subscriber that belongs to it. `expires_at` is when the credential ends, None for never;
    `issued_at` is known of subscribers' tokens alone.
    """

    kind: PrincipalKind
    tenant_id: str
    id: str
    scopes: frozenset[Scope] = frozenset()
    roles: tuple[str, ...] = ()
    expires_at: datetime | None = None
    issued_at: datetime | None = None

    @classmethod
    def system(cls, tenant_id: str) -> Self:
        """The product itself, acting for one tenant: it may do everything there."""
        return cls(kind=PrincipalKind.SYSTEM, tenant_id=tenant_id, id="system", scopes=frozenset({Scope.ALL}))

    @classmethod
    def anonymous(cls) -> Self:
        """A caller without credential; it belongs to no tenant."""
        return cls(kind=PrincipalKind.ANONYMOUS, tenant_id="", id="anonymous")

    def require(self, scope: Scope) -> None:
        """Raise `InsufficientScope` without `scope`, `MissingCredential` for an anonymous caller."""
        self._require_credential()
        if not grants(self.scopes, scope):
            raise InsufficientScope(f"This needs the scope {scope.value}")

    def require_subscriber(self) -> str:
        """The subscriberId whose inbox the caller may use.

        Raises `SubscriberRequired` for API keys and for tickets, which open a stream and nothing else.
        """
        return self._id_if(_WITH_INBOX)

    def require_stream(self) -> str:
        """The subscriberId whose stream the caller may open: as `require_subscriber`, and tickets may too."""
        return self._id_if(_WITH_STREAM)

    def predates(self, made_at: datetime) -> bool:
        """Whether the credential was issued to somebody else, who had the id before what was made at that time."""
        return self.issued_at is not None and self.issued_at + LEEWAY < made_at

    def _id_if(self, kinds: frozenset[PrincipalKind]) -> str:
        self._require_credential()
        if self.kind not in kinds:
            raise SubscriberRequired
        return self.id

    def _require_credential(self) -> None:
        if self.kind is PrincipalKind.ANONYMOUS:
            raise MissingCredential
