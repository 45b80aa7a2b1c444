"""/subscribers/{subscriberId}/preferences and /preferences"""

from litestar import Controller, Response, get, patch, put
from litestar.params import JSONBody

from app.http.dependencies import Injected
from app.http.envelope import Envelope, Listing, listing, ok
from app.http.guards import requires
from app.http.preferences.answers import (
    PreferenceChangeBody,
    PreferencesBody,
    TenantPreferencesBody,
    change_body,
    defaults_body,
    preferences_body,
)
from app.http.preferences.guards import requires_or_self
from app.http.preferences.schemas import (
    EXAMPLE,
    EXAMPLE_OF_DEFAULTS,
    FreeJson,
    PatchPreferencesBody,
    PutPreferenceDefaultsBody,
)
from app.http.preferences.show_preferences import PreferencesQuery, ShowPreferences
from app.http.query import PageQuery, read_query
from app.http.requests import ApiRequest
from app.http.wire import PathId
from application.preferences.patch_preferences import PatchPreferences
from application.preferences.put_preference_defaults import PutPreferenceDefaults
from application.preferences.queries import GetPreferenceDefaults, ListPreferenceChanges
from application.shared.cursors import InvalidCursor
from domain.identity.scopes import Scope
from domain.subscribers.subscriber import SubscriberNotFound
from domain.workflows.errors import WorkflowNotFound


class SubscriberPreferencesController(Controller):
    """What a subscriber wants to be told. Subscribers reach their own with their own credential."""

    path = "/subscribers/{subscriber_id:str}/preferences"
    tags = ("Preferences",)

    @get(
        summary="Read a subscriber's preferences",
        guards=[requires_or_self(Scope.SUBSCRIBERS_READ)],
        query=PreferencesQuery,
        errors=(SubscriberNotFound, WorkflowNotFound),
    )
    async def get_preferences(
        self, request: ApiRequest, subscriber_id: PathId, show_preferences: Injected[ShowPreferences]
    ) -> Response[Envelope[PreferencesBody]]:
        """What was set; with `effective=true` also what it comes to, channel by channel, and why."""
        query = read_query(request.scope["query_string"], PreferencesQuery)
        return ok(await show_preferences(request.auth, subscriber_id, query))

    @patch(
        summary="Change a subscriber's preferences",
        guards=[requires_or_self(Scope.SUBSCRIBERS_WRITE)],
        body=PatchPreferencesBody,
        errors=(SubscriberNotFound,),
        example=EXAMPLE,
    )
    async def patch_preferences(
        self,
        request: ApiRequest,
        subscriber_id: PathId,
        data: JSONBody[FreeJson],
        patch_preferences: Injected[PatchPreferences],
    ) -> Response[Envelope[PreferencesBody]]:
        """A field that is left out stays, null takes one away, objects are gone into. Answered with the whole."""
        return ok(preferences_body(await patch_preferences(request.auth, subscriber_id, data)))

    @get(
        "/log",
        summary="List the changes of a subscriber's preferences",
        guards=[requires_or_self(Scope.SUBSCRIBERS_READ)],
        query=PageQuery,
        errors=(SubscriberNotFound, InvalidCursor),
    )
    async def list_preference_changes(
        self, request: ApiRequest, subscriber_id: PathId, list_preference_changes: Injected[ListPreferenceChanges]
    ) -> Response[Listing[PreferenceChangeBody]]:
        """Newest first: who changed which field, when, from what to what. Kept for as long as the subscriber is."""
        query = read_query(request.scope["query_string"], PageQuery)
        page = await list_preference_changes(request.auth, subscriber_id, cursor=query.cursor, limit=query.limit)
        return listing(page, change_body)


class PreferenceDefaultsController(Controller):
    """What holds for subscribers who said nothing themselves."""

    path = "/preferences/defaults"
    tags = ("Preferences",)

    @get(summary="Read the default preferences", guards=[requires(Scope.SUBSCRIBERS_READ)])
    async def get_preference_defaults(
        self, request: ApiRequest, get_preference_defaults: Injected[GetPreferenceDefaults]
    ) -> Response[Envelope[TenantPreferencesBody]]:
        """They are asked after a subscriber's own switches and before a workflow's."""
        return ok(defaults_body(await get_preference_defaults(request.auth)))

    @put(
        summary="Replace the default preferences",
        guards=[requires(Scope.SUBSCRIBERS_WRITE)],
        body=PutPreferenceDefaultsBody,
        example=EXAMPLE_OF_DEFAULTS,
    )
    async def put_preference_defaults(
        self,
        request: ApiRequest,
        data: JSONBody[FreeJson],
        put_preference_defaults: Injected[PutPreferenceDefaults],
    ) -> Response[Envelope[TenantPreferencesBody]]:
        """What is left out has no opinion."""
        return ok(defaults_body(await put_preference_defaults(request.auth, data)))
