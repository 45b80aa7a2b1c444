"""Microsoft Teams, by webhook of a workflow (Microsoft Learn: "Create incoming webhooks with Workflows", "Format cards
in Microsoft Teams"; Adaptive Cards schema 1.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.addresses import point_of, text_at, unreachable
from infrastructure.channels.chat.teams_card import teams_content
from infrastructure.channels.chat.webhook_url import webhook_target
from infrastructure.channels.http_answers import json_of, report_of_failure, report_of_status
from infrastructure.channels.provider_words import quoted

_TECH: Final = "teams"
_RECIPIENT: Final = AttemptOutcome.RECIPIENT_PERMANENT
# Of the service that runs workflows; the rest is judged by status.
_OF_THE_URL: Final[Mapping[str, tuple[str, bool]]] = {
    "WorkflowNotFound": ("workflow_not_found", True),
    "WorkflowTriggerNotFound": ("workflow_not_found", True),
    "WorkflowTriggerIsNotEnabled": ("workflow_disabled", False),
    "WorkflowDisabled": ("workflow_disabled", False),
    "DirectApiAuthorizationRequired": ("unauthorized", False),
    "AuthorizationFailed": ("unauthorized", False),
    "DirectApiInvalidAuthorizationScheme": ("unauthorized", False),
}
# The older connectors answer 200 and say in words that nothing was posted.
_NOT_POSTED = b"Webhook message delivery failed"
# A workflow that was deleted has a trigger that is not enabled for good.
_DELETED = b"state 'Deleted'"
_TOO_MANY = b"HTTP error 429"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsAccount:
    """`webhook_url` is for recipients without a contact point of their own."""

    webhook_url: str | None = field(default=None, repr=False)


class TeamsProvider(ChannelProvider):
    """Posts an Adaptive Card to `{"teams": {"webhookUrl"}}`; `timeout` is the total in seconds.

    202 says that the workflow was started, not that it posted. There is no message id, and nothing can be replaced.
    """

    def __init__(
        self, name: str, account: TeamsAccount, client: HttpClient, clock: Clock, *, timeout: float = 10.0
    ) -> None:
        self._name = name
        self._account = account
        self._client = client
        self._clock = clock
        self._timeout = timeout

    @property
    def name(self) -> str:
        return self._name

    @property
    def point(self) -> str:
        return _TECH

    async def send(self, message: OutboundMessage) -> SendReport:
        content = teams_content(message)
        if content is None:
            return unreachable(_TECH, "empty_text")
        point = point_of(message, _TECH)
        target = webhook_target(point, self._account.webhook_url)
        if target is None:
            return unreachable(_TECH, "invalid_address" if text_at(point, "webhookUrl") else "no_address")
        request = HttpRequest(
            method="POST",
            url=target.url,
            headers={"content-type": "application/json"},
            body=content,
            timeout=self._timeout,
            service=_TECH,
        )
        answer = await self._client.send(request)
        if isinstance(answer, HttpFailure):
            return target.blame(report_of_failure(answer, _TECH))
        return target.blame(_report(answer, now=self._clock.now(), secrets=target.secrets))


def _report(response: HttpResponse, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    report = report_of_status(response, _TECH, now=now, secrets=secrets)
    if report.outcome is AttemptOutcome.OK:
        return _not_posted(report, response, secrets) if _NOT_POSTED in response.body else report
    known = _OF_THE_URL.get(_code(json_of(response)))
    if known is None or report.outcome is not AttemptOutcome.PROVIDER_PERMANENT:
        return report
    word, gone = known
    return replace(report, outcome=_RECIPIENT, error_code=f"teams.{word}", gone=gone or _DELETED in response.body)


def _not_posted(report: SendReport, response: HttpResponse, secrets: tuple[str, ...]) -> SendReport:
    throttled = _TOO_MANY in response.body
    return replace(
        report,
        outcome=AttemptOutcome.THROTTLED if throttled else AttemptOutcome.RETRYABLE,
        error_code="teams.throttled" if throttled else "teams.not_posted",
        detail=quoted(response.body, secrets=secrets),
    )


def _code(answer: Mapping[str, JsonValue]) -> str:
    error = answer.get("error")
    return str(error.get("code")) if isinstance(error, dict) else ""
