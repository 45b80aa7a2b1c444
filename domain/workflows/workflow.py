"""A named notification type: a draft that is worked on, and the version of it that is sent."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.shared.json import JsonObject
from domain.workflows.definition import digest_of
from domain.workflows.errors import WorkflowEditConflict, WorkflowNotPublished
from domain.workflows.versions import WorkflowVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Which version is sent, since when, and the digest of its definition."""

    version: int
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Known by the caller's own `key`, unique among its tenant's; once it is deleted the key is free.

    `draft` is a definition as it was written, `digest` that of its canonical form. `revision` counts the changes, for
    those who edit at the same time. While it is not `active` nothing can be sent with it.
    """

    id: UUID
    tenant_id: str
    key: str
    draft: JsonObject
    digest: str
    active: bool = True
    published: Published | None = None
    revision: int = 1
    created_at: datetime
    updated_at: datetime
    drafted_at: datetime
    deleted_at: datetime | None = None

    @property
    def changed(self) -> bool:
        """Whether the draft says anything else than what is published."""
        return self.published is None or self.published.digest != self.digest

    def expect(self, revision: int | None) -> None:
        """Raise `WorkflowEditConflict` unless this is the revision that an editor saw; None saw none."""
        if revision is not None and revision != self.revision:
            raise WorkflowEditConflict(f"It is at revision {self.revision}, not {revision}")

    def drafted(self, draft: JsonObject, at: datetime) -> "Workflow":
        """With another draft; the same object when it says nothing else."""
        digest = digest_of(draft)
        if digest == self.digest:
            return self
        return replace(self, draft=draft, digest=digest, drafted_at=at)._touched(at)

    def switched(self, active: bool, at: datetime) -> "Workflow":
        """On or off; the same object when it was before."""
        return self if active is self.active else replace(self, active=active)._touched(at)

    def publish(self, *, number: int, at: datetime, by: str, note: str | None) -> tuple["Workflow", WorkflowVersion]:
        """The draft as a version of that number."""
        version = WorkflowVersion(
            tenant_id=self.tenant_id,
            workflow_id=self.id,
            key=self.key,
            number=number,
            document=self.draft,
            digest=self.digest,
            note=note,
            published_at=at,
            published_by=by,
        )
        return self._sending(version), version

    def roll_back(
        self, earlier: WorkflowVersion, *, number: int, at: datetime, by: str
    ) -> tuple["Workflow", WorkflowVersion]:
        """A copy of an earlier version as a new one of that number; the draft stays."""
        version = replace(
            earlier,
            number=number,
            note=f"rolled back to {earlier.number}",
            restores=earlier.number,
            published_at=at,
            published_by=by,
        )
        return self._sending(version), version

    def deleted(self, at: datetime) -> "Workflow":
        """Gone for its tenant."""
        return replace(self, active=False, deleted_at=at)._touched(at)

    def published_version(self) -> Published:
        """What is sent; raises `WorkflowNotPublished` when nothing is."""
        if self.published is None:
            raise WorkflowNotPublished
        return self.published

    def _sending(self, version: WorkflowVersion) -> "Workflow":
        published = Published(version=version.number, at=version.published_at, digest=version.digest)
        return replace(self, published=published)._touched(version.published_at)

    def _touched(self, at: datetime) -> "Workflow":
        return replace(self, revision=self.revision + 1, updated_at=at)


def new_workflow(*, id: UUID, tenant_id: str, key: str, draft: JsonObject, at: datetime) -> Workflow:  # noqa: A002
    """A workflow that was never published."""
    return Workflow(
        id=id,
        tenant_id=tenant_id,
        key=key,
        draft=draft,
        digest=digest_of(draft),
        created_at=at,
        updated_at=at,
        drafted_at=at,
    )
