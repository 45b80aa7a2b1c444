"""What an API key may do."""

from collections.abc import Collection
from enum import StrEnum


class Scope(StrEnum):
    """One permission of an API key. Writing does not include reading."""

    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    SUBSCRIBERS_READ = "subscribers:read"
    SUBSCRIBERS_WRITE = "subscribers:write"
    SUBSCRIBERS_TOKEN = "subscribers:token"  # noqa: S105 - a permission, not a secret
    TOPICS_READ = "topics:read"
    TOPICS_WRITE = "topics:write"
    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    ALL = "*"


def served(scopes: Collection[Scope], enabled: Collection[Scope]) -> frozenset[Scope]:
    """What is left of a key's `scopes` where the modules served bring the scopes `enabled`.

    `*` then stands for what is served: a module that is off is granted to nobody, the administrator's key included.
    """
    if set(Scope) <= set(enabled):
        return frozenset(scopes)
    here = frozenset(enabled) - {Scope.ALL}
    return here if Scope.ALL in scopes else here & frozenset(scopes)


def grants(scopes: Collection[Scope], needed: Scope) -> bool:
    """Whether `scopes` holds `needed` itself or `*`."""
    return needed in scopes or Scope.ALL in scopes
