"""The steps of a workflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from domain.shared.json import JsonObject, JsonValue


class StepType(StrEnum):
    """What a step does. The first six send over the channel of their name."""

    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    CHAT = "chat"
    WEBHOOK = "webhook"
    DELAY = "delay"
    DIGEST = "digest"
    THROTTLE = "throttle"
    HTTP = "http"


CHANNEL_STEPS: Final = (
    StepType.IN_APP,
    StepType.EMAIL,
    StepType.SMS,
    StepType.PUSH,
    StepType.CHAT,
    StepType.WEBHOOK,
)
# The zone of a cron digest that is each recipient's own.
SUBSCRIBERS_ZONE: Final = "subscriber"
DEFAULT_MAX_ITEMS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a delivery of the step is tried, and the pauses between the rounds; None and () leave the channel's
    own.
    """

    attempts: int | None = None
    backoff: tuple[timedelta, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Wait `after` that long behind the earlier `step`, and skip the moment it was `if_not`: `seen` or `read`."""

    step: str
    if_not: str
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a channel step says, and how that is delivered. `locales` hold fields that replace those of `template`."""

    template: JsonObject
    locales: Mapping[str, JsonObject] = field(default_factory=dict)
    providers: tuple[str, ...] = ()
    retry: Retry = field(default_factory=Retry)
    timeout: timedelta | None = None
    escalation: Escalation | None = None

    def template_in(self, locale: str | None) -> JsonObject:
        """The template as somebody of that locale reads it: `de-AT` falls back to `de`, and that to the default."""
        known = {_normal(name): variant for name, variant in self.locales.items()}
        wanted = _normal(locale or "")
        while wanted:
            if wanted in known:
                return {**self.template, **known[wanted]}
            wanted = wanted.rpartition("-")[0]
        return self.template


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Wait so long, or until the time that a template renders to: one of both."""

    length: timedelta | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestStep:
    """Gather what comes for the same `key` (a template; all of it without), for a `window` from the first or until the
    next time of `cron` in `timezone`: one of both. With `look_back`, what comes after so much silence goes at once.
    """

    window: timedelta | None = None
    cron: str | None = None
    timezone: str | None = None
    key: str | None = None
    look_back: timedelta | None = None
    max_items: int = DEFAULT_MAX_ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleStep:
    """At most `limit` per `window` for the same `key` (a template; all of it without)."""

    limit: int
    window: timedelta
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpStep:
    """A request whose answer later steps may use; `url`, `headers` and `body` are templates."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JsonValue = None
    timeout: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, at `index` in the list; of `message` and the settings behind it there is the one that its type calls
    for.

    `run_if` and `skip_if` are JSON Logic: run only when true, not run when true; None has no say.
    """

    key: str
    type: StepType
    index: int
    run_if: JsonValue = None
    skip_if: JsonValue = None
    message: Message | None = None
    delay: Delay | None = None
    digest: DigestStep | None = None
    throttle: ThrottleStep | None = None
    http: HttpStep | None = None


def _normal(locale: str) -> str:
    return locale.replace("_", "-").lower()
