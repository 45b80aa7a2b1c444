"""What works and is probably not meant; for the first lines of the log."""

from collections.abc import Iterator, Mapping, Set

from infrastructure.config.app import Environment
from infrastructure.config.chain import BUILT_IN, keys_of
from infrastructure.config.mail import DEFAULT_SENDER
from infrastructure.config.notification import ChannelSettings
from infrastructure.config.provider import NAMESPACE, prefix_of
from infrastructure.config.settings import Settings


def advise(settings: Settings, given: Set[str]) -> Iterator[str]:
    """One sentence each, naming keys and never values."""
    yield from _idle_mail_keys(settings, given)
    yield from _unclaimed_queues(settings)
    if settings.app.env in {Environment.STAGING, Environment.UAT, Environment.PRODUCTION}:
        yield from _for_people(settings)


def _idle_mail_keys(settings: Settings, given: Set[str]) -> Iterator[str]:
    providers = settings.notification.email_providers
    prefixes = {keys_of(provider, given) for provider in providers if provider.driver == "smtp"}
    if BUILT_IN not in prefixes and "SMTP_HOST" in given:
        yield "SMTP_HOST has no effect: no provider of the e-mail channel uses it"
    used = tuple(prefix_of(each.name) for ours in settings.notification.providers.values() for each in ours)
    spare = sorted(key for key in given if key.startswith(NAMESPACE) and not key.startswith(used))
    for key in spare:
        yield f"{key} has no effect: no NOTIFY_<CHANNEL>_PROVIDERS names its provider"


def _unclaimed_queues(settings: Settings) -> Iterator[str]:
    for channel, its in channels(settings).items():
        if its.enabled and its.queue not in settings.worker.queues and channel != "in_app":
            yield f"NOTIFY_{channel.upper()}_QUEUE is a queue that WORKER_QUEUES leaves out: nobody here claims from it"


def channels(settings: Settings) -> Mapping[str, ChannelSettings]:
    """The settings of each channel by its name."""
    notification = settings.notification
    names = ("in_app", "email", "sms", "push", "chat", "webhook")
    return {name: getattr(notification, name) for name in names}


def _for_people(settings: Settings) -> Iterator[str]:
    drivers = {provider.driver for provider in settings.notification.email_providers}
    if settings.notification.email.enabled and "file" in drivers:
        yield "MAIL_DRIVER: messages are written to files, nobody receives them"
    if "smtp" in drivers and settings.mail.sender == DEFAULT_SENDER:
        yield "MAIL_FROM is not set: receivers refuse mail from localhost"
    if settings.app.base_url is not None and settings.app.base_url.startswith("http://"):
        yield "APP_BASE_URL is not https: links and tokens travel in the clear"
