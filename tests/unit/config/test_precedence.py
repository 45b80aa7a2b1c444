import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from infrastructure.config.app import Environment
from infrastructure.config.loader import load_settings
from infrastructure.config.problems import ConfigurationError, Problem
from infrastructure.config.resolution import Resolution
from infrastructure.config.settings import Settings

Load = Callable[..., Settings]
Write = Callable[[str, str], None]
Problems = Callable[..., Mapping[str, Problem]]


def test_the_stronger_place_wins_when_all_three_hold_the_key(write: Write, settings: Load) -> None:
    write(".env", "APP_NAME=base\nAPP_PORT=1111\nDB_READERS=2\n")
    write(".env.staging", "APP_NAME=special\nAPP_PORT=2222\n")

    loaded = settings(APP_ENV="staging", APP_NAME="process")

    assert (loaded.app.name, loaded.app.port, loaded.database.readers) == ("process", 2222, 2)


def test_the_file_of_the_environment_is_read_when_dot_env_names_it(write: Write, settings: Load) -> None:
    write(".env", "APP_ENV=development\n")
    write(".env.development", "APP_PORT=3333\n")
    write(".env.production", "APP_PORT=4444\n")

    assert settings().app.port == 3333
    assert settings(APP_ENV="test").app.port == 8000


def test_environments_file_may_not_rename_the_environment(write: Write, problems: Problems) -> None:
    write(".env.staging", "APP_ENV=production\n")

    assert "contradicts the name of the file" in problems(APP_ENV="staging")["APP_ENV"].message


def test_an_empty_value_takes_the_key_back_when_a_weaker_place_sets_it(write: Write, settings: Load) -> None:
    write(".env", "APP_PORT=1111\nMODULES_ENABLED=inbox\n")

    loaded = settings(APP_PORT="", MODULES_ENABLED="")

    assert (loaded.app.port, loaded.app.modules_enabled) == (8000, None)


def test_the_source_is_named_when_settings_are_shown(write: Write, resolved: Callable[..., Resolution]) -> None:
    write(".env", "# first\nAPP_PORT=1111\n")

    sources = {row.key: row.source for row in resolved(APP_NAME="x", QUEUE_ENGINE="file").rows}

    assert sources["APP_PORT"] == ".env line 2"
    assert sources["APP_NAME"] == "environment"
    assert sources["QUEUE_DRIVER"] == "QUEUE_ENGINE in environment"
    assert sources["APP_HOST"] == "default"


def test_defaults_follow_other_keys_when_those_are_set(place: Path, settings: Load) -> None:
    loaded = settings(DATA_DIR="state", WORKER_LEASE="6s", NOTIFY_SMS_BACKOFF="1s,2s")

    state = place / "state"
    assert loaded.app.data_dir == state
    assert loaded.database.url == f"sqlite+aiosqlite:///{state}/carillon.db"
    assert (loaded.queue.jobs_dir, loaded.realtime.streams_dir) == (state / "jobs", state / "streams")
    assert (loaded.mail.maildir, loaded.log.dir) == (state / "mail", state / "logs")
    assert (loaded.worker.heartbeat_seconds, loaded.worker.send_timeout, loaded.egress.timeout) == (2.0, 4.0, 4.0)
    assert (loaded.notification.sms.attempts, loaded.notification.push.attempts) == (3, 6)


def test_job_files_move_when_the_external_base_path_is_set(place: Path, settings: Load) -> None:
    loaded = settings(FILE_EXTERNAL_BASE_PATH="/srv/files-of-nobody/..")

    assert loaded.queue.jobs_dir == Path("/srv/files-of-nobody/../jobs")
    assert loaded.app.data_dir == place / "data"


def test_text_becomes_typed_values_when_it_has_the_right_shape(settings: Load) -> None:
    loaded = settings(
        APP_ENV="uat",
        REQUEST_TIMEOUT="1.5m",
        ENABLE_RATE_LIMITING="off",
        MODULES_ENABLED="inbox, topics",
        EGRESS_ALLOW_CIDRS="10.1.2.3, fd00::/8",
        EGRESS_PORTS="443,8443",
        RATE_LIMIT_DEFAULT="50/10s",
        NOTIFY_WEBHOOK_BACKOFF="500ms,1h",
        HSTS_SECONDS="2d",
        SSE_MAX_CONNECTIONS="0",
    )

    assert loaded.app.env is Environment.UAT
    assert loaded.app.request_timeout == 90.0
    assert loaded.rate_limit.enabled is False
    assert loaded.app.modules_enabled == frozenset({"inbox", "topics"})
    assert loaded.egress.allow_cidrs == ("10.1.2.3/32", "fd00::/8")
    assert loaded.egress.ports == (443, 8443)
    assert (loaded.rate_limit.default_anonymous.limit, loaded.rate_limit.default_anonymous.window) == (50, 10.0)
    assert loaded.notification.webhook.backoff == (0.5, 3600.0)
    assert loaded.http.hsts_seconds == 172_800
    assert loaded.sse.max_connections > 1_000_000_000


def test_the_environment_of_this_process_does_not_matter_when_settings_are_loaded_from_a_mapping(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "APP_PORT", "4711")

    settings = load_settings({}, place, make_secret=lambda: "x" * 40)

    assert settings.app.port == 8000


def test_a_secret_is_required_when_nobody_can_make_one(place: Path) -> None:
    with pytest.raises(ConfigurationError, match="AUTH_SECRET is required"):
        load_settings({}, place)

    assert list(place.iterdir()) == []
