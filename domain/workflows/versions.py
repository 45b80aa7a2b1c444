"""What was published, for good."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.shared.json import JsonObject
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.reading import stored_definition


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowVersion:
    """A numbered copy of a definition, which never changes: tenant, key and number stand for it wherever it is kept.

    Numbers grow by one per key, also over a workflow that was deleted and one made anew under its key. `digest` is
    that of the canonical definition, `published_by` `<kind>:<id>` of who did it, `restores` the number it was copied
    from by a rollback.
    """

    tenant_id: str
    workflow_id: UUID
    key: str
    number: int
    document: JsonObject
    digest: str
    note: str | None = None
    restores: int | None = None
    published_at: datetime
    published_by: str

    def definition(self) -> WorkflowDefinition:
        """The document, read; reading takes its time, so keep it with the version."""
        return stored_definition(self.document)
