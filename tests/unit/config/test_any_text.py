"""Whatever stands in the environment or in a file, the answer is settings or problems, never a crash."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infrastructure.config.aliases import ALIASES, PIECES
from infrastructure.config.catalogue import catalogue, provider_leaves
from infrastructure.config.resolution import resolve
from infrastructure.config.spelling import is_recognised

KEYS = sorted({*catalogue(), *provider_leaves(["a"]), *ALIASES, *PIECES})
# What the environment of a process can hold: no null characters, but halves of surrogate pairs for broken UTF-8.
TEXT = st.text(st.characters(exclude_characters="\0"), max_size=60)
ODD = """
    ~nobody-of-this-name/x sqlite:///a?b 1e999 -1 0 [ http://[::1 http://h:99999999 a,,b , ::1 / . .. none smtp memory://
"""
TELLING = st.sampled_from([*ODD.split(), "/" + "a" * 300, "sqlite:////" + "b" * 300, "9" * 5000])
NAMED_IN_SOURCES = """
    NODE_ENV DB_HOST DB_PORT DB_USER DB_PASS DB_PASSWORD DB_NAME DB_LOGGING REDIS_HOST REDIS_PORT REDIS_PASSWORD
    QUEUE_ENGINE QUEUE_DRIVER BULLMQ_REDIS_HOST BULLMQ_REDIS_PORT BULLMQ_REDIS_PASSWORD BULLMQ_PREFIX RABBITMQ_URL
    RABBITMQ_QUEUE_NAME RABBITMQ_URI RABBITMQ_QUEUE LOKI_URL FILE_STORAGE_DRIVER S3_BUCKET_NAME S3_ACCESS_KEY_ID
    S3_SECRET_ACCESS_KEY FILE_EXTERNAL_BASE_PATH WEBSOCKET_REDIS_URL ENABLE_WEBSOCKETS ENABLE_RATE_LIMITING
    SSE_RETRY_INTERVAL
"""


@given(st.dictionaries(st.sampled_from(KEYS + [f"{key}_FILE" for key in KEYS]), TEXT | TELLING, max_size=6))
@example({"NOTIFY_EMAIL_PROVIDERS": "a", "PROVIDER__A__DRIVER": "smtp", "DATA_DIR": "/" + "a" * 300})
@example({"APP_ENV_FILE": "\ud800"})
@settings(max_examples=200, deadline=None)
def test_nothing_crashes_when_the_environment_holds_any_text(environ: Mapping[str, str]) -> None:
    with TemporaryDirectory() as place:
        resolution = resolve(environ, Path(place))

        assert all("\n" not in str(problem) for problem in resolution.problems)
        assert list(Path(place).iterdir()) == []


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_nothing_crashes_when_a_file_holds_any_bytes(content: bytes) -> None:
    with TemporaryDirectory() as place:
        (Path(place) / ".env").write_bytes(content)

        resolve({}, Path(place))


@pytest.mark.parametrize("key", NAMED_IN_SOURCES.split())
def test_a_key_has_a_meaning_when_it_was_promised(key: str) -> None:
    assert is_recognised(key)
