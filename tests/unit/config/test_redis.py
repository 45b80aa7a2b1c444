"""Where Redis is."""

from collections.abc import Callable, Mapping

import pytest

from infrastructure.config.checks import refuse_shared_memory
from infrastructure.config.problems import Problem
from infrastructure.config.resolution import Resolution
from infrastructure.config.settings import Settings

Load = Callable[..., Settings]
Problems = Callable[..., Mapping[str, Problem]]


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache",
        "redis://:secret@cache:6380/3",
        "rediss://me:p%40ss@cache/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required",
        "redis://[::1]:6379?db=2",
        "unix:///run/redis.sock?db=1",
    ],
)
def test_address_is_taken_when_the_client_can_use_it(url: str, settings: Load) -> None:
    assert settings(REDIS_URL=url).redis.url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("cache:6379", "must be an address such as"),
        ("http://cache", "must be an address such as"),
        ("redis://", "must name a host"),
        ("redis://cache:hunter2", "is no address"),
        ("redis://cache/first", "must have the number of a database"),
        ("unix://", "must name a socket"),
        ("redis://cache?db=x", "must have a number for db"),
        ("redis://cache?socket_timeout=60", "must not carry options but"),
        ("redis://cache?retry_on_timeout=yes", "must not carry options but"),
    ],
)
@pytest.mark.parametrize("key", ["REDIS_URL", "QUEUE_REDIS_URL", "REALTIME_REDIS_URL"])
def test_address_is_refused_when_the_client_cannot_or_must_not_use_it(
    key: str, url: str, reason: str, problems: Problems
) -> None:
    message = problems(**{key: url})[key].message

    assert message.startswith(reason)
    assert "hunter2" not in message


def test_every_driver_has_the_one_address_when_no_other_is_given(settings: Load) -> None:
    one = settings(REDIS_URL="redis://one")
    two = settings(REDIS_URL="redis://one", QUEUE_REDIS_URL="redis://two")

    assert (one.queue.redis_url, one.realtime.redis_url) == ("redis://one", "redis://one")
    assert (two.queue.redis_url, two.realtime.redis_url) == ("redis://two", "redis://one")


def test_pieces_make_the_address_when_it_is_given_by_them(settings: Load) -> None:
    whole = settings(REDIS_HOST="cache", REDIS_PASSWORD="a@b", BULLMQ_REDIS_HOST="jobs", BULLMQ_REDIS_PORT="1")

    assert (whole.redis.url, whole.queue.redis_url) == ("redis://:a%40b@cache:6379", "redis://jobs:1")


def test_password_is_hidden_when_settings_are_shown(resolved: Callable[..., Resolution]) -> None:
    resolution = resolved(REDIS_URL="redis://:hunter2@cache")

    assert [row.key for row in resolution.rows if "hunter2" in row.text] == []
    assert "hunter2" not in repr(resolution.settings)


def test_redis_is_fine_when_server_and_worker_are_separate(settings: Load) -> None:
    refuse_shared_memory(settings(QUEUE_DRIVER="bullmq", REALTIME_DRIVER="redis"))
