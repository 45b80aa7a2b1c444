"""The SMTP provider against a real server."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest
from msgspec.structs import replace as altered

from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.email.mime import ComposedEmail, EmailComposer
from infrastructure.channels.email.smtp import SmtpProvider
from infrastructure.channels.email.smtp_sessions import ConnectionLimits
from infrastructure.config.mail import SmtpSettings
from infrastructure.memory.fixed_clock import FixedClock
from tests.integration.channels.certificates import tls_contexts
from tests.integration.channels.http_sink import Reply, hang, http_sink, raw, reset
from tests.integration.channels.smtp_sink import DROP, HANG, SmtpSink, smtp_sink

COMPOSER = EmailComposer("Carillon <no-reply@carillon.example>", FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC)))
OK, RETRY, SLOWER = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
PROVIDER, RECIPIENT = AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.RECIPIENT_PERMANENT
UNCLEAR = AttemptOutcome.AMBIGUOUS


def message() -> OutboundMessage:
    return OutboundMessage(
        delivery_id=uuid4(),
        notification_id=uuid4(),
        tenant_id="default",
        subscriber_id="u1",
        channel=Channel.EMAIL,
        address={"email": "ada@example.com"},
        title="Shipped",
        body="Your order is on its way",
        created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )


def settings(port: int) -> SmtpSettings:
    return SmtpSettings(host="127.0.0.1", port=port, tls="none", timeout=1.0)


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with smtp_sink() as sink:
        yield sink


class Relay(Protocol):
    def __call__(
        self,
        settings: SmtpSettings,
        *,
        limits: ConnectionLimits | None = None,
        tls_context: ssl.SSLContext | None = None,
        composer: EmailComposer = COMPOSER,
    ) -> SmtpProvider: ...


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """Makes providers, and closes their connections in the end."""
    made: list[SmtpProvider] = []

    def make(
        settings: SmtpSettings,
        *,
        limits: ConnectionLimits | None = None,
        tls_context: ssl.SSLContext | None = None,
        composer: EmailComposer = COMPOSER,
    ) -> SmtpProvider:
        made.append(SmtpProvider("smtp-a", settings, composer, limits=limits, tls_context=tls_context))
        return made[-1]

    yield make
    for each in made:
        await each.stop()


@pytest.fixture
def provider(sink: SmtpSink, relay: Relay) -> SmtpProvider:
    return relay(settings(sink.port))


async def test_reports_what_the_relay_said_when_it_took_the_mail(sink: SmtpSink, provider: SmtpProvider) -> None:
    sink.script("DATA", "250 queued as A1")
    report = await provider.send(message())
    assert (report.outcome, report.status_code, report.detail) == (OK, 250, "250 queued as A1")
    assert sink.recipients == ["ada@example.com"]


async def test_reports_code_and_words_when_the_relay_is_busy(sink: SmtpSink, provider: SmtpProvider) -> None:
    sink.script("MAIL", "421 try later")
    report = await provider.send(message())
    assert (report.outcome, report.status_code) == (RETRY, 421)
    assert (report.error_code, report.detail) == ("smtp.service_unavailable", "421 try later")


@pytest.mark.parametrize(
    ("command", "reply", "outcome", "error_code"),
    [
        ("MAIL", "450 busy", RETRY, "smtp.temporary_failure"),
        ("MAIL", "550 not you", PROVIDER, "smtp.sender_refused"),
        ("RCPT", "550 no such user", RECIPIENT, "smtp.recipient_refused"),
        ("RCPT", "550-5.1.1 no\r\n550 5.1.1 such user", RECIPIENT, "smtp.recipient_refused"),
        ("RCPT", "451 later", RETRY, "smtp.temporary_failure"),
        ("RCPT", "450 4.7.1 slower", SLOWER, "smtp.throttled"),
        ("DATA?", "451 later", RETRY, "smtp.temporary_failure"),
        ("DATA?", "554 no valid recipients", PROVIDER, "smtp.refused"),
        ("DATA", "451 later", RETRY, "smtp.temporary_failure"),
        ("DATA", "554 5.7.1 looks like spam", PROVIDER, "smtp.refused"),
        ("DATA", "550 5.1.1 unknown", RECIPIENT, "smtp.recipient_refused"),
        ("MAIL", HANG, RETRY, "smtp.timeout"),
        ("RCPT", HANG, RETRY, "smtp.timeout"),
        ("DATA?", HANG, RETRY, "smtp.timeout"),
        ("DATA", HANG, UNCLEAR, "smtp.timeout"),
        ("MAIL", DROP, RETRY, "smtp.disconnected"),
        ("RCPT", DROP, RETRY, "smtp.disconnected"),
        ("DATA?", DROP, RETRY, "smtp.disconnected"),
        ("DATA", DROP, UNCLEAR, "smtp.disconnected"),
        ("RCPT", "what is this", RETRY, "smtp.protocol_error"),
        ("DATA", "what is this", UNCLEAR, "smtp.protocol_error"),
    ],
)
async def test_every_stage_has_its_meaning_and_the_next_mail_goes_out(
    sink: SmtpSink, provider: SmtpProvider, command: str, reply: str, outcome: AttemptOutcome, error_code: str
) -> None:
    sink.script(command, reply)
    report = await provider.send(message())
    assert (report.outcome, report.error_code) == (outcome, error_code)
    assert not sink.mails
    assert (await provider.send(message())).outcome is OK
    assert len(sink.mails) == 1


async def test_a_connection_is_used_again_after_success_and_refusal(sink: SmtpSink, provider: SmtpProvider) -> None:
    sink.script("RCPT", "550 no such user")
    for _ in range(3):
        await provider.send(message())
    assert sink.connections == 1
    assert len(sink.mails) == 2


async def test_a_connection_the_relay_closed_meanwhile_costs_no_attempt(sink: SmtpSink, provider: SmtpProvider) -> None:
    await provider.send(message())
    sink.drop_connections()
    assert (await provider.send(message())).outcome is OK
    assert sink.connections == 2


async def test_a_connection_ends_after_its_share_of_mails(sink: SmtpSink, relay: Relay) -> None:
    provider = relay(settings(sink.port), limits=ConnectionLimits(max_mails=2))
    for _ in range(3):
        assert (await provider.send(message())).outcome is OK
    assert sink.connections == 2


async def test_an_idle_connection_is_not_trusted_for_long(sink: SmtpSink, relay: Relay) -> None:
    provider = relay(settings(sink.port), limits=ConnectionLimits(idle_expiry=0.0))
    for _ in range(2):
        assert (await provider.send(message())).outcome is OK
    assert sink.connections == 2


async def test_no_more_connections_than_configured_and_waiting_counts(sink: SmtpSink, relay: Relay) -> None:
    provider = relay(settings(sink.port), limits=ConnectionLimits(max_connections=2))
    reports = await asyncio.gather(*(provider.send(message()) for _ in range(10)))
    assert {report.outcome for report in reports} == {OK}
    assert sink.connections == 2
    sink.script("RCPT", *[HANG] * 4)
    started = time.monotonic()
    reports = await asyncio.gather(*(provider.send(message()) for _ in range(4)))
    assert {report.outcome for report in reports} == {RETRY}
    assert time.monotonic() - started < 3


async def test_dots_and_bare_line_ends_cannot_end_a_mail(sink: SmtpSink, provider: SmtpProvider) -> None:
    body = "first\n.\r\n.\nMAIL FROM:<x@evil.example>\r\n..two\r.\r"
    assert (await provider.send(replace(message(), body=body))).outcome is OK
    assert len(sink.mails) == 1
    text = sink.parsed().get_body(("plain",))
    assert text is not None
    assert text.get_content().split() == ["first", ".", ".", "MAIL", "FROM:<x@evil.example>", "..two", "."]


class LooseComposer(EmailComposer):
    """Writes what the real one never does."""

    def compose(self, message: OutboundMessage) -> ComposedEmail:
        content = b"Subject: x\n\nfirst\n.\nMAIL FROM:<x@evil.example>\r.\rlast"
        return replace(super().compose(message), content=content)


async def test_bare_line_ends_are_mended_when_a_mail_has_any(sink: SmtpSink, relay: Relay) -> None:
    composer = LooseComposer("no-reply@carillon.example", FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))
    provider = relay(settings(sink.port), composer=composer)
    assert (await provider.send(message())).outcome is OK
    assert sink.mails == [b"Subject: x\r\n\r\nfirst\r\n.\r\nMAIL FROM:<x@evil.example>\r\n.\r\nlast\r\n"]


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_a_connection_out_of_step_is_not_used_again(sink: SmtpSink, provider: SmtpProvider, command: str) -> None:
    sink.script(command, "what is this")
    for _ in range(2):
        await provider.send(message())
    assert sink.connections == 2


@pytest.mark.parametrize("accept", [reset, hang, raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), raw(b"x" * 200_000)])
async def test_a_server_that_speaks_no_smtp_is_retryable(accept: Reply, relay: Relay) -> None:
    async with http_sink() as other:
        other.accept = accept
        provider = relay(settings(other.port))
        report = await provider.send(message())
    assert report.outcome is RETRY


async def test_nobody_listening_is_retryable(relay: Relay) -> None:
    async with http_sink() as gone:
        port = gone.port
    report = await relay(settings(port)).send(message())
    assert (report.outcome, report.error_code) == (RETRY, "smtp.connect_failed")


async def test_a_greeting_that_refuses_is_about_the_provider(relay: Relay) -> None:
    async with http_sink() as other:
        other.accept = raw(b"554 5.7.1 your address is on a list\r\n")
        report = await relay(settings(other.port)).send(message())
    assert (report.outcome, report.error_code, report.status_code) == (PROVIDER, "smtp.refused", 554)


@pytest.mark.parametrize("password", ["right", "wrong-hunter2"])
async def test_login_fails_for_the_provider_when_the_password_is_wrong(password: str, relay: Relay) -> None:
    async with smtp_sink(password="right") as sink:
        provider = relay(altered(settings(sink.port), user="relay", password=password))
        report = await provider.send(message())
    if password == "right":
        assert report.outcome is OK
    else:
        assert (report.outcome, report.error_code, report.status_code) == (PROVIDER, "smtp.auth_failed", 535)
        assert password not in repr(report)


async def test_login_is_unsupported_when_the_relay_offers_none(relay: Relay) -> None:
    async with smtp_sink(login=False) as sink:
        provider = relay(altered(settings(sink.port), user="relay", password="hunter2"))
        report = await provider.send(message())
    assert (report.outcome, report.error_code) == (PROVIDER, "smtp.unsupported")


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return tls_contexts(tmp_path, "localhost")


async def test_starttls_is_used_and_the_certificate_checked(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], relay: Relay
) -> None:
    server, trusting = contexts
    async with smtp_sink(starttls=server) as sink:
        wanted = altered(settings(sink.port), host="localhost", tls="starttls", timeout=2)
        good = relay(wanted, tls_context=trusting)
        assert (await good.send(message())).outcome is OK
        assert sink.encrypted == [True]
        report = await relay(wanted).send(message())
        assert (report.outcome, report.error_code) == (PROVIDER, "smtp.tls_failed")


async def test_there_is_no_fallback_to_plain_text_when_starttls_is_not_offered(sink: SmtpSink, relay: Relay) -> None:
    provider = relay(altered(settings(sink.port), tls="starttls"))
    report = await provider.send(message())
    assert (report.outcome, report.error_code) == (PROVIDER, "smtp.unsupported")
    assert not sink.mails


async def test_tls_from_the_first_byte(contexts: tuple[ssl.SSLContext, ssl.SSLContext], relay: Relay) -> None:
    server, trusting = contexts
    async with smtp_sink(tls=server) as sink:
        wanted = altered(settings(sink.port), host="localhost", tls="tls", timeout=2)
        good = relay(wanted, tls_context=trusting)
        assert (await good.send(message())).outcome is OK
        report = await relay(wanted).send(message())
        assert (report.outcome, report.error_code) == (PROVIDER, "smtp.tls_failed")


async def test_b18_an_address_list_reaches_no_server(sink: SmtpSink, provider: SmtpProvider) -> None:
    report = await provider.send(replace(message(), address={"email": "ada@example.com,eve@example.com"}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "email.invalid_address")
    assert sink.connections == 0
