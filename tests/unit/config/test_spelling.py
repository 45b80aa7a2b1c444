import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from infrastructure.config.app import Environment
from infrastructure.config.problems import Problem
from infrastructure.config.resolution import Resolution
from infrastructure.config.settings import Settings

SECRET = "k3Vb9qXw7RtYp2LsD8fGh5JmN1cZaQeU"
Load = Callable[..., Settings]
Resolve = Callable[..., Resolution]
Write = Callable[[str, str], None]
Problems = Callable[..., Mapping[str, Problem]]


def test_the_file_holds_the_value_when_the_key_ends_in_file(write: Write, settings: Load) -> None:
    write("secret.txt", f"{SECRET}\n")
    write("port", "4000\r\n")

    loaded = settings(AUTH_SECRET_FILE="secret.txt", APP_PORT_FILE="port")

    assert (loaded.auth.secret, loaded.app.port) == (SECRET, 4000)


@pytest.mark.parametrize("target", ["missing.txt", ".", "large.txt", "binary.txt"])
def test_a_problem_names_the_key_when_its_file_cannot_be_used(target: str, place: Path, problems: Problems) -> None:
    (place / "large.txt").write_text("a" * 70_000)
    (place / "binary.txt").write_bytes(b"\xff\xfe\xfd" * 20)

    problem = problems(AUTH_SECRET_FILE=target)["AUTH_SECRET"]

    assert "is to be read from a file that" in problem.message
    assert problem.source == "AUTH_SECRET_FILE in environment"


def test_the_start_does_not_hang_when_a_secret_file_is_a_pipe(place: Path, problems: Problems) -> None:
    os.mkfifo(place / "pipe")

    assert "is not a regular file" in problems(SMTP_PASSWORD_FILE="pipe")["SMTP_PASSWORD"].message


def test_a_value_and_its_file_contradict_when_they_differ(write: Write, problems: Problems, settings: Load) -> None:
    write("port", "4000")

    assert "given twice" in problems(APP_PORT="4001", APP_PORT_FILE="port")["APP_PORT"].message
    assert settings(APP_PORT="4000", APP_PORT_FILE="port").app.port == 4000


@pytest.mark.parametrize(
    ("old", "value", "read"),
    [
        ("NODE_ENV", "test", lambda s: s.app.env is Environment.TEST),
        ("DB_LOGGING", "true", lambda s: s.database.echo is True),
        ("QUEUE_ENGINE", "memory", lambda s: s.queue.driver == "memory"),
        ("BULLMQ_PREFIX", "mine", lambda s: s.queue.prefix == "mine"),
        ("SSE_RETRY_INTERVAL", "1234", lambda s: s.sse.retry_interval_ms == 1234),
        ("ENABLE_RATE_LIMITING", "false", lambda s: s.rate_limit.enabled is False),
    ],
)
def test_old_names_are_understood_when_they_are_used(
    old: str, value: str, read: Callable[[Settings], bool], resolved: Resolve
) -> None:
    resolution = resolved(**{old: value})

    assert resolution.problems == ()
    assert read(resolution.settings)


def test_a_warning_names_both_keys_when_an_old_name_is_used(resolved: Resolve) -> None:
    assert resolved(QUEUE_ENGINE="memory").settings.warnings == (
        "QUEUE_ENGINE is an old name of QUEUE_DRIVER [environment]",
    )


def test_old_and_new_name_contradict_when_they_differ(problems: Problems, write: Write, settings: Load) -> None:
    assert "given twice" in problems(QUEUE_ENGINE="memory", QUEUE_DRIVER="file")["QUEUE_DRIVER"].message

    write(".env", "QUEUE_ENGINE=memory\n")
    assert settings(QUEUE_DRIVER="file").queue.driver == "file"


def test_node_env_counts_for_nothing_when_app_env_is_given_anywhere(write: Write, settings: Load) -> None:
    write(".env", "APP_ENV=staging\n")

    assert settings(NODE_ENV="production").app.env is Environment.STAGING
    assert "NODE_ENV" not in str(settings(NODE_ENV="production").warnings)


def test_pieces_of_the_database_address_are_put_together_when_given(settings: Load) -> None:
    pieces = {"DB_HOST": "db", "DB_PORT": "5433", "DB_USER": "me", "DB_PASS": "p@ss", "DB_NAME": "app"}
    loaded = settings(**pieces, AUTH_SECRET="X" * 20 + "x2" * 20)

    assert loaded.database.url == "postgresql+asyncpg://me:p%40ss@db:5433/app"


def test_the_ssl_mode_is_given_on_when_it_is_spelled_as_libpq_does(settings: Load) -> None:
    address = "postgres://me@db/app?sslmode=require&application_name=x"
    loaded = settings(DATABASE_URL=address, AUTH_SECRET="X" * 20 + "x2" * 20)

    assert loaded.database.url == "postgresql+asyncpg://me@db/app?ssl=require&application_name=x"


def test_pieces_and_address_contradict_when_given_in_one_place(
    problems: Problems, write: Write, settings: Load
) -> None:
    assert "say the same thing twice" in problems(DB_HOST="db", DATABASE_URL="memory://")["DB_HOST"].message

    write(".env", "DB_HOST=db\nDB_PASSWORD=x\n")
    assert settings(DATABASE_URL="memory://").database.driver == "memory"


def test_pieces_are_refused_when_the_host_is_missing(problems: Problems) -> None:
    assert problems(DB_USER="me")["DB_USER"].message == "needs DB_HOST beside it"


@pytest.mark.parametrize(
    ("key", "value", "driver"),
    [
        ("QUEUE_DRIVER", "rabbitmq", "rabbitmq"),
        ("REALTIME_DRIVER", "nats", "nats"),
        ("LOG_SINKS", "console,loki", "loki"),
        ("RATE_LIMIT_STORE", "redis", "redis"),
        ("BROKER_DRIVER", "kafka", "kafka"),
        ("DATABASE_URL", "mariadb+asyncmy://u:hunter2@h/db", "mysql"),
        ("DATABASE_URL", "mysql://u:hunter2@h/db", "mysql"),
    ],
)
def test_a_known_driver_is_refused_by_name_when_this_version_cannot_serve_it(
    key: str, value: str, driver: str, problems: Problems
) -> None:
    message = problems(**{key: value})[key].message

    assert f"names {driver}, which this version cannot serve yet; use " in message
    assert "hunter2" not in message
