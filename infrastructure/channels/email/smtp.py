"""Mail through an SMTP relay."""

import asyncio
import base64
import re
import ssl
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib.response import SMTPResponse

from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.email.composing import composed_or_report
from infrastructure.channels.email.mime import ComposedEmail, EmailComposer
from infrastructure.channels.email.smtp_replies import Stage, meaning
from infrastructure.channels.email.smtp_sessions import ConnectionLimits, SmtpSessions
from infrastructure.channels.provider_words import quoted
from infrastructure.config.mail import SmtpSettings

_BARE_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_START_INPUT = 354
_FOREIGN = (aiosmtplib.SMTPException, OSError)  # TimeoutError and ssl.SSLError are OSErrors


@dataclass(slots=True)
class _Progress:
    """Where the dialogue stands; `handed_over`: the mail itself may have been read."""

    stage: Stage = Stage.CONNECT
    handed_over: bool = False


class SmtpProvider(ChannelProvider):
    """Sends each mail to one recipient. Connects when first used; `stop` closes idle connections.

    The settings' timeout is the total of one send, waiting for a free connection included. A relay that vanishes after
    the mail was handed over leaves the outcome ambiguous, before that a retry is safe. `tls_context` is for private
    authorities.
    """

    def __init__(
        self,
        name: str,
        settings: SmtpSettings,
        composer: EmailComposer,
        *,
        limits: ConnectionLimits | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._name = name
        self._composer = composer
        self._timeout = settings.timeout
        self._sessions = SmtpSessions(settings, limits or ConnectionLimits(), tls_context)
        self._secrets = _spellings(settings)

    @property
    def name(self) -> str:
        return self._name

    async def send(self, message: OutboundMessage) -> SendReport:
        mail = composed_or_report(self._composer, message)
        if isinstance(mail, SendReport):
            return mail
        progress = _Progress()
        try:
            async with asyncio.timeout(self._timeout), self._sessions.session() as client:
                reply = await _transact(client, mail, progress)
        except _FOREIGN as error:
            return self._report_of(error, progress)
        return SendReport(outcome=AttemptOutcome.OK, status_code=reply.code, detail=self._quoted(reply))

    async def stop(self) -> None:
        await self._sessions.stop()

    def _report_of(self, error: Exception, progress: _Progress) -> SendReport:
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return self._refusal(SMTPResponse(error.code, error.message), progress)
        if isinstance(error, OSError):
            return _broken_line(error, progress)
        # STARTTLS or a way to log in that the relay does not offer.
        words = quoted(str(error), secrets=self._secrets)
        return SendReport(outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code="smtp.unsupported", detail=words)

    def _refusal(self, reply: SMTPResponse, progress: _Progress) -> SendReport:
        outcome, error_code = meaning(reply.code, reply.message, progress.stage)
        if reply.code < 0:  # not SMTP at all
            outcome = AttemptOutcome.AMBIGUOUS if progress.handed_over else AttemptOutcome.RETRYABLE
            return SendReport(outcome=outcome, error_code=error_code)
        return SendReport(outcome=outcome, status_code=reply.code, error_code=error_code, detail=self._quoted(reply))

    def _quoted(self, reply: SMTPResponse) -> str | None:
        return quoted(f"{reply.code} {reply.message}", secrets=self._secrets)


async def _transact(client: aiosmtplib.SMTP, mail: ComposedEmail, progress: _Progress) -> SMTPResponse:
    progress.stage = Stage.SENDER
    await client.mail(mail.sender)
    progress.stage = Stage.RECIPIENT
    await client.rcpt(mail.recipient)
    progress.stage = Stage.DATA
    # In two steps, where `client.data` is one: only after 354 may the relay have the mail.
    ready = await client.execute_command(b"DATA")
    if ready.code != _START_INPUT:
        raise aiosmtplib.SMTPDataError(ready.code, ready.message)
    if client.protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    progress.handed_over = True
    client.protocol.write(_on_the_wire(mail.content))
    reply = await client.protocol.read_response()
    if reply.code // 100 != 2:  # noqa: PLR2004 2xx
        raise aiosmtplib.SMTPDataError(reply.code, reply.message)
    return reply


def _on_the_wire(content: bytes) -> bytes:
    # A bare CR or LF before a dot could end the mail early and smuggle commands in.
    lines = _BARE_LINE_END.sub(b"\r\n", content)
    ended = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return _LEADING_DOT.sub(b"..", ended) + b".\r\n"


def _broken_line(error: OSError, progress: _Progress) -> SendReport:
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    if progress.handed_over:
        outcome = AttemptOutcome.AMBIGUOUS
    elif isinstance(cause, ssl.SSLCertVerificationError):
        outcome = AttemptOutcome.PROVIDER_PERMANENT
    else:
        outcome = AttemptOutcome.RETRYABLE
    if isinstance(error, TimeoutError):
        return SendReport(outcome=outcome, error_code="smtp.timeout")
    if progress.stage is not Stage.CONNECT:
        return SendReport(outcome=outcome, error_code="smtp.disconnected")
    in_tls = isinstance(cause, ssl.SSLError)
    return SendReport(outcome=outcome, error_code="smtp.tls_failed" if in_tls else "smtp.connect_failed")


def _spellings(settings: SmtpSettings) -> tuple[str, ...]:
    if not settings.password:
        return ()
    plain = f"\0{settings.user or ''}\0{settings.password}"
    encoded = (base64.b64encode(each.encode()).decode() for each in (settings.password, plain))
    return (settings.password, *encoded)
