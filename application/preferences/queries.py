"""Asking for preferences."""

from dataclasses import dataclass
from typing import Final

from application.ports.clock import Clock
from application.ports.cursor_signer import CursorSigner
from application.ports.preference_repository import LoggedChange
from application.ports.workflow_versions import WorkflowVersions
from application.preferences.effective import ProposedWorkflow, decisions, zone_of
from application.preferences.ports import StoredPreferencesReader
from application.preferences.views import EffectiveView
from application.shared.keyset import Keyset
from application.shared.pages import Page
from application.subscribers.owner import owned
from application.subscribers.ports import SubscriberReader
from application.workflows.definitions import Definitions
from domain.identity.principal import Principal
from domain.preferences.preference import SubscriberPreferences, Switches
from domain.workflows.errors import WorkflowNotFound

LIST: Final = "preferences"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPreferences:
    """What a subscriber wants to be told, as it was set."""

    subscribers: SubscriberReader
    preferences: StoredPreferencesReader

    async def __call__(self, principal: Principal, subscriber_id: str) -> SubscriberPreferences:
        subscriber = owned(principal, await self.subscribers.get(principal.tenant_id, subscriber_id))
        return await self.preferences.get(principal.tenant_id, subscriber.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetEffectivePreferences:
    """What was set, and what it would come to now over each channel: for the published version of a workflow, or for
    inline content. Raises `WorkflowNotFound` for a workflow of which nothing is published.
    """

    subscribers: SubscriberReader
    preferences: StoredPreferencesReader
    versions: WorkflowVersions
    definitions: Definitions
    clock: Clock

    async def __call__(self, principal: Principal, subscriber_id: str, workflow: str | None) -> EffectiveView:
        tenant_id = principal.tenant_id
        subscriber = owned(principal, await self.subscribers.get(tenant_id, subscriber_id))
        proposed = await self._proposed(tenant_id, workflow) if workflow is not None else None
        stored = await self.preferences.get(tenant_id, subscriber.id)
        defaults = await self.preferences.defaults(tenant_id)
        found = decisions(proposed, defaults, stored, zone_of(subscriber), self.clock.now())
        return EffectiveView(preferences=stored, decisions=found)

    async def _proposed(self, tenant_id: str, key: str) -> ProposedWorkflow:
        published = await self.versions.published(tenant_id, key)
        if published is None:
            raise WorkflowNotFound
        return ProposedWorkflow(key=key, definition=self.definitions.read(published.version))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPreferenceChanges:
    """Who changed a subscriber's preferences, when and how, newest first."""

    subscribers: SubscriberReader
    preferences: StoredPreferencesReader
    cursors: CursorSigner

    async def __call__(
        self, principal: Principal, subscriber_id: str, *, cursor: str | None, limit: int
    ) -> Page[LoggedChange]:
        tenant_id = principal.tenant_id
        subscriber = owned(principal, await self.subscribers.get(tenant_id, subscriber_id))
        keyset = Keyset(cursors=self.cursors, tenant_id=tenant_id, list_name=f"{LIST}/{subscriber.id}/log")
        before = keyset.before(cursor)
        found = await self.preferences.changes(tenant_id, subscriber.id, before=before, limit=limit + 1)
        return keyset.page(found, limit, id_of=lambda one: one.id, view=lambda one: one)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPreferenceDefaults:
    """What the tenant has set for all its subscribers."""

    preferences: StoredPreferencesReader

    async def __call__(self, principal: Principal) -> Switches:
        return await self.preferences.defaults(principal.tenant_id)
