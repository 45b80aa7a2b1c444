"""What `APP_ENV` decides: the one table of defaults and refusals.

Not in it: `DB_AUTO_MIGRATE` follows the database (an embedded one belongs to its process in every environment), and the
page at `/` needs the loopback interface besides (`AppSettings.demo_page`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from infrastructure.config.app import Environment, is_loopback
from infrastructure.config.credentials import is_guessable
from infrastructure.config.problems import Problem
from infrastructure.config.provider import ProviderSettings
from infrastructure.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A setting that must not be where people depend on the installation."""

    key: str
    because: str
    present: Callable[[Settings], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One row of the table."""

    log_format: str
    log_sinks: frozenset[str]
    docs_enabled: bool
    refusals: tuple[Refusal, ...] = ()


def _guessable_secret(settings: Settings) -> bool:
    return any(is_guessable(secret) for secret in (settings.auth.secret, *settings.auth.secret_previous) if secret)


def _open_to_everyone(cidrs: tuple[str, ...]) -> bool:
    return any(ip_network(cidr).prefixlen == 0 for cidr in cidrs)


def _password_in_the_clear(settings: Settings) -> bool:
    smtp = (settings.mail.smtp, *(provider.smtp for provider in settings.notification.email_providers))
    return any(each.password and each.tls == "none" and not is_loopback(each.host) for each in smtp)


def _prints(providers: tuple[ProviderSettings, ...]) -> bool:
    return any(provider.driver == "console" for provider in providers)


PRINTS = "must not print messages: nobody would receive them"
SHARED_REFUSALS = (
    Refusal(
        key="AUTH_SECRET",
        because="is a pattern or a well-known text; `openssl rand -base64 48` prints a real one",
        present=_guessable_secret,
    ),
    Refusal(
        key="DATABASE_URL",
        because="must not be memory://: a restart would lose every promise made",
        present=lambda settings: settings.database.driver == "memory",
    ),
    Refusal(
        key="MAIL_DRIVER",
        because=PRINTS,
        present=lambda s: _prints(s.notification.email_providers),
    ),
    Refusal(key="NOTIFY_SMS_PROVIDERS", because=PRINTS, present=lambda s: _prints(s.notification.sms_providers)),
    Refusal(key="NOTIFY_PUSH_PROVIDERS", because=PRINTS, present=lambda s: _prints(s.notification.push_providers)),
    Refusal(key="NOTIFY_CHAT_PROVIDERS", because=PRINTS, present=lambda s: _prints(s.notification.chat_providers)),
    Refusal(
        key="CORS_ORIGINS",
        because="must name the origins: * lets every page on the web act for its visitors",
        present=lambda settings: "*" in settings.http.cors_origins,
    ),
    Refusal(
        key="DB_ECHO",
        because="must be off: it writes people's data into the log",
        present=lambda settings: settings.database.echo,
    ),
    Refusal(
        key="EGRESS_ALLOW_CIDRS",
        because="must not open the whole network",
        present=lambda settings: _open_to_everyone(settings.egress.allow_cidrs),
    ),
    Refusal(
        key="TRUSTED_PROXIES",
        because="must not be everyone: any caller could choose its own address",
        present=lambda settings: _open_to_everyone(settings.app.trusted_proxies),
    ),
    Refusal(
        key="SMTP_PASSWORD",
        because="must not be sent without encryption; set TLS to starttls or tls",
        present=_password_in_the_clear,
    ),
)

PRODUCTION_REFUSALS = (
    *SHARED_REFUSALS,
    Refusal(
        key="LOG_LEVEL",
        because="must not be debug: such lines tell more than operators may read; look for faults in staging",
        present=lambda settings: settings.log.level == "debug",
    ),
)

CONSOLE = frozenset({"console"})
CONSOLE_AND_FILE = frozenset({"console", "file"})
NOWHERE: frozenset[str] = frozenset()
STAGING = Profile(log_format="json", log_sinks=CONSOLE_AND_FILE, docs_enabled=True, refusals=SHARED_REFUSALS)

PROFILES: Mapping[Environment, Profile] = {
    Environment.LOCAL: Profile(log_format="console", log_sinks=CONSOLE, docs_enabled=True),
    Environment.DEVELOPMENT: Profile(log_format="console", log_sinks=CONSOLE, docs_enabled=True),
    Environment.TEST: Profile(log_format="json", log_sinks=NOWHERE, docs_enabled=True),
    Environment.STAGING: STAGING,
    Environment.UAT: STAGING,
    Environment.PRODUCTION: Profile(
        log_format="json", log_sinks=CONSOLE, docs_enabled=False, refusals=PRODUCTION_REFUSALS
    ),
}


def refused(settings: Settings) -> Iterator[Problem]:
    """What the environment of these settings does not allow."""
    env = settings.app.env
    for refusal in PROFILES[env].refusals:
        if refusal.present(settings):
            yield Problem(keys=(refusal.key, "APP_ENV"), message=f"{refusal.because} [APP_ENV={env}]")
