"""A run with all that its steps look at, and what they came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from application.ports.http_client import HttpRequest
from application.ports.run_queue import ClaimedRun
from application.ports.templates import RenderJob, TemplateSource
from application.preferences.wishes import Wishes
from domain.notifications.content import Content
from domain.notifications.delivery import Delivery
from domain.notifications.notification import Notification
from domain.shared.json import JsonObject
from domain.subscribers.subscriber import Subscriber
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.progress import Standing
from domain.workflows.run import Run, RunStatus, StepOutcome, StepRecord
from domain.workflows.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A leased run as it stands; `notification` or `subscriber` is None where it is gone."""

    claimed: ClaimedRun
    notification: Notification | None
    subscriber: Subscriber | None
    standings: Mapping[str, Standing]
    wishes: Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What one go looks at all the time."""

    definition: WorkflowDefinition
    notification: Notification
    subscriber: Subscriber
    wishes: Wishes
    now: datetime

    def job(self, source: TemplateSource, data: JsonObject) -> RenderJob:
        """The source, for this recipient."""
        return RenderJob(
            source=source, data=data, now=self.now, locale=self.subscriber.locale, timezone=self.subscriber.timezone
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A step's delivery; `content` is what an in-app one says."""

    step: Step
    delivery: Delivery
    content: Content | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAsk:
    """A throttle or digest step whose turn has come: what becomes of the run is decided while its window is locked.

    `key` is rendered; empty for a run that waits for its digest and is in a window already. `closes_at` is when a
    window that opens now would close, None when never. `rest` are the keys of the steps behind it.
    """

    step: Step
    key: str = ""
    closes_at: datetime | None = None
    rest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """A request that an `http` step makes."""

    step: Step
    request: HttpRequest


@dataclass(slots=True, kw_only=True)
class Advanced:
    """How far a run came in one go, with the deliveries it brought. At most one of `ask` and `call` is there: the run
    has stopped for it, and goes on in the next go.
    """

    scene: Scene
    run: Run
    handovers: list[Handover] = field(default_factory=list)
    ask: WindowAsk | None = None
    call: HttpCall | None = None

    def leave_out(self, keys: tuple[str, ...], reason: str, because: str, at: datetime) -> None:
        """Skip these steps, which are all that are left: the run is over."""
        record = StepRecord(outcome=StepOutcome.SKIPPED, at=at, reason=reason, because=because)
        for key in keys:
            self.run = self.run.passed(key, record)
        self.run = self.run.ended(RunStatus.COMPLETED, at, reason)
