"""The HTTP application over use cases that answer whatever a test says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from httpx import ASGITransport, AsyncClient
from litestar import Litestar

from app.http.demo.controller import DemoPage
from app.http.dependencies import expose
from app.http.docs.controller import docs_router
from app.http.factory import Routes, Surroundings, create_http_app
from app.http.health.controller import HealthController
from app.http.inbox.actions import InboxActionsController
from app.http.inbox.controller import InboxController
from app.http.inbox.counts import InboxCountsController
from app.http.metrics.controller import MetricsController
from app.http.notifications.controller import NotificationsController
from app.http.options import HttpOptions
from app.http.preferences.controller import PreferenceDefaultsController, SubscriberPreferencesController
from app.http.subscribers.controller import SubscribersController
from app.http.topics.controller import TopicsController
from app.http.workflows.controller import WorkflowsController
from app.http.workflows.preview import WorkflowPreviewController
from app.sse.notifications import StreamController
from app.sse.tickets import TicketsController
from application.identity.authenticate_caller import Scheme
from application.ports.rate_limiter import RateLimiter
from domain.identity.errors import InvalidCredential, TicketSpent
from domain.identity.principal import Principal, PrincipalKind
from domain.identity.scopes import Scope
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.rate_limiter.memory import Buckets, MemoryRateLimiter
from infrastructure.system.ids import UuidV7Ids

USE_CASES = (
    "send_notification", "send_notifications", "find_notifications", "get_notification", "list_deliveries",
    "cancel_notification", "put_subscriber", "put_subscribers", "patch_subscriber", "get_subscriber",
    "list_subscribers", "delete_subscriber", "issue_subscriber_token", "put_topic", "get_topic", "delete_topic",
    "add_topic_subscribers", "remove_topic_subscribers", "show_preferences", "patch_preferences",
    "list_preference_changes", "get_preference_defaults", "put_preference_defaults", "put_workflow", "patch_workflow",
    "get_workflow", "preview_workflow",
    "list_workflows", "delete_workflow", "publish_workflow", "roll_back_workflow", "list_workflow_versions",
    "get_workflow_version", "compare_workflow", "list_inbox", "count_inbox", "mark_item", "snooze_item",
    "count_inbox_filters", "mark_action", "delete_item", "mark_inbox", "open_stream", "issue_ticket", "check_health",
    "export_metrics", "open_demo_session",
)  # fmt: skip
NOW = datetime(2026, 11, 20, 9, 11, 25, 163_000, tzinfo=UTC)
BACKEND = {"Authorization": "ApiKey backend"}
READER = {"Authorization": "ApiKey reader"}
ADA = {"Authorization": "Bearer ada"}

# Any: a use case of whatever kind.
Answer = Callable[..., Any]


@dataclass(slots=True)
class FakeUseCase:
    """Records what it was called with and answers with `answer`: a value, an exception, or a function."""

    name: str
    answer: Any = None
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append((args, kwargs))
        if isinstance(self.answer, BaseException):
            raise self.answer
        if callable(self.answer):
            answered = self.answer(*args, **kwargs)
            return await answered if hasattr(answered, "__await__") else answered
        return self.answer


PRINCIPALS: Mapping[tuple[Scheme, str], Principal] = {
    (Scheme.API_KEY, "backend"): Principal(
        kind=PrincipalKind.API_KEY, tenant_id="default", id="key-1", scopes=frozenset({Scope.ALL})
    ),
    (Scheme.API_KEY, "reader"): Principal(
        kind=PrincipalKind.API_KEY, tenant_id="default", id="key-2", scopes=frozenset({Scope.NOTIFICATIONS_READ})
    ),
    (Scheme.BEARER, "ada"): Principal(kind=PrincipalKind.SUBSCRIBER, tenant_id="default", id="ada"),
}


async def authenticate(scheme: Scheme, text: str) -> Principal:
    """Knows three credentials."""
    try:
        return PRINCIPALS[scheme, text]
    except KeyError:
        raise InvalidCredential from None


async def redeem_ticket(text: str) -> Principal:
    """Knows one ticket, and never tires of it."""
    if text != "good":
        raise TicketSpent
    return Principal(kind=PrincipalKind.TICKET, tenant_id="default", id="ada")


@dataclass(slots=True, kw_only=True)
class Api:
    """One application and everything around it that a test may want to look at."""

    options: HttpOptions = field(default_factory=HttpOptions)
    limiter: RateLimiter = field(default_factory=lambda: MemoryRateLimiter(Buckets(1_000)))
    log: MemoryLog = field(default_factory=MemoryLog)
    metrics: MemoryMetrics = field(default_factory=MemoryMetrics)
    trace: ContextvarsTraceContext = field(default_factory=lambda: ContextvarsTraceContext(UuidV7Ids()))
    use_cases: dict[str, FakeUseCase] = field(default_factory=lambda: {name: FakeUseCase(name) for name in USE_CASES})

    def __getattr__(self, name: str) -> FakeUseCase:
        try:
            return self.use_cases[name]
        except KeyError:
            raise AttributeError(name) from None

    def app(self) -> Litestar:
        """Every controller there is, over the fakes."""
        return create_http_app(
            Routes(
                api=[
                    NotificationsController,
                    SubscribersController,
                    TopicsController,
                    SubscriberPreferencesController,
                    PreferenceDefaultsController,
                    WorkflowsController,
                    WorkflowPreviewController,
                    InboxController,
                    InboxCountsController,
                    InboxActionsController,
                    StreamController,
                    TicketsController,
                ],
                root=[
                    docs_router(self.options.docs_path or "/docs"),
                    StreamController,
                    HealthController,
                    MetricsController,
                    DemoPage,
                ],
            ),
            expose((name, partial(self.use_cases.__getitem__, name)) for name in self.use_cases),
            Surroundings(
                trace=self.trace,
                log=self.log,
                metrics=self.metrics,
                new_request_id=lambda: "made-here",
                authenticate=lambda: authenticate,
                redeem_ticket=lambda: redeem_ticket,
                rate_limiter=lambda: self.limiter,
            ),
            self.options,
        )

    def client(self, peer: str = "127.0.0.1") -> AsyncClient:
        """A client of a new application, at `peer`."""
        app = cast("Any", self.app())  # Any: httpx and Litestar have different words for ASGI
        transport = ASGITransport(app, raise_app_exceptions=False, client=(peer, 50_000))
        return AsyncClient(transport=transport, base_url="http://localhost:8000")
