"""Facts about workflows."""

from dataclasses import dataclass
from typing import ClassVar

from domain.shared.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowCreated(DomainEvent):
    """A workflow was made; it is not published yet."""

    type: ClassVar[str] = "workflow.created"

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowUpdated(DomainEvent):
    """Its draft was changed, or it was switched on or off. `fields` are the names of what changed at the top."""

    type: ClassVar[str] = "workflow.updated"

    key: str
    fields: tuple[str, ...]
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowPublished(DomainEvent):
    """Its draft is what is sent from now on."""

    type: ClassVar[str] = "workflow.published"

    key: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRolledBack(DomainEvent):
    """A copy of the version `restores` is what is sent from now on."""

    type: ClassVar[str] = "workflow.rolled_back"

    key: str
    version: int
    restores: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowDeleted(DomainEvent):
    """It can no longer be sent with."""

    type: ClassVar[str] = "workflow.deleted"

    key: str
