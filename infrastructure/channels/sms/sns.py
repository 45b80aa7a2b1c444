"""SMS through Amazon SNS (Publish to a phone number)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from application.ports.http_client import HttpFailure
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.aws_answers import report_of_acceptance, report_of_refusal
from infrastructure.channels.aws_client import AwsAccount, AwsClient, AwsRefusal
from infrastructure.channels.http_answers import report_of_failure
from infrastructure.channels.sms.composing import Sms, sms_or_report

_TECH = "sns"
LONGEST_TEXT: Final = 1_600
_OPTED_OUT = re.compile(r"opted out", re.IGNORECASE)
_BAD_NUMBER = re.compile(r"phone ?number", re.IGNORECASE)
_ABOUT_PARAMETERS = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"})


class SnsProvider(ChannelProvider):
    """Publishes each message once. `start` and `stop` are its client's.

    `sender_id` has 1 to 11 letters and digits, where the recipient's country knows such; `origination_number` is a
    number of the account. SNS takes no reference of ours: its receipts go by `message_id`.
    """

    def __init__(
        self,
        name: str,
        account: AwsAccount,
        *,
        sender_id: str | None = None,
        origination_number: str | None = None,
        sms_type: Literal["Transactional", "Promotional"] = "Transactional",
        refused_prefixes: Sequence[str] = (),
        timeout: float = 10.0,
    ) -> None:
        self._name = name
        self._secrets = account.secrets()
        self._client = AwsClient("sns", account, timeout=timeout)
        self._refused_prefixes = tuple(refused_prefixes)
        self._attributes = _attributes(
            {
                "AWS.SNS.SMS.SMSType": sms_type,
                "AWS.SNS.SMS.SenderID": sender_id,
                "AWS.MM.SMS.OriginationNumber": origination_number,
            }
        )

    @property
    def name(self) -> str:
        return self._name

    async def start(self) -> None:
        await self._client.start()

    async def stop(self) -> None:
        await self._client.stop()

    async def send(self, message: OutboundMessage) -> SendReport:
        sms = sms_or_report(message, refused_prefixes=self._refused_prefixes, longest=LONGEST_TEXT)
        if isinstance(sms, SendReport):
            return sms
        answer = await self._client.call("publish", self._parameters(sms))
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        if isinstance(answer, AwsRefusal):
            return _report_of_refusal(answer, self._secrets)
        return report_of_acceptance(answer, _TECH)

    def _parameters(self, sms: Sms) -> dict[str, JsonValue]:
        return {"PhoneNumber": sms.phone, "Message": sms.text, "MessageAttributes": self._attributes}


def _attributes(values: dict[str, str | None]) -> dict[str, JsonValue]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items() if value}


def _report_of_refusal(refusal: AwsRefusal, secrets: tuple[str, ...]) -> SendReport:
    report = report_of_refusal(refusal, _TECH, secrets=secrets)
    if report.outcome is not AttemptOutcome.PROVIDER_PERMANENT:
        return report
    if refusal.code.startswith("OptedOut") or _OPTED_OUT.search(refusal.words):
        return replace(report, outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code=f"{_TECH}.opted_out", gone=True)
    if refusal.code in _ABOUT_PARAMETERS and _BAD_NUMBER.search(refusal.words):
        return replace(report, outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code=f"{_TECH}.invalid_number")
    return report
