"""Mail through Amazon SES (API v2, SendEmail).

SES replaces `Message-ID` and `Date` by its own. Its receipts name the `message_id` of the answer and repeat the tag
`delivery_id`.
"""

import re
from dataclasses import replace

from application.ports.http_client import HttpFailure
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.aws_answers import report_of_acceptance, report_of_refusal
from infrastructure.channels.aws_client import AwsAccount, AwsClient, AwsRefusal
from infrastructure.channels.email.composing import composed_or_report
from infrastructure.channels.email.mime import ComposedEmail, EmailComposer
from infrastructure.channels.http_answers import report_of_failure

_TECH = "ses"
# These come as BadRequestException or MessageRejected, as a wrong request of any other kind does.
_BAD_RECIPIENT = re.compile(
    r"Missing final '@domain'|Missing domain|Local address |Domain (contains|starts|ends) |Illegal address"
    r"|Invalid email address|Address blacklisted",
    re.IGNORECASE,
)
_USED_UP = re.compile(r"quota exceeded", re.IGNORECASE)


class SesProvider(ChannelProvider):
    """Sends each mail to one recipient, once. `start` and `stop` are its client's."""

    def __init__(
        self,
        name: str,
        account: AwsAccount,
        composer: EmailComposer,
        *,
        configuration_set: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._name = name
        self._secrets = account.secrets()
        self._client = AwsClient("sesv2", account, timeout=timeout)
        self._composer = composer
        self._configuration_set = configuration_set

    @property
    def name(self) -> str:
        return self._name

    async def start(self) -> None:
        await self._client.start()

    async def stop(self) -> None:
        await self._client.stop()

    async def send(self, message: OutboundMessage) -> SendReport:
        mail = composed_or_report(self._composer, message)
        if isinstance(mail, SendReport):
            return mail
        answer = await self._client.call("send_email", self._parameters(message, mail))
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        if isinstance(answer, AwsRefusal):
            return _report_of_refusal(answer, self._secrets)
        return report_of_acceptance(answer, _TECH)

    def _parameters(self, message: OutboundMessage, mail: ComposedEmail) -> dict[str, JsonValue]:
        parameters = {
            "FromEmailAddress": mail.sender,
            "Destination": {"ToAddresses": [mail.recipient]},
            "Content": {"Raw": {"Data": mail.content}},
            "EmailTags": [{"Name": "delivery_id", "Value": str(message.delivery_id)}],
        }
        if self._configuration_set:
            parameters["ConfigurationSetName"] = self._configuration_set
        return parameters


def _report_of_refusal(refusal: AwsRefusal, secrets: tuple[str, ...]) -> SendReport:
    report = report_of_refusal(refusal, _TECH, secrets=secrets)
    if report.outcome is AttemptOutcome.PROVIDER_PERMANENT and _BAD_RECIPIENT.search(refusal.words):
        return replace(report, outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code=f"{_TECH}.invalid_recipient")
    if report.outcome is AttemptOutcome.THROTTLED and _USED_UP.search(refusal.words):
        return replace(report, outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code=f"{_TECH}.quota_exceeded")
    return report
