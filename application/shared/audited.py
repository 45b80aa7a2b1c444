"""Entries of the audit trail, as use cases write them."""

from datetime import datetime

from domain.audit.entry import AuditAction, AuditEntry
from domain.identity.principal import Principal
from domain.shared.json import JsonValue


def audited(
    principal: Principal, action: AuditAction, target_id: object, at: datetime, **detail: JsonValue
) -> AuditEntry:
    """`principal` did this to the target, which is named by its kind, too: that of the action, unless it is a token,
    which names its subscriber.
    """
    entity = "subscriber" if action is AuditAction.TOKEN_ISSUE else action.partition(".")[0]
    return AuditEntry(
        tenant_id=principal.tenant_id,
        actor=f"{principal.kind.value}:{principal.id}",
        action=action,
        target=f"{entity}:{target_id}",
        at=at,
        detail=detail,
    )
