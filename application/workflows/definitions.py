"""Definitions of published versions, read once."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from application.ports.workflow_versions import WorkflowVersions
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.versions import WorkflowVersion

MAX_DEFINITIONS: Final = 500

_Key = tuple[str, str, int]


class Definitions:
    """What a version says never changes: kept for as long as it is among the most used of this process."""

    def __init__(self, versions: Callable[[], WorkflowVersions], limit: int = MAX_DEFINITIONS) -> None:
        self._versions = versions
        self._limit = limit
        self._known: OrderedDict[_Key, WorkflowDefinition] = OrderedDict()

    async def of(self, tenant_id: str, key: str, number: int) -> WorkflowDefinition | None:
        """The definition; None when there is no such version. Call it with no unit of work open."""
        name = (tenant_id, key, number)
        known = self._known.get(name)
        if known is not None:
            self._known.move_to_end(name)
            return known
        version = await self._versions().of(tenant_id, key, number)
        return None if version is None else self.read(version)

    def read(self, version: WorkflowVersion) -> WorkflowDefinition:
        """What a version says."""
        name = (version.tenant_id, version.key, version.number)
        known = self._known.get(name)
        if known is not None:
            return known
        definition = version.definition()
        self._known[name] = definition
        if len(self._known) > self._limit:
            self._known.popitem(last=False)
        return definition
