"""Contradictions between settings that are each fine alone."""

from collections.abc import Iterator, Set

from msgspec import NODEFAULT

from infrastructure.config.catalogue import PROVIDERS_KEY, option_leaves
from infrastructure.config.chain import BUILT_IN, keys_of
from infrastructure.config.database_url import driver_of
from infrastructure.config.environments import refused
from infrastructure.config.places import unusable_places
from infrastructure.config.problems import ConfigurationError, Problem
from infrastructure.config.provider import ProviderSettings, prefix_of
from infrastructure.config.provider_drivers import PROVIDER_DRIVERS
from infrastructure.config.settings import Settings


def contradictions(settings: Settings, given: Set[str]) -> Iterator[Problem]:
    """Everything wrong with a complete configuration; `given` holds the keys that somebody wrote."""
    yield from _secrets(settings)
    yield from _migrations(settings)
    yield from _times(settings)
    yield from _streams(settings)
    yield from _mail(given)
    for provider in (each for ours in settings.notification.providers.values() for each in ours):
        yield from _provider(provider, given, settings.worker.send_timeout)
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


def _mail(given: Set[str]) -> Iterator[Problem]:
    if "SMTP_HOST" in given and not given & {"MAIL_DRIVER", PROVIDERS_KEY}:
        yield Problem(keys=("SMTP_HOST", "MAIL_DRIVER"), message="has no effect without MAIL_DRIVER=smtp")


def _provider(provider: ProviderSettings, given: Set[str], send_timeout: float) -> Iterator[Problem]:
    """What is missing of a provider, and what is said of it in vain."""
    prefix = keys_of(provider, given)
    if provider.driver == "smtp":
        yield from _relay(provider, prefix, given, send_timeout)
    elif prefix != BUILT_IN:
        leaves = {leaf.key.name: leaf for leaf in option_leaves(provider.name, provider.driver)}
        mine = {key for key in given if key.startswith(prefix) and key != f"{prefix}DRIVER"}
        yield from (_idle(key, provider) for key in sorted(mine - leaves.keys()))
        missing = [key for key, leaf in leaves.items() if leaf.default is NODEFAULT and key not in given]
        yield from (Problem(keys=(key,), message=f"is required by the {provider.driver} driver") for key in missing)
        yield from _combinations(provider, prefix, given)
        if getattr(provider.options, "timeout", 0.0) > send_timeout:
            yield _too_long(f"{prefix}TIMEOUT")


def _combinations(provider: ProviderSettings, prefix: str, given: Set[str]) -> Iterator[Problem]:
    driver = PROVIDER_DRIVERS.get(provider.driver)
    if driver is None:
        return
    one_of, together = ([f"{prefix}{field}" for field in fields] for fields in (driver.one_of, driver.together))
    if one_of and given.isdisjoint(one_of):
        yield Problem(keys=tuple(one_of), message=f"or {' or '.join(one_of[1:])} is required by {provider.driver}")
    there = [key for key in together if key in given]
    if there and len(there) < len(together):
        missing = next(key for key in together if key not in given)
        yield Problem(keys=(missing, there[0]), message=f"is missing beside {there[0]}")


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
