"""What a client that never ends its head costs the process."""

import re
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.raw_connection import PIECE, RawConnection
from tests.e2e.served import Served, serving

MEGABYTE = 1_048_576
SENT = 64 * MEGABYTE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")


def peak(served: Served) -> int:
    """The most memory that the processes which serve ever had, in bytes."""
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in served.process.serving_pids]
    found = [re.search(r"VmHWM:\s+(\d+) kB", status) for status in statuses]
    assert found
    return sum(int(match[1]) * 1024 for match in found if match is not None)


@pytest.mark.parametrize("start", ["GET /health/live HTTP/1.1\r\nX-Any: ", "GET /"], ids=["header", "address"])
def test_b11_memory_stays_bounded_when_a_head_never_ends(tmp_path: Path, start: str) -> None:
    with serving(tmp_path) as served:
        with served.client() as client:
            client.get("/health/live")
        before = peak(served)

        with RawConnection(served.process.port) as connection:
            with suppress(ConnectionError):
                connection.write(start, *[b"x" * PIECE] * (SENT // PIECE))
            grown = peak(served) - before

    assert grown < SENT // 4
