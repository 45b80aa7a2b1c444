"""SMS through any gateway that takes one HTTP request for each message."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, report_of_failure, report_of_status
from infrastructure.channels.provider_words import quoted
from infrastructure.channels.sms.composing import Sms, sms_or_report
from infrastructure.channels.sms.http_template import GatewayTemplate, SmsGateway

_TECH = "sms_gateway"
LONGEST_TEXT: Final = 1_600


class HttpSmsProvider(ChannelProvider):
    """Asks the gateway once for each try; raises ValueError for one that cannot be asked.

    Which answers are a success and which blame the number, configuration says; all others go by status. `longest_text`
    is in UTF-16 units, `timeout` the total in seconds.
    """

    def __init__(
        self,
        name: str,
        gateway: SmsGateway,
        client: HttpClient,
        clock: Clock,
        *,
        refused_prefixes: Sequence[str] = (),
        longest_text: int = LONGEST_TEXT,
        timeout: float = 10.0,
    ) -> None:
        self._name = name
        self._gateway = gateway
        self._template = GatewayTemplate(gateway)
        self._client = client
        self._clock = clock
        self._refused_prefixes = tuple(refused_prefixes)
        self._longest_text = longest_text
        self._timeout = timeout

    @property
    def name(self) -> str:
        return self._name

    async def send(self, message: OutboundMessage) -> SendReport:
        sms = sms_or_report(message, refused_prefixes=self._refused_prefixes, longest=self._longest_text)
        if isinstance(sms, SendReport):
            return sms
        answer = await self._client.send(self._request(message, sms))
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        return self._report_of_response(answer)

    def _request(self, message: OutboundMessage, sms: Sms) -> HttpRequest:
        values = {
            "to": sms.phone,
            "digits": sms.phone.removeprefix("+"),
            "text": sms.text,
            "id": str(message.delivery_id),
            "from": self._gateway.sender,
        }
        return HttpRequest(
            method=self._gateway.method,
            url=self._template.url(values),
            headers={"user-agent": "Carillon/1", **self._template.headers(values)},
            body=self._template.body(values),
            timeout=self._timeout,
            service=_TECH,
        )

    def _report_of_response(self, response: HttpResponse) -> SendReport:
        if response.status in self._gateway.success_statuses:
            message_id = _found(json_of(response), self._gateway.message_id_path)
            return SendReport(outcome=AttemptOutcome.OK, status_code=response.status, message_id=message_id)
        secrets = self._template.secrets()
        report = report_of_status(response, _TECH, now=self._clock.now(), secrets=secrets)
        if response.status in self._gateway.recipient_statuses:
            outcome = AttemptOutcome.RECIPIENT_PERMANENT
            return replace(report, outcome=outcome, error_code=f"{_TECH}.refused_recipient", retry_after=None)
        if report.outcome is AttemptOutcome.OK:
            # A 2xx that is not among the successes.
            code, detail = f"{_TECH}.http_{response.status}", quoted(response.body, secrets=secrets)
            return replace(report, outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code=code, detail=detail)
        return report


def _found(answer: Mapping[str, JsonValue], path: str | None) -> str | None:
    value: JsonValue = answer
    for step in (path or "").split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return str(value) if isinstance(value, str | int) and value != "" else None
