"""What steps ask for that a go cannot give: a window that many runs share, or the answer to a request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from application.ports.http_client import HttpRequest
from application.ports.recurrences import Recurrences
from application.ports.templates import RenderProblem, Templates, TemplateSource
from application.workflows.scene import Advanced, HttpCall, Stage, WindowAsk
from domain.schedules.recurrence import UTC_NAME, Cron, Recurrence
from domain.shared.json import JsonObject, JsonValue
from domain.workflows.progress import Hold, Skip
from domain.workflows.steps import SUBSCRIBERS_ZONE, DigestStep, HttpStep, Step, StepType

ASKING_STEPS: Final = (StepType.THROTTLE, StepType.DIGEST, StepType.HTTP)
HTTP_TIMEOUT: Final = 10.0
# Of one of the few words that metrics know.
HTTP_SERVICE: Final = "workflow"
_IDEMPOTENCY_KEY: Final = "Idempotency-Key"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAsks:
    """Renders what such a step says, and leaves with the run what it asks for.

    In a dry run they are left out: nobody else's limit is used up, no event of it is seen, and nothing is called.
    """

    templates: Templates
    recurrences: Recurrences

    async def of(self, stage: Stage, step: Step, advanced: Advanced, data: JsonObject) -> Skip | Hold | None:
        """Left out, or to wait on; None when the run stops for what it asks."""
        wait = advanced.run.wait
        if stage.notification.dry_run:
            return Skip(reason="dry_run", because="it is a dry run")
        if wait is not None and wait.until > stage.now:
            return Hold(wait=wait)
        if step.http is not None:
            return await self._call(stage, step, step.http, advanced, data)
        key = "" if wait is not None else await self._key(stage, step, data)
        if isinstance(key, RenderProblem):
            return Skip(reason=f"{step.type.value}.unreadable", because=f"its key cannot be rendered: {key.message}")
        rest = tuple(each.key for each in stage.definition.steps[step.index + 1 :])
        closes_at = self._closes_at(stage, step.digest) if step.digest else None
        advanced.ask = WindowAsk(step=step, key=key, closes_at=closes_at, rest=rest)
        return None

    async def _key(self, stage: Stage, step: Step, data: JsonObject) -> str | RenderProblem:
        settings = step.throttle or step.digest
        if settings is None or settings.key is None:
            return ""
        source = TemplateSource(channel=None, fields={"key": settings.key})
        rendered = await self.templates.render(stage.job(source, data))
        return rendered if isinstance(rendered, RenderProblem) else str(rendered.fields["key"]).strip()

    def _closes_at(self, stage: Stage, step: DigestStep) -> datetime | None:
        if step.cron is None:
            return None if step.window is None else stage.now + step.window
        zone = stage.subscriber.timezone if step.timezone == SUBSCRIBERS_ZONE else step.timezone
        recurrence = Recurrence(rule=Cron(expression=step.cron), timezone=zone or UTC_NAME)
        return self.recurrences.next_after(recurrence, stage.now)

    async def _call(
        self, stage: Stage, step: Step, http: HttpStep, advanced: Advanced, data: JsonObject
    ) -> Skip | None:
        """A request begins a go of its own: what the run did before is written first, and is not late with it."""
        if advanced.run.position != advanced.scene.claimed.run.position:
            return None
        said: dict[str, JsonValue] = {"url": http.url, "headers": http.headers, "body": http.body}
        source = TemplateSource(channel=None, fields={name: value for name, value in said.items() if value is not None})
        rendered = await self.templates.render(stage.job(source, data))
        if isinstance(rendered, RenderProblem):
            return Skip(reason="http.unreadable", because=f"it cannot be rendered: {rendered.message}")
        request = _request(http, rendered.fields, f"{advanced.run.id}:{step.key}")
        advanced.call = HttpCall(step=step, request=request)
        return None


def _request(http: HttpStep, fields: Mapping[str, JsonValue], idempotency_key: str) -> HttpRequest:
    body, kind = _body(fields.get("body"))
    said = {str(name): str(value) for name, value in (fields.get("headers") or {}).items()}
    ours = {_IDEMPOTENCY_KEY.lower()} | ({"content-type"} if body and not _names(said, "content-type") else set())
    headers = {name: value for name, value in said.items() if name.lower() not in ours}
    headers |= {"Content-Type": kind} if "content-type" in ours else {}
    return HttpRequest(
        method=http.method,
        url=str(fields["url"]).strip(),
        headers={**headers, _IDEMPOTENCY_KEY: idempotency_key},
        body=body,
        timeout=http.timeout.total_seconds() if http.timeout else HTTP_TIMEOUT,
        service=HTTP_SERVICE,
    )


def _body(value: JsonValue) -> tuple[bytes, str]:
    """The bytes, and their type where the step names none: a text is sent as it is, anything else as JSON."""
    if value is None:
        return b"", ""
    if isinstance(value, str):
        return value.encode(), "text/plain; charset=utf-8"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), "application/json"


def _names(headers: Mapping[str, str], name: str) -> bool:
    return any(each.lower() == name for each in headers)
