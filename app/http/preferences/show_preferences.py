"""One address, two questions: what was set, and what it comes to."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from app.http.preferences.answers import PreferencesBody, effective_body, preferences_body
from app.http.wire import Word
from application.preferences.queries import GetEffectivePreferences, GetPreferences
from domain.identity.principal import Principal
from domain.shared.problems import Problems


class PreferencesQuery(Struct, kw_only=True):
    """Whether to tell what it comes to, and for which workflow."""

    effective: Annotated[bool, Meta(description="Tell for each channel what would become of a message now.")] = False
    workflow: Annotated[Word | None, Meta(description="Of this workflow; without it, of inline content.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPreferences:
    """Both use cases behind `GET …/preferences`: a handler takes one dependency."""

    get_preferences: GetPreferences
    get_effective_preferences: GetEffectivePreferences

    async def __call__(self, principal: Principal, subscriber_id: str, query: PreferencesQuery) -> PreferencesBody:
        """With `effective` where that is asked for. Raises `InvalidInput` for a workflow without it."""
        if query.effective:
            return effective_body(await self.get_effective_preferences(principal, subscriber_id, query.workflow))
        problems = Problems()
        problems.check(query.workflow is None, "workflow", "goes with effective=true")
        problems.refuse()
        return preferences_body(await self.get_preferences(principal, subscriber_id))
