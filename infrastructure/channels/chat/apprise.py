"""More than a hundred services through the library `apprise` (optional extra `longtail`)."""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.addresses import point_of, text_at, unreachable
from infrastructure.channels.chat.wording import one_line, paragraphs
from infrastructure.system.bounded_executor import BoundedExecutor, Overloaded

MAX_TARGETS = 5
"""Of a recipient's own URL: each is a request, one after the other, in a thread that others wait for."""
_TECH: Final = "apprise"
_RETRYABLE: Final = AttemptOutcome.RETRYABLE
_NOT_NOTIFIED: Final = "not_notified"
_EXTRA = "the apprise provider needs the package `apprise`: install carillon[longtail]"

HOSTED_SCHEMES: Final = (
    "dingtalk", "discord", "feishu", "flock", "gchat", "guilded", "ifttt", "join", "lark", "line", "pbul", "pover",
    "prowl", "pushed", "pushy", "revolt", "ryver", "signl4", "simplepush", "slack", "tgram", "threema", "twist",
    "viber", "webex",
)  # fmt: skip
"""Services with a host of their own, which no part of the URL can change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseAccount:
    """`url` is for recipients without a contact point of their own; `schemes` are all that may be used.

    Schemes that name their host in the URL (`json`, `mailto`, `ntfy`, `gotify`, …) reach whatever the machine can
    reach: list one only where everybody who may set contact points may do that.
    """

    url: str | None = field(default=None, repr=False)
    schemes: tuple[str, ...] = HOSTED_SCHEMES


class AppriseProvider(ChannelProvider):
    """Notifies `{"apprise": {"url"}}`, an Apprise URL of a scheme that the account allows.

    The library makes its requests itself: they do not pass the judgement of addresses that other requests pass, they
    follow the proxies of the environment and are not counted. Hence the list of schemes, and hence recipients' URLs
    may carry no options (`?…`), some of which load files or other URLs. It tells success from failure and nothing
    more: no reason, no message id. `timeout` is the total in seconds, waiting for a thread of `executor` included.
    Raises RuntimeError when the package is missing.
    """

    def __init__(self, name: str, account: AppriseAccount, executor: BoundedExecutor, *, timeout: float = 10.0) -> None:
        self._name = name
        self._account = account
        self._executor = executor
        self._timeout = timeout
        self._notify = _notifier(timeout)

    @property
    def name(self) -> str:
        return self._name

    @property
    def point(self) -> str:
        return _TECH

    async def send(self, message: OutboundMessage) -> SendReport:
        own = text_at(point_of(message, _TECH), "url")
        url = own or self._account.url
        if url is None:
            return unreachable(_TECH, "no_address")
        refusal = self._refusal(url, own=own is not None)
        if refusal is not None:
            return refusal
        title, body = one_line(message.title), paragraphs(message.body)
        if not title and not body.strip():
            return unreachable(_TECH, "empty_text")
        return await self._run(url, title, body, own=own is not None)

    def _refusal(self, url: str, *, own: bool) -> SendReport | None:
        scheme, separator, rest = url.partition("://")
        if not separator or scheme.lower() not in self._account.schemes:
            return _refused("scheme_not_allowed", own=own)
        return _refused("options_not_allowed", own=own) if own and "?" in rest else None

    async def _run(self, url: str, title: str, body: str, *, own: bool) -> SendReport:
        started = threading.Event()

        def work() -> str | None:
            started.set()
            return self._notify(url, title, body, MAX_TARGETS if own else None)

        try:
            async with asyncio.timeout(self._timeout):
                problem = await self._executor.run(work)
        except TimeoutError:
            outcome = AttemptOutcome.AMBIGUOUS if started.is_set() else _RETRYABLE
            return SendReport(outcome=outcome, error_code="apprise.timeout")
        except Overloaded as overloaded:
            return SendReport(outcome=_RETRYABLE, error_code="apprise.overloaded", retry_after=overloaded.retry_after)
        if problem is None:
            return SendReport(outcome=AttemptOutcome.OK)
        if problem == _NOT_NOTIFIED:
            return SendReport(outcome=_RETRYABLE, error_code=f"{_TECH}.{problem}")
        return _refused(problem, own=own)


def _refused(problem: str, *, own: bool) -> SendReport:
    if own:
        return unreachable(_TECH, problem)
    return SendReport(outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code=f"{_TECH}.{problem}")


def _notifier(timeout: float) -> Callable[[str, str, str, int | None], str | None]:
    """A blocking call with URL, title, body and the most targets there may be: None when all were notified, else why
    not.
    """
    # Here, so that an absent extra fails only where the provider is selected.
    try:
        import apprise  # noqa: PLC0415
    except ImportError as error:
        raise RuntimeError(_EXTRA) from error
    # It writes URLs, tokens included, and what services answered.
    logging.getLogger("apprise").disabled = True
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY)
    asset.http_redirects = False
    # Loads all plug-ins, for which the first message would not have the time.
    apprise.Apprise.instantiate("json://localhost", asset=asset)

    def notify(url: str, title: str, body: str, most: int | None) -> str | None:
        try:
            service = apprise.Apprise.instantiate(url, asset=asset)
            if service is None:
                return "invalid_address"
            if most is not None and len(service) > most:
                return "too_many_targets"
            _tame(service, timeout)
            service.overflow_mode = apprise.OverflowMode.TRUNCATE
            return None if service.notify(title=title, body=body) else _NOT_NOTIFIED
        except Exception:  # noqa: BLE001 The services are plug-ins of many authors and raise what they please.
            return _NOT_NOTIFIED

    return notify


# Any: attributes of the library's plug-ins, which a URL may have set otherwise.
def _tame(service: Any, timeout: float) -> None:
    service.redirects = False
    service.verify_certificate = True
    service.socket_connect_timeout = timeout / 2
    # As long as the whole: what was sent and is not answered is for the deadline to call ambiguous, not a failure.
    service.socket_read_timeout = timeout
