from collections.abc import Callable, Mapping

import pytest

from infrastructure.config.app import Environment
from infrastructure.config.environments import PROFILES
from infrastructure.config.problems import Problem
from infrastructure.config.settings import Settings

Load = Callable[..., Settings]
Problems = Callable[..., Mapping[str, Problem]]

SECRET = "k3Vb9qXw7RtYp2LsD8fGh5JmN1cZaQeU"
FOR_PEOPLE = ["staging", "uat", "production"]


@pytest.mark.parametrize(
    ("env", "log_format", "sinks", "docs", "demo"),
    [
        ("local", "console", {"console"}, True, True),
        ("development", "console", {"console"}, True, False),
        ("test", "json", set(), True, False),
        ("staging", "json", {"console", "file"}, True, False),
        ("uat", "json", {"console", "file"}, True, False),
        ("production", "json", {"console"}, False, False),
    ],
)
def test_defaults_follow_the_environment_when_nothing_is_said(
    env: str, log_format: str, sinks: set[str], docs: bool, demo: bool, settings: Load
) -> None:
    loaded = settings(APP_ENV=env, AUTH_SECRET=SECRET)

    assert (loaded.log.format, set(loaded.log.sinks), loaded.log.level) == (log_format, sinks, "info")
    assert (loaded.docs.enabled, loaded.app.demo_page) == (docs, demo)
    assert loaded.database.auto_migrate is True


def test_the_table_has_a_row_when_an_environment_exists() -> None:
    assert set(PROFILES) == set(Environment)


def test_what_is_written_wins_when_the_environment_says_otherwise(settings: Load) -> None:
    loaded = settings(
        APP_ENV="production", AUTH_SECRET=SECRET, DOCS_ENABLED="true", LOG_SINKS="file", DB_AUTO_MIGRATE="no"
    )

    assert (loaded.docs.enabled, set(loaded.log.sinks), loaded.database.auto_migrate) == (True, {"file"}, False)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "notify.example.com", "::"])
def test_the_demo_page_is_gone_when_others_can_connect(host: str, settings: Load) -> None:
    assert settings(APP_HOST=host).app.demo_page is False


@pytest.mark.parametrize("env", FOR_PEOPLE)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("AUTH_SECRET", "a" * 40),
        ("AUTH_SECRET", "change-me-change-me-change-me-please"),
        ("AUTH_SECRET", "insecure-secret-of-the-tests-that-production-refuses"),
        ("DATABASE_URL", "memory://"),
        ("MAIL_DRIVER", "console"),
        ("CORS_ORIGINS", "*"),
        ("DB_ECHO", "true"),
        ("EGRESS_ALLOW_CIDRS", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", "::/0"),
    ],
)
def test_a_setting_is_refused_when_people_depend_on_the_installation(
    env: str, key: str, value: str, problems: Problems, settings: Load
) -> None:
    found = problems(**{"APP_ENV": env, "AUTH_SECRET": SECRET, key: value})

    assert list(found) == [key]
    assert f"[APP_ENV={env}]" in found[key].message
    settings(**{"APP_ENV": "development", key: value})


def test_debug_lines_are_refused_when_it_is_production(problems: Problems, settings: Load) -> None:
    assert list(problems(APP_ENV="production", AUTH_SECRET=SECRET, LOG_LEVEL="verbose")) == ["LOG_LEVEL"]
    assert settings(APP_ENV="staging", AUTH_SECRET=SECRET, LOG_LEVEL="verbose").log.level == "debug"


def test_a_password_is_refused_when_it_would_travel_in_the_clear(problems: Problems, settings: Load) -> None:
    relay = {"MAIL_DRIVER": "smtp", "SMTP_USER": "u", "SMTP_PASSWORD": "p", "SMTP_TLS": "none"}
    base = {"APP_ENV": "production", "AUTH_SECRET": SECRET, **relay}

    assert list(problems(**base, SMTP_HOST="relay.example.net")) == ["SMTP_PASSWORD"]
    settings(**base, SMTP_HOST="127.0.0.1")


def test_warnings_are_given_when_production_would_send_mail_nowhere(settings: Load) -> None:
    warnings = settings(APP_ENV="production", AUTH_SECRET=SECRET, APP_BASE_URL="http://x.example").warnings

    assert [warning.split(" ")[0] for warning in warnings] == ["MAIL_DRIVER:", "APP_BASE_URL"]
