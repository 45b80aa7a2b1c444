"""The business modules: what each brings to a process, and what disappears with it.

`MODULES_ENABLED` names those to serve. Of one that is not named no route, no job, no reaction and no listener exists;
what it stored stays.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Controller

from app.http.demo.controller import DemoPage
from app.http.demo.open_session import OpenDemoSession
from app.http.health.controller import HealthController
from app.http.inbox.actions import InboxActionsController
from app.http.inbox.controller import InboxController
from app.http.inbox.counts import InboxCountsController
from app.http.metrics.controller import MetricsController
from app.http.notifications.controller import NotificationsController
from app.http.notifications.dead_letters import DeadLettersController
from app.http.notifications.find_notifications import FindNotifications
from app.http.notifications.timeline import TimelineController
from app.http.preferences.controller import PreferenceDefaultsController, SubscriberPreferencesController
from app.http.preferences.show_preferences import ShowPreferences
from app.http.subscribers.controller import SubscribersController
from app.http.topics.controller import TopicsController
from app.http.workflows.controller import WorkflowsController
from app.http.workflows.preview import WorkflowPreviewController
from app.sse.notifications import StreamController
from app.sse.tickets import TicketsController
from application.inbox.reactions import forget_inbox
from application.notifications.reactions import cancel_what_waits
from application.preferences.reactions import forget_preferences
from application.shared.reaction import Reaction
from domain.identity.scopes import Scope
from infrastructure.config.catalogue import section_of
from infrastructure.config.problems import ConfigurationError, Problem
from infrastructure.config.settings import Settings

KEY = "MODULES_ENABLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facade:
    """Several providers of the container behind one dependency: a handler takes one."""

    make: Callable[..., Any]  # Any: whatever the handler asks for
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One row of the table.

    `api` is mounted below `/api/v1`, `root` as it is; `use_cases`, `jobs` and `listeners` are attributes of the
    container, for the handlers, the workers and the relay. `scopes` are granted and `settings`, sections of `Settings`,
    have an effect while some enabled module names them. A module whose `served` says no has no routes in this process;
    one that is `about_process` has them also in processes without an API.
    """

    name: str
    api: tuple[type[Controller], ...] = ()
    root: tuple[type[Controller], ...] = ()
    use_cases: tuple[str, ...] = ()
    facades: Mapping[str, Facade] = field(default_factory=dict)
    jobs: tuple[str, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    listeners: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    settings: tuple[str, ...] = ()
    required: bool = False
    about_process: bool = False
    served: Callable[[Settings], bool] = lambda _settings: True


MODULES: tuple[Module, ...] = (
    Module(name="tenancy", required=True, settings=("database",)),
    Module(name="identity", required=True, scopes=(Scope.ALL,), settings=("auth", "rate_limit")),
    Module(name="jobs", required=True, jobs=("redeliver_event",), settings=("queue", "worker")),
    Module(
        name="notifications",
        api=(NotificationsController, TimelineController, DeadLettersController),
        use_cases=(
            "send_notification",
            "send_notifications",
            "get_notification",
            "list_deliveries",
            "cancel_notification",
            "get_timeline",
            "list_dead_letters",
            "get_delivery",
            "redrive_delivery",
            "redrive_deliveries",
        ),
        facades={
            "find_notifications": Facade(make=FindNotifications, parts=("get_notification", "list_notifications"))
        },
        jobs=("expand_notification", "cancel_pending_deliveries", "cancel_for_recipient", "replay_deliveries"),
        reactions=(cancel_what_waits,),
        scopes=(Scope.NOTIFICATIONS_READ, Scope.NOTIFICATIONS_WRITE),
        settings=("notification", "mail", "egress"),
    ),
    Module(
        name="subscribers",
        api=(SubscribersController,),
        use_cases=(
            "put_subscriber",
            "put_subscribers",
            "patch_subscriber",
            "get_subscriber",
            "list_subscribers",
            "delete_subscriber",
            "issue_subscriber_token",
        ),
        scopes=(Scope.SUBSCRIBERS_READ, Scope.SUBSCRIBERS_WRITE, Scope.SUBSCRIBERS_TOKEN),
    ),
    Module(
        name="topics",
        api=(TopicsController,),
        use_cases=("put_topic", "get_topic", "delete_topic", "add_topic_subscribers", "remove_topic_subscribers"),
        scopes=(Scope.TOPICS_READ, Scope.TOPICS_WRITE),
    ),
    Module(
        name="preferences",
        api=(SubscriberPreferencesController, PreferenceDefaultsController),
        use_cases=(
            "patch_preferences",
            "list_preference_changes",
            "get_preference_defaults",
            "put_preference_defaults",
        ),
        facades={
            "show_preferences": Facade(make=ShowPreferences, parts=("get_preferences", "get_effective_preferences"))
        },
        reactions=(forget_preferences,),
        # They lie below what the subscribers' module serves, and take its scopes.
        served=lambda settings: "subscribers" in (settings.app.modules_enabled or ("subscribers",)),
    ),
    Module(
        name="workflows",
        api=(WorkflowsController, WorkflowPreviewController),
        use_cases=(
            "put_workflow",
            "patch_workflow",
            "get_workflow",
            "list_workflows",
            "delete_workflow",
            "publish_workflow",
            "roll_back_workflow",
            "list_workflow_versions",
            "get_workflow_version",
            "compare_workflow",
            "preview_workflow",
        ),
        scopes=(Scope.WORKFLOWS_READ, Scope.WORKFLOWS_WRITE),
    ),
    Module(
        name="inbox",
        api=(InboxController, InboxCountsController, InboxActionsController),
        use_cases=(
            "list_inbox",
            "count_inbox",
            "count_inbox_filters",
            "mark_item",
            "snooze_item",
            "mark_action",
            "delete_item",
            "mark_inbox",
        ),
        jobs=("surface_item", "forget_inbox"),
        reactions=(forget_inbox,),
    ),
    Module(
        name="realtime",
        api=(StreamController, TicketsController),
        root=(StreamController,),
        use_cases=("open_stream", "issue_ticket"),
        settings=("sse", "realtime"),
    ),
    Module(
        name="health",
        root=(HealthController,),
        use_cases=("check_health",),
        settings=("health",),
        about_process=True,
    ),
    Module(
        name="metrics",
        root=(MetricsController,),
        use_cases=("export_metrics",),
        settings=("metrics",),
        about_process=True,
        served=lambda settings: settings.metrics.enabled,
    ),
    Module(
        name="demo",
        root=(DemoPage,),
        use_cases=("send_notification",),
        facades={
            "open_demo_session": Facade(make=OpenDemoSession, parts=("issue_subscriber_token", "put_subscriber", "ids"))
        },
        served=lambda settings: settings.app.demo_page,
    ),
)


def enabled_modules(names: Collection[str] | None) -> tuple[Module, ...]:
    """The modules with these names, all of them for None, in the order of the table.

    Raises ConfigurationError for a name that nothing bears, and when one is left out that the others stand on.
    """
    if names is None:
        return MODULES
    problems = [*_unknown(names), *_missing(names)]
    if problems:
        raise ConfigurationError(problems)
    return tuple(module for module in MODULES if module.name in names)


def idle_sections(names: Collection[str] | None) -> Mapping[str, str]:
    """Sections of `Settings` that matter to no module with one of these names, each with the module that is off."""
    enabled = {section for module in enabled_modules(names) for section in module.settings}
    off = [module for module in MODULES if names is not None and module.name not in names]
    return {section: module.name for module in off for section in module.settings if section not in enabled}


def idle_settings(settings: Settings) -> list[str]:
    """One sentence for each key that somebody wrote and that has no effect, since its module is off."""
    idle = idle_sections(settings.app.modules_enabled)
    written = {key: idle.get(section_of(key)) for key in sorted(settings.given)}
    return [f"{key} has no effect: module {module} is off" for key, module in written.items() if module]


def _unknown(names: Collection[str]) -> list[Problem]:
    unknown = sorted(set(names) - {module.name for module in MODULES})
    known = ", ".join(module.name for module in MODULES)
    return [Problem(keys=(KEY,), message=f"names modules there are not; there are {known}")] if unknown else []


def _missing(names: Collection[str]) -> list[Problem]:
    missing = [module.name for module in MODULES if module.required and module.name not in names]
    return [Problem(keys=(KEY,), message=f"must name {', '.join(missing)} too: the others need it")] if missing else []
