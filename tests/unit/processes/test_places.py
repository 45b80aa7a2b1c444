"""One port for several processes."""

import socket
from collections import Counter

import pytest

from app.bootstrap.listening import AddressTaken, listening
from app.bootstrap.processes import places as module
from app.bootstrap.processes.places import listening_places

HOST, KEY, BACKLOG = "127.0.0.1", "APP_PORT", 128
CALLS = 60


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@pytest.mark.skipif(not module.SHARES, reason="this kernel gives one socket all connections")
def test_every_place_gets_its_share_when_many_connect() -> None:
    with listening_places(HOST, 0, 3, BACKLOG, key=KEY) as places:
        [port] = {port_of(each) for place in places for each in place}
        callers = [socket.create_connection((HOST, port)) for _ in range(CALLS)]
        accepted: Counter[int] = Counter()
        for number, [listener] in enumerate(places):
            listener.setblocking(False)
            while True:
                try:
                    listener.accept()[0].close()
                except BlockingIOError:
                    break
                accepted[number] += 1
        for each in callers:
            each.close()

    assert sum(accepted.values()) == CALLS
    assert min(accepted[number] for number in range(3)) > CALLS // 20


def test_all_wait_at_one_socket_when_the_kernel_does_not_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARES", False)
    with listening_places(HOST, 0, 3, BACKLOG, key=KEY) as places:
        assert len({id(listener) for place in places for listener in place}) == 1


@pytest.mark.parametrize("shares", [True, False])
def test_port_is_refused_when_others_share_it(monkeypatch: pytest.MonkeyPatch, shares: bool) -> None:
    monkeypatch.setattr(module, "SHARES", shares and module.SHARES)
    with listening_places(HOST, 0, 2, BACKLOG, key=KEY) as places:
        port = port_of(places[0][0])
        with pytest.raises(AddressTaken), listening_places(HOST, port, 2, BACKLOG, key=KEY):
            pass
        with pytest.raises(AddressTaken), listening(HOST, port, BACKLOG):
            pass
