"""Answers and events, however the network cuts them."""

import asyncio
from typing import cast

import pytest

from tests.bench.followers import Follower, Followers
from tests.bench.http_connection import HttpConnection, LoadFailed

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\nServer: x\r\n\r\nbody"
EVENTS = b'event: a\ndata: {"title":"#17","x":1}\n\nevent: a\ndata: {"title":"#18"}\n\n'


class Nowhere:
    """A transport that takes everything."""

    def write(self, data: bytes) -> None:
        """Nothing."""


class Told(HttpConnection):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []
        self.problems: list[str] = []

    def answered(self, status: int) -> None:
        self.statuses.append(status)

    def failed(self, problem: str) -> None:
        self.problems.append(problem)


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
def test_an_answer_counts_once_when_it_comes_in_two_pieces(cut: int) -> None:
    connection = Told()
    connection.data_received(ANSWER[:cut])
    assert connection.statuses == []
    connection.data_received(ANSWER[cut:])
    assert connection.statuses == [202]


def test_an_answer_is_a_problem_when_it_has_no_length() -> None:
    connection = Told()
    connection.data_received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert (connection.statuses, len(connection.problems)) == ([], 1)


@pytest.mark.parametrize("cut", range(1, len(EVENTS)))
async def test_each_number_is_read_once_when_events_come_in_two_pieces(cut: int) -> None:
    crowd = Followers(0, [], b"")
    follower = _open_follower(crowd)
    follower.data_received(EVENTS[:cut])
    follower.data_received(EVENTS[cut:])
    assert [number for number, _ in await crowd.next(2, seconds=0)] == [17, 18]


async def test_waiting_for_numbers_fails_when_one_is_missing_or_too_many() -> None:
    crowd = Followers(0, [], b"")
    _open_follower(crowd).data_received(EVENTS)
    with pytest.raises(LoadFailed, match="2 of 3"):
        await crowd.next(3, seconds=0)
    with pytest.raises(LoadFailed, match="instead of 1"):
        await crowd.next(1, seconds=0)


async def test_a_follower_is_refused_when_the_answer_is_not_a_stream() -> None:
    follower = Follower(b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n", Followers(0, [], b""))
    follower.connection_made(cast("asyncio.BaseTransport", Nowhere()))
    follower.data_received(b"HTTP/1.1 401 Unauthorized\r\n\r\n")
    with pytest.raises(LoadFailed, match="401"):
        await follower.opened


def _open_follower(crowd: Followers) -> Follower:
    follower = Follower(b"GET / HTTP/1.1\r\n\r\n", b": open\n\n", crowd)
    follower.connection_made(cast("asyncio.BaseTransport", Nowhere()))
    follower.data_received(b"HTTP/1.1 200 OK\r\n\r\n: open\n\n")
    return follower
