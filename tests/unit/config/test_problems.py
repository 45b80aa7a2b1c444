from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import String

from domain.identity.user import login_name
from infrastructure.config.checks import refuse_shared_memory
from infrastructure.config.loader import load_settings
from infrastructure.config.problems import ConfigurationError, Problem
from infrastructure.config.resolution import Resolution
from infrastructure.config.settings import Settings
from infrastructure.database.tables import UserRow, table_of

Load = Callable[..., Settings]
Write = Callable[[str, str], None]
Resolve = Callable[..., Resolution]
Problems = Callable[..., Mapping[str, Problem]]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("APP_ENV", "prod", "must be one of local, development, test, staging, uat, production"),
        ("APP_PORT", "http", "must be a whole number from 0 to 65,535"),
        ("APP_PORT", "65536", "must be a whole number from 0 to 65,535"),
        ("APP_PORT", "8000.5", "must be a whole number from 0 to 65,535"),
        ("APP_HOST", "http://localhost", "must be a host name or an address"),
        ("APP_BASE_URL", "notify.example.com", "must be an address such as https://notify.example.com"),
        ("APP_BASE_URL", "https://me:pw@example.com", "must be an address such as https://notify.example.com"),
        ("REQUEST_TIMEOUT", "soon", "must be a duration such as 30, 1.5s, 500ms, 5m, 2h or 1d"),
        ("REQUEST_TIMEOUT", "nan", "must be a duration such as 30, 1.5s, 500ms, 5m, 2h or 1d"),
        ("REQUEST_TIMEOUT", "1d", "must be a duration from 0.1s to 10m"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "must be networks such as 10.0.0.0/8, without host bits"),
        ("EGRESS_ALLOW_CIDRS", "internal", "must be networks such as 10.0.0.0/8, without host bits"),
        ("EGRESS_PORTS", "443,99999", "must be port numbers from 1 to 65535"),
        ("MAX_BODY_SIZE", "1MB", "must be a whole number from 1,024 to 67,108,864"),
        ("AUTH_SECRET", "short", "must be at least 32 bytes long"),
        ("AUTH_SECRET_PREVIOUS", "short", "must be at least 32 bytes long"),
        ("AUTH_ALGORITHM", "none", "must be one of HS256, HS384, HS512"),
        ("AUTH_ALGORITHM", "RS256", "must be one of HS256, HS384, HS512"),
        ("ADMIN_EMAIL", "admin", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "admin@", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "@example.com", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "a@b@c.de", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "a b@example.com", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "Ann <ann@example.com>", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "ann@-x.com", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "ann@x..com", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "ann@example.com,bob@example.com", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "a" * 65 + "@example.com", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "a@" + ".".join(["b" * 50] * 5), "must be an e-mail address of at most 254 characters"),
        ("ADMIN_EMAIL", "\ufdfa" * 30 + "@example.com", "must be an e-mail address of at most 254 characters"),
        ("ADMIN_PASSWORD", "letmein", "must be a text of 12 to 1024 characters"),
        ("BOOTSTRAP_API_KEY", "crl_short", "must be crl_ and 36 letters and digits"),
        ("BOOTSTRAP_API_KEY", "crl_" + "a" * 36, "has a wrong checksum"),
        ("DATABASE_URL", "carillon.db", "must be an address such as sqlite:///"),
        ("DATABASE_URL", "oracle://h/db", "must be one of sqlite, postgres, memory"),
        ("DATABASE_URL", "sqlite://", "must name a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("DATABASE_URL", "sqlite://data.db", "must have three slashes"),
        ("DATABASE_URL", "sqlite:///data.db?mode=ro", "must not carry options"),
        ("DATABASE_URL", "memory://name", "must be exactly memory://"),
        ("DB_ECHO", "maybe", "must be true or false"),
        ("DB_WRITE_ROWS", "501", "must be a whole number from 50 to 500"),
        ("QUEUE_DRIVER", "sqs", "must be one of file, memory"),
        ("QUEUE_PREFIX", "../up", "must be 1 to 32 lower-case letters"),
        ("SSE_MAX_CONNECTIONS", "-1", "must be a whole number (0 lifts the limit)"),
        ("NOTIFY_EMAIL_BACKOFF", "5s;30s", "must be a duration such as"),
        ("NOTIFY_EMAIL_QUEUE", "Mail", "must be 1 to 64 lower-case letters"),
        ("NOTIFY_EMAIL_PROVIDERS", "SMTP A", "must be names of up to 40 lower-case letters"),
        ("NOTIFY_EMAIL_PROVIDERS", "file,file", "names a provider twice"),
        ("WEBHOOK_SIGNING_SECRET", "whsec_c2hvcnQ=", "must be whsec_ and the Base64 of 24 to 64 random bytes"),
        ("MAIL_FROM", "no address", "must be an address such as"),
        ("MAIL_FROM", "a@b.c\nBcc: x@y.z", "must not hold line breaks"),
        ("SMTP_TLS", "auto", "must be one of none, starttls, tls"),
        ("CORS_ORIGINS", "https://app.example.com/path", "must be origins such as"),
        ("CORS_ORIGINS", "null", "must be origins such as"),
        ("ALLOWED_HOSTS", "https://example.com", "must be host names such as"),
        ("COMPRESSION", "br", "must be one of gzip, none"),
        ("RATE_LIMIT_DEFAULT", "100", "must be a number per window"),
        ("RATE_LIMIT_DEFAULT", "0/hour", "must be a number per window"),
        ("LOG_LEVEL", "loud", "must be one of debug, info, warning, error, critical"),
        ("LOG_SINKS", "syslog", "must be one of console, file"),
        ("DOCS_PATH", "docs", "must be a path such as /docs"),
        ("DOCS_PATH", "/api/docs", "lies where another part of the server answers"),
        ("HEALTH_DETAILS_TOKEN", "abc", "must be a text of 16 to 1024 characters"),
        ("APP_NAME", "\udcff\udcfe", "must not hold line breaks, control characters or broken UTF-8"),
    ],
)
def test_one_line_says_what_is_expected_when_a_value_cannot_be_used(
    key: str, value: str, message: str, problems: Problems
) -> None:
    found = problems(**{key: value})

    assert list(found) == [key]
    assert found[key].message.startswith(message)
    assert "\n" not in str(found[key])


@pytest.mark.parametrize(
    "address", ["admin@example.com", "root@localhost", "Zoë.o'x+1@bücher.example", "a" * 64 + "@" + "b." * 94 + "c"]
)
def test_an_administrator_is_taken_when_the_address_fits_its_column(address: str, settings: Load) -> None:
    taken = settings(ADMIN_EMAIL=address).auth.admin_email

    assert taken == address
    column = table_of(UserRow).c.email.type
    assert isinstance(column, String)
    assert column.length is not None
    assert len(login_name(taken)) <= column.length


@pytest.mark.parametrize("key", ["AUTH_SECRET", "SMTP_PASSWORD", "ADMIN_PASSWORD", "HEALTH_DETAILS_TOKEN"])
def test_an_empty_secret_is_refused_when_a_substitution_came_to_nothing(key: str, problems: Problems) -> None:
    assert problems(**{key: ""})[key].message == "is empty; give it a value or remove it"


@pytest.mark.parametrize(
    ("environ", "key", "message"),
    [
        ({"WORKER_LEASE": "5", "WORKER_HEARTBEAT": "4"}, "WORKER_LEASE", "at least twice WORKER_HEARTBEAT"),
        ({"WORKER_SEND_TIMEOUT": "15"}, "WORKER_SEND_TIMEOUT", "shorter than WORKER_LEASE"),
        ({"EGRESS_TIMEOUT": "11"}, "EGRESS_TIMEOUT", "not be longer than WORKER_SEND_TIMEOUT"),
        ({"SSE_MAX_AGE": "10", "SSE_PING_INTERVAL": "15"}, "SSE_MAX_AGE", "longer than SSE_PING_INTERVAL"),
        ({"DATABASE_MIGRATION_URL": "postgres://h/x"}, "DATABASE_MIGRATION_URL", "no effect on an embedded database"),
        (
            {
                "DATABASE_MIGRATION_URL": "sqlite:///x.db",
                "DATABASE_URL": "postgres://h/x",
                "AUTH_SECRET": "Wq7" * 12,
            },
            "DATABASE_MIGRATION_URL",
            "of the same database as DATABASE_URL",
        ),
        ({"MAIL_DRIVER": "smtp"}, "SMTP_HOST", "is required by the smtp driver"),
        ({"SMTP_HOST": "relay"}, "SMTP_HOST", "has no effect without MAIL_DRIVER=smtp"),
        (
            {"MAIL_DRIVER": "smtp", "SMTP_HOST": "relay", "SMTP_USER": "u"},
            "SMTP_PASSWORD",
            "is missing beside SMTP_USER",
        ),
        ({"MAIL_DRIVER": "smtp", "SMTP_HOST": "relay", "SMTP_TIMEOUT": "30"}, "SMTP_TIMEOUT", "WORKER_SEND_TIMEOUT"),
        ({"AUTH_SECRET": "s" * 32, "AUTH_SECRET_PREVIOUS": "s" * 32}, "AUTH_SECRET_PREVIOUS", "repeats AUTH_SECRET"),
    ],
)
def test_contradictions_are_found_when_each_value_alone_is_fine(
    environ: Mapping[str, str], key: str, message: str, problems: Problems
) -> None:
    found = problems(**environ)

    assert list(found) == [key]
    assert message in found[key].message


@pytest.mark.parametrize("key", ["DATA_DIR", "JOBS_DIR", "STREAMS_DIR", "MAIL_DIR", "DATABASE_URL"])
def test_a_place_is_refused_when_a_file_stands_in_its_way(key: str, place: Path, problems: Problems) -> None:
    (place / "taken").write_text("")
    value = f"sqlite:///{place}/taken/x.db" if key == "DATABASE_URL" else str(place / "taken" / "deeper")

    assert list(problems(**{key: value})) == [key]


def test_a_folder_is_refused_when_it_is_named_as_the_database(place: Path, problems: Problems) -> None:
    assert "names a folder" in problems(DATABASE_URL=f"sqlite:///{place}")["DATABASE_URL"].message


def test_keys_in_a_file_are_refused_when_they_mean_nothing(write: Write, problems: Problems) -> None:
    write(".env", "APP_PROT=1\nFOREIGN=2\nS3_BUCKET_NAME=b\nCOMPOSE_PROFILES=dev\nNOTIFY_IN_APP_BACKOFF=1s\n")

    found = problems()

    assert set(found) == {"APP_PROT", "FOREIGN", "S3_BUCKET_NAME", "NOTIFY_IN_APP_BACKOFF"}
    assert found["APP_PROT"].message.endswith("did you mean APP_PORT?")
    assert found["S3_BUCKET_NAME"].message.startswith("belongs to S3, which this version does not have yet")
    assert found["FOREIGN"].source == ".env line 2"


def test_keys_of_a_process_are_refused_when_they_are_ours_misspelt(problems: Problems) -> None:
    found = problems(
        APP_PROT="1", SMTP_PASS="x", SSE_ANYTHING="1", app_port="1", PROVIDER__A__PROT="1", API_ENVELOPE="off"
    )

    assert {str(problem).partition(" [")[0] for problem in found.values()} == {
        "APP_PROT is no key of this product; did you mean APP_PORT?",
        "SMTP_PASS is no key of this product; did you mean SMTP_PASSWORD?",
        "SSE_ANYTHING is no key of this product",
        "A key in lower case is no key of this product; did you mean APP_PORT?",
        "PROVIDER__A__PROT is no key of this product; did you mean PROVIDER__A__PORT?",
        "API_ENVELOPE does not exist: answers always have their envelope",
    }


def test_keys_of_a_process_are_left_alone_when_they_belong_to_others(resolved: Resolve) -> None:
    resolution = resolved(
        PATH="/bin", HOME="/", LC_ALL="C", NOTIFY_SOCKET="/run/x", SSE_SERVICE_HOST="10.0.0.1", SSE_PORT_80_TCP="x"
    )

    assert resolution.problems == ()


def test_a_warning_is_given_when_a_foreign_or_later_key_could_be_meant_for_us(resolved: Resolve) -> None:
    resolution = resolved(APP_HOME="/app", RABBITMQ_URL="amqp://:hunter2@r")

    assert resolution.problems == ()
    assert len(resolution.settings.warnings) == 2
    assert "hunter2" not in str(resolution.settings.warnings)


def test_everything_is_reported_together_when_several_things_are_wrong(place: Path, write: Write) -> None:
    write(".env", "just text\nAPP_NAME='open\nMYSTERY=1\nSMTP_PORT=x\n")
    environ = {"APP_PORT": "x", "QUEUE_DRIVER": "rabbitmq", "WORKER_SEND_TIMEOUT": "60", "AUTH_SECRET_FILE": "missing"}

    with pytest.raises(ConfigurationError) as raised:
        load_settings(environ, place, make_secret=lambda: "m" * 40)

    keys = [problem.keys[0] for problem in raised.value.problems]
    assert keys[:5] == ["APP_PORT", "AUTH_SECRET", "QUEUE_DRIVER", "WORKER_SEND_TIMEOUT", "SMTP_PORT"]
    assert set(keys[5:]) == {".env line 1", ".env line 2", "MYSTERY"}
    assert str(raised.value).count("\n") == len(keys) - 1
    assert not (place / "data").exists()


def test_nothing_follows_from_a_key_when_it_is_already_reported(problems: Problems) -> None:
    assert list(problems(WORKER_LEASE="never", WORKER_SEND_TIMEOUT="60")) == ["WORKER_LEASE"]


@pytest.mark.parametrize("name", [".env", ".env.test"])
def test_a_file_is_refused_when_it_cannot_be_read_as_text(name: str, place: Path, problems: Problems) -> None:
    (place / name).write_bytes(b"APP_NAME=\xff\xfe\n")

    assert problems(APP_ENV="test")[name].message == "is not UTF-8"


def test_memory_drivers_are_refused_when_server_and_worker_are_separate(settings: Load) -> None:
    shared = settings(DATABASE_URL="memory://", QUEUE_DRIVER="memory", REALTIME_DRIVER="memory")

    with pytest.raises(ConfigurationError) as raised:
        refuse_shared_memory(shared)

    assert [problem.keys[0] for problem in raised.value.problems] == ["DATABASE_URL", "QUEUE_DRIVER", "REALTIME_DRIVER"]
    refuse_shared_memory(settings())
