"""Whether health tells of providers that fail (MON-03)."""

from pathlib import Path

import pytest

from app.bootstrap.container import build_container
from container import Container
from infrastructure.config.loader import load_settings
from infrastructure.system.circuit_breaker import FAILURES_TO_OPEN


@pytest.fixture
def container(tmp_path: Path) -> Container:
    environment = {
        "APP_ENV": "test",
        "AUTH_SECRET": "a secret of this test that is long enough",
        "DATABASE_URL": "memory://",
        "DATA_DIR": str(tmp_path),
        "NOTIFY_EMAIL_PROVIDERS": "smtp-a,file",
        "PROVIDER__SMTP_A__DRIVER": "smtp",
        "PROVIDER__SMTP_A__HOST": "smtp.example.com",
        "MAIL_FROM": "news@example.com",
    }
    return build_container(load_settings(environment, tmp_path))


def failures(container: Container, number: int) -> None:
    for _ in range(number):
        container.circuit_breaker().record("smtp-a", ok=False)


async def test_email_is_up_when_a_provider_has_failed_a_few_times(container: Container) -> None:
    failures(container, FAILURES_TO_OPEN - 1)

    assert (await container.email_check().check()).status == "up"


async def test_email_is_degraded_with_the_name_when_a_provider_is_left_alone(container: Container) -> None:
    failures(container, FAILURES_TO_OPEN)

    result = await container.email_check().check()

    assert (result.status, result.detail) == ("degraded", "1 of 2 providers fail: smtp-a")
    view = await container.check_health()()
    assert [each.name for each in view.checks if each.result.status == "degraded"] == ["email"]
    assert view.status == "degraded"


async def test_asking_takes_no_probe_from_who_sends_when_a_provider_is_left_alone(container: Container) -> None:
    now = 0.0
    states = container.breaker_states()
    states._now = lambda: now
    failures(container, FAILURES_TO_OPEN)
    now = 3_600.0

    assert (await container.email_check().check()).status == "degraded"
    assert container.circuit_breaker().allows("smtp-a")


async def test_email_is_up_again_when_a_provider_has_taken_something(container: Container) -> None:
    failures(container, FAILURES_TO_OPEN)
    container.circuit_breaker().record("smtp-a", ok=True)

    assert (await container.email_check().check()).status == "up"
