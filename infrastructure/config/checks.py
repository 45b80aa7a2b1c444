"""Contradictions between settings that are each fine alone."""

from collections.abc import Iterator, Set

from infrastructure.config.catalogue import PROVIDERS_KEY
from infrastructure.config.chain import BUILT_IN, keys_of
from infrastructure.config.database_url import driver_of
from infrastructure.config.environments import refused
from infrastructure.config.places import unusable_places
from infrastructure.config.problems import ConfigurationError, Problem
from infrastructure.config.provider import ProviderSettings, prefix_of
from infrastructure.config.settings import Settings


def contradictions(settings: Settings, given: Set[str]) -> Iterator[Problem]:
    """Everything wrong with a complete configuration; `given` holds the keys that somebody wrote."""
    yield from _secrets(settings)
    yield from _migrations(settings)
    yield from _times(settings)
    yield from _streams(settings)
    yield from _mail(settings, given)
    yield from unusable_places(settings)
    yield from refused(settings)


def refuse_shared_memory(settings: Settings) -> None:
    """For server and worker as processes of their own, and for several of one kind: what one keeps in its memory the
    others never see.

    Raises ConfigurationError with every driver that does so.
    """
    drivers = {
        "DATABASE_URL": settings.database.driver,
        "QUEUE_DRIVER": settings.queue.driver,
        "REALTIME_DRIVER": settings.realtime.driver,
    }
    message = "must not be memory when server and worker are separate processes, or several"
    problems = [Problem(keys=(key,), message=message) for key, driver in drivers.items() if driver == "memory"]
    if problems:
        raise ConfigurationError(problems)


def _secrets(settings: Settings) -> Iterator[Problem]:
    auth = settings.auth
    if not auth.secret and not settings.database.embedded:
        yield Problem(keys=("AUTH_SECRET", "DATABASE_URL"), message="is required with a database server")
    if auth.secret and auth.secret in auth.secret_previous:
        yield Problem(keys=("AUTH_SECRET_PREVIOUS", "AUTH_SECRET"), message="repeats AUTH_SECRET")


def _migrations(settings: Settings) -> Iterator[Problem]:
    database = settings.database
    keys = ("DATABASE_MIGRATION_URL", "DATABASE_URL")
    if database.migration_url and database.embedded:
        yield Problem(keys=keys, message="has no effect on an embedded database, which has no users")
    elif driver_of(database.url_of_migrations) != database.driver:
        yield Problem(keys=keys, message="must be an address of the same database as DATABASE_URL")


def _times(settings: Settings) -> Iterator[Problem]:
    worker = settings.worker
    if worker.lease_seconds < 2 * worker.heartbeat_seconds:
        message = "must be at least twice WORKER_HEARTBEAT, so that one late heartbeat costs no lease"
        yield Problem(keys=("WORKER_LEASE", "WORKER_HEARTBEAT"), message=message)
    if worker.send_timeout >= worker.lease_seconds:
        message = "must be shorter than WORKER_LEASE, or a send outlives its claim"
        yield Problem(keys=("WORKER_SEND_TIMEOUT", "WORKER_LEASE"), message=message)
    if settings.egress.timeout > worker.send_timeout:
        yield _too_long("EGRESS_TIMEOUT")


def _too_long(key: str) -> Problem:
    message = "must not be longer than WORKER_SEND_TIMEOUT, which ends the send"
    return Problem(keys=(key, "WORKER_SEND_TIMEOUT"), message=message)


def _streams(settings: Settings) -> Iterator[Problem]:
    sse = settings.sse
    if sse.max_age <= sse.ping_interval:
        yield Problem(keys=("SSE_MAX_AGE", "SSE_PING_INTERVAL"), message="must be longer than SSE_PING_INTERVAL")


def _mail(settings: Settings, given: Set[str]) -> Iterator[Problem]:
    if "SMTP_HOST" in given and not given & {"MAIL_DRIVER", PROVIDERS_KEY}:
        yield Problem(keys=("SMTP_HOST", "MAIL_DRIVER"), message="has no effect without MAIL_DRIVER=smtp")
    for provider in settings.notification.email_providers:
        prefix = keys_of(provider, given)
        if provider.driver == "smtp":
            yield from _relay(provider, prefix, given, settings.worker.send_timeout)
        else:
            idle = sorted(key for key in given if key.startswith(prefix) and key != f"{prefix}DRIVER")
            yield from (_idle(key, provider) for key in idle if prefix != BUILT_IN)


def _idle(key: str, provider: ProviderSettings) -> Problem:
    driver_key = f"{prefix_of(provider.name)}DRIVER"
    return Problem(keys=(key, driver_key), message=f"has no effect, since {driver_key} is {provider.driver}")


def _relay(provider: ProviderSettings, prefix: str, given: Set[str], send_timeout: float) -> Iterator[Problem]:
    smtp = provider.smtp
    if f"{prefix}HOST" not in given:
        yield Problem(keys=(f"{prefix}HOST",), message="is required by the smtp driver")
    if (smtp.user is None) != (smtp.password is None):
        missing, present = ("PASSWORD", "USER") if smtp.password is None else ("USER", "PASSWORD")
        yield Problem(keys=(f"{prefix}{missing}", f"{prefix}{present}"), message=f"is missing beside {prefix}{present}")
    if smtp.timeout > send_timeout:
        yield _too_long(f"{prefix}TIMEOUT")
