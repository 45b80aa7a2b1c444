from collections.abc import Callable, Mapping

from infrastructure.config.problems import Problem
from infrastructure.config.resolution import Resolution
from infrastructure.config.settings import Settings

Load = Callable[..., Settings]
Problems = Callable[..., Mapping[str, Problem]]

CHAIN = {
    "NOTIFY_EMAIL_PROVIDERS": "smtp-b,smtp-a,file",
    "PROVIDER__SMTP_A__DRIVER": "smtp",
    "PROVIDER__SMTP_A__HOST": "127.0.0.1",
    "PROVIDER__SMTP_B__DRIVER": "smtp",
    "PROVIDER__SMTP_B__HOST": "relay.example.net",
    "PROVIDER__SMTP_B__USER": "me",
    "PROVIDER__SMTP_B__PASSWORD": "pw",
    "PROVIDER__SMTP_B__TIMEOUT": "3s",
}


def test_there_is_one_provider_when_none_is_named(settings: Load) -> None:
    assert [(p.name, p.driver) for p in settings().notification.email_providers] == [("file", "file")]

    (provider,) = settings(MAIL_DRIVER="smtp", SMTP_HOST="relay", SMTP_PORT="2525").notification.email_providers
    assert (provider.name, provider.driver, provider.smtp.host, provider.smtp.port) == ("smtp", "smtp", "relay", 2525)


def test_providers_keep_the_order_of_their_names_when_several_are_named(settings: Load) -> None:
    b, a, file = settings(**CHAIN).notification.email_providers

    assert [b.name, a.name, file.name] == ["smtp-b", "smtp-a", "file"]
    assert (b.smtp.host, b.smtp.tls, b.smtp.port, b.smtp.timeout) == ("relay.example.net", "starttls", 587, 3.0)
    assert (b.smtp.user, b.smtp.password) == ("me", "pw")
    assert (a.smtp.host, a.smtp.tls, a.smtp.port, a.smtp.timeout) == ("127.0.0.1", "none", 25, 10.0)
    assert file.driver == "file"


def test_the_port_follows_the_encryption_when_it_is_not_given(settings: Load) -> None:
    relay = settings(MAIL_DRIVER="smtp", SMTP_HOST="relay", SMTP_TLS="tls").mail.smtp

    assert (relay.tls, relay.port) == ("tls", 465)


def test_a_provider_is_refused_when_nothing_describes_it(problems: Problems) -> None:
    found = problems(NOTIFY_EMAIL_PROVIDERS="smtp-a,file")

    assert list(found) == ["PROVIDER__SMTP_A__DRIVER"]
    assert found["PROVIDER__SMTP_A__DRIVER"].message == "is required, since NOTIFY_EMAIL_PROVIDERS names smtp-a"


def test_each_providers_keys_are_checked_when_it_is_named(problems: Problems) -> None:
    found = problems(
        NOTIFY_EMAIL_PROVIDERS="a,b,c",
        PROVIDER__A__DRIVER="smtp",
        PROVIDER__A__PORT="x",
        PROVIDER__B__DRIVER="ses",
        PROVIDER__C__DRIVER="file",
        PROVIDER__C__HOST="h",
    )

    assert set(found) == {"PROVIDER__A__PORT", "PROVIDER__A__HOST", "PROVIDER__B__REGION", "PROVIDER__C__HOST"}
    assert found["PROVIDER__C__HOST"].message == "has no effect, since PROVIDER__C__DRIVER is file"


def test_a_warning_is_given_when_a_described_provider_is_not_named(resolved: Callable[..., Resolution]) -> None:
    resolution = resolved(NOTIFY_EMAIL_PROVIDERS="smtp-b", **{k: v for k, v in CHAIN.items() if "PROVIDER__" in k})

    assert resolution.problems == ()
    assert [warning for warning in resolution.settings.warnings if "PROVIDER__SMTP_A__HOST has no effect" in warning]


def test_a_warning_is_given_when_no_worker_claims_a_channels_queue(settings: Load) -> None:
    (warning,) = settings(NOTIFY_EMAIL_QUEUE="mail").warnings

    assert warning.startswith("NOTIFY_EMAIL_QUEUE is a queue that WORKER_QUEUES leaves out")
    assert settings(NOTIFY_EMAIL_QUEUE="mail", WORKER_QUEUES="default,notifications,mail").warnings == ()
