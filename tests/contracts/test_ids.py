"""Ids, over every adapter."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import RFC_4122, UUID

import pytest

from application.ports.ids import Ids
from infrastructure.memory.sequential_ids import SequentialIds
from infrastructure.system.ids import UuidV7Ids


@pytest.fixture(params=[UuidV7Ids, SequentialIds])
def ids(request: pytest.FixtureRequest) -> Ids:
    made: Ids = request.param()
    return made


def test_an_id_is_a_uuid_of_version_7_when_made(ids: Ids) -> None:
    made = ids.new()

    assert type(made) is UUID
    assert (made.version, made.variant) == (7, RFC_4122)
    assert UUID(str(made)) == made


def test_each_id_is_greater_than_the_one_before_when_many_are_made(ids: Ids) -> None:
    made = [ids.new() for _ in range(50_000)]

    assert all(earlier < later for earlier, later in pairwise(made))
    assert all(str(earlier) < str(later) for earlier, later in pairwise(made))


def test_ids_are_in_order_in_each_thread_and_never_equal_when_threads_make_them(ids: Ids) -> None:
    with ThreadPoolExecutor(4) as threads:
        batches = list(threads.map(lambda _: [ids.new() for _ in range(5_000)], range(4)))

    assert all(earlier < later for batch in batches for earlier, later in pairwise(batch))
    assert len({made for batch in batches for made in batch}) == 20_000


def test_order_holds_across_instances_when_the_adapter_is_made_anew() -> None:
    made = [UuidV7Ids().new() for _ in range(1_000)]

    assert all(earlier < later for earlier, later in pairwise(made))


def test_the_time_is_in_the_first_48_bits_when_an_id_is_made_by_the_machine() -> None:
    milliseconds = UuidV7Ids().new().int >> 80

    assert abs(datetime.fromtimestamp(milliseconds / 1000, UTC) - datetime.now(UTC)) < timedelta(seconds=5)
