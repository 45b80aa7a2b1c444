"""The library `apprise` against servers of our own, and what is kept from it."""

import asyncio
import json
import logging
import sys
import threading
from collections.abc import AsyncIterator

import apprise as library
import pytest

from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.apprise import HOSTED_SCHEMES, AppriseAccount, AppriseProvider
from infrastructure.system.bounded_executor import BoundedExecutor
from tests.integration.channels.chat_server import chat_message
from tests.integration.channels.http_sink import HttpSink, answer, hang, http_sink

OK = AttemptOutcome.OK
RETRY = AttemptOutcome.RETRYABLE
PROVIDER = AttemptOutcome.PROVIDER_PERMANENT
RECIPIENT = AttemptOutcome.RECIPIENT_PERMANENT
AMBIGUOUS = AttemptOutcome.AMBIGUOUS
DISCORD = "discord://223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372ba2939e7"
TELEGRAM = "tgram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/"

# One of the library's plug-ins imports a module that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.fixture
async def executor() -> AsyncIterator[BoundedExecutor]:
    executor = BoundedExecutor("apprise", threads=1, waiting=1)
    yield executor
    await executor.stop()


class Apprise:
    """A provider of which one recipient with this URL is notified."""

    def __init__(self, executor: BoundedExecutor) -> None:
        self._executor = executor

    async def send(
        self,
        url: JsonValue,
        *,
        schemes: tuple[str, ...] = ("json",),
        configured: str | None = None,
        timeout: float = 2.0,
        **fields: JsonValue,
    ) -> SendReport:
        account = AppriseAccount(url=configured, schemes=schemes)
        provider = AppriseProvider("apprise", account, self._executor, timeout=timeout)
        assert provider.point == "apprise"
        return await provider.send(chat_message({"apprise": {"url": url}}, **fields))


@pytest.fixture
def apprise(executor: BoundedExecutor) -> Apprise:
    return Apprise(executor)


async def test_title_and_body_arrive_when_the_scheme_is_allowed(sink: HttpSink, apprise: Apprise) -> None:
    report = await apprise.send(sink.url(scheme="json"), title="Größe\r\n1", body="a\x00b\r\nc")
    assert report == SendReport(outcome=OK)
    sent = json.loads(sink.requests[0].body)
    assert (sent["title"], sent["message"]) == ("Größe 1", "ab\nc")


@pytest.mark.parametrize("scheme", ["json", "jsons", "xml", "form", "mailto", "ntfy", "gotify", "apprise", "syslog"])
async def test_b30_a_host_of_the_recipients_choice_is_refused_unless_listed(
    sink: HttpSink, apprise: Apprise, scheme: str
) -> None:
    for spelling in (scheme, scheme.upper()):
        report = await apprise.send(sink.url(scheme=spelling), schemes=HOSTED_SCHEMES)
        assert (report.outcome, report.error_code) == (RECIPIENT, "apprise.scheme_not_allowed")
    assert sink.connections == 0


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "/etc/passwd", "http://127.0.0.1/", "https://discord.com/api/webhooks/1/2", "json:", "://x"],
)
async def test_b30_what_is_no_hosted_service_is_refused(apprise: Apprise, url: str) -> None:
    report = await apprise.send(url, schemes=HOSTED_SCHEMES)
    assert (report.outcome, report.error_code) == (RECIPIENT, "apprise.scheme_not_allowed")


async def test_b30_options_of_the_recipient_are_refused_since_they_load_other_urls(
    sink: HttpSink, apprise: Apprise
) -> None:
    for option in (f"template={sink.url()}", "template=/etc/passwd", "verify=no", "rto=3600", "redirect=yes"):
        report = await apprise.send(f"{DISCORD}/?{option}", schemes=HOSTED_SCHEMES)
        assert (report.outcome, report.error_code) == (RECIPIENT, "apprise.options_not_allowed")
    assert sink.connections == 0


@pytest.mark.parametrize("mark", ["&", ";", "%3F", "%26", "\uff1f", "\uff06"])
def test_options_begin_with_nothing_but_a_question_mark(mark: str) -> None:
    read, unread = (library.Apprise.instantiate(f"{DISCORD}/{begin}template=/etc/passwd") for begin in ("#?", mark))
    assert vars(read)["template"]
    assert not vars(unread)["template"]


@pytest.mark.parametrize("url", ["json://", "json:///", "discord://", "discord://only-one", "tgram://not-a-token/1"])
async def test_a_url_that_the_service_does_not_take_ends_the_delivery(apprise: Apprise, url: str) -> None:
    report = await apprise.send(url, schemes=("json", *HOSTED_SCHEMES))
    assert (report.outcome, report.error_code) == (RECIPIENT, "apprise.invalid_address")


async def test_a_url_of_many_targets_is_refused(apprise: Apprise) -> None:
    url = TELEGRAM + "/".join(str(100_000 + number) for number in range(6))
    report = await apprise.send(url, schemes=HOSTED_SCHEMES)
    assert (report.outcome, report.error_code) == (RECIPIENT, "apprise.too_many_targets")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_every_failure_is_one_to_retry(sink: HttpSink, apprise: Apprise, status: int) -> None:
    sink.otherwise = answer(status, b"no")
    report = await apprise.send(sink.url(scheme="json"))
    assert report == SendReport(outcome=RETRY, error_code="apprise.not_notified")


async def test_b30_a_redirect_is_not_followed(sink: HttpSink, apprise: Apprise) -> None:
    sink.replies.append(answer(307, b"", location=sink.url("/elsewhere")))
    report = await apprise.send(sink.url(scheme="json"))
    assert (report.outcome, len(sink.requests)) == (RETRY, 1)


async def test_nobody_listening_is_retryable(apprise: Apprise) -> None:
    async with http_sink() as gone:
        url = gone.url(scheme="json")
    assert (await apprise.send(url)).error_code == "apprise.not_notified"


@pytest.mark.parametrize("mistake", [TimeoutError, ValueError, SystemError])
async def test_a_plug_in_that_raises_is_a_failure(
    executor: BoundedExecutor, monkeypatch: pytest.MonkeyPatch, mistake: type[Exception]
) -> None:
    def raises(*_args: object, **_kwargs: object) -> None:
        raise mistake("s3cr3t")

    provider = AppriseProvider("apprise", AppriseAccount(schemes=("json",)), executor)
    monkeypatch.setattr(library.Apprise, "instantiate", raises)
    report = await provider.send(chat_message({"apprise": {"url": "json://127.0.0.1:9"}}))
    assert report == SendReport(outcome=RETRY, error_code="apprise.not_notified")


async def test_the_outcome_is_ambiguous_when_the_deadline_passes(sink: HttpSink, apprise: Apprise) -> None:
    sink.otherwise = hang
    report = await apprise.send(sink.url(scheme="json"), timeout=0.3)
    assert report == SendReport(outcome=AMBIGUOUS, error_code="apprise.timeout")


async def test_what_waits_is_to_be_retried_and_what_finds_no_place_at_once(
    executor: BoundedExecutor, apprise: Apprise
) -> None:
    running, over = threading.Event(), threading.Event()

    def occupy() -> None:
        running.set()
        over.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(executor.run(occupy))
        await asyncio.to_thread(running.wait)
        waiting = group.create_task(apprise.send("json://127.0.0.1:9", timeout=0.3))
        await asyncio.sleep(0)
        refused = await apprise.send("json://127.0.0.1:9")
        assert (refused.outcome, refused.error_code, refused.retry_after) == (RETRY, "apprise.overloaded", 1.0)
        assert await waiting == SendReport(outcome=RETRY, error_code="apprise.timeout")
        over.set()


async def test_the_configured_url_may_carry_options_and_its_faults_are_the_providers(
    sink: HttpSink, apprise: Apprise
) -> None:
    configured = sink.url("/?:source=carillon", scheme="json")
    assert (await apprise.send(None, configured=configured)).outcome is OK
    for url, word in (("xml://127.0.0.1", "scheme_not_allowed"), ("json://", "invalid_address")):
        report = await apprise.send(None, configured=url)
        assert (report.outcome, report.error_code) == (PROVIDER, f"apprise.{word}")


async def test_secrets_stay_out_of_reports_logs_and_repr(
    sink: HttpSink, apprise: Apprise, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "apprise")
    sink.otherwise = answer(500, b"s3cr3t-of-the-path")
    report = await apprise.send(sink.url("/s3cr3t-of-the-path", scheme="json"))
    refused = await apprise.send("discord://s3cr3t-of-the-path", schemes=HOSTED_SCHEMES)
    account = AppriseAccount(url="json://x/s3cr3t-of-the-path")
    assert "s3cr3t" not in repr(report) + repr(refused) + repr(account)
    assert "s3cr3t" not in caplog.text


async def test_long_text_is_cut_for_the_service(apprise: Apprise, sink: HttpSink) -> None:
    report = await apprise.send(sink.url(scheme="json"), body="👩🏽‍🚀" * 30_000)
    assert (report.outcome, len(sink.requests)) == (OK, 1)
    assert len(json.loads(sink.requests[0].body)["message"]) <= 32_768


@pytest.mark.parametrize("address", [{}, {"apprise": {}}, {"apprise": {"url": 7}}, {"apprise": "json://x"}])
async def test_an_address_that_is_none_ends_the_delivery(
    executor: BoundedExecutor, address: dict[str, JsonValue]
) -> None:
    report = await AppriseProvider("apprise", AppriseAccount(), executor).send(chat_message(address))
    assert (report.outcome, report.error_code) == (RECIPIENT, "apprise.no_address")


async def test_nothing_is_sent_when_there_is_nothing_to_show(apprise: Apprise, sink: HttpSink) -> None:
    report = await apprise.send(sink.url(scheme="json"), title="\x00", body=" \n")
    assert (report.outcome, report.error_code, sink.connections) == (RECIPIENT, "apprise.empty_text", 0)


def test_a_missing_package_is_named_when_the_provider_is_selected(
    executor: BoundedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(RuntimeError, match=r"carillon\[longtail\]"):
        AppriseProvider("apprise", AppriseAccount(), executor)


def test_no_part_of_a_url_is_a_host_when_the_scheme_is_hosted() -> None:
    hosts = {
        scheme: {"host", "port"} & set(each["details"]["tokens"])
        for each in library.Apprise().details()["schemas"]
        for scheme in (*(each["protocols"] or ()), *(each["secure_protocols"] or ()))
    }
    assert {scheme: hosts[scheme] for scheme in HOSTED_SCHEMES} == {scheme: set() for scheme in HOSTED_SCHEMES}
    assert hosts["json"] == {"host", "port"}
