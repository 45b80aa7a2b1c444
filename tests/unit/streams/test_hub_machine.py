"""Any interleaving of commits, lost hints, drops, stalls, evictions and restores, against what clients may see."""

import asyncio
from dataclasses import dataclass, field
from unittest.mock import patch
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from application.ports.stream_hints import StreamHint
from domain.realtime.cursor import Cursor
from infrastructure.config.sse import SseSettings
from infrastructure.streams import log_reads
from tests.unit.streams.world import ANN, BOB, MemorySocket, World

STREAMS = st.sampled_from([ANN, BOB])
INDEX = st.integers(0, 1_000)
NONSENSE = st.sampled_from(["", "x", "-1", "1000--1", "9" * 400, "1000-99999", "7-3", "0-0"])


@dataclass(slots=True)
class Client:
    """A browser: it remembers the last id, and shows it when it returns."""

    stream_id: UUID
    socket: MemorySocket
    start: Cursor | None
    must_reset: bool
    # Whether something happened to the log since it connected that a reset may answer.
    excused: bool = False
    returns: int = 0
    seen: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return not self.socket.closed.is_set()


class HubMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = self.loop.run_until_complete(self._begin())
        self.clients: list[Client] = []
        self.held_back: list[StreamHint] = []
        # Whether something moved that no hint has told of: then only looking finds it.
        self.untold = False
        self.small_pages = patch.object(log_reads, "PAGE", 3)
        self.small_pages.start()

    async def _begin(self) -> World:
        return await World(SseSettings(max_per_subscriber=10_000, backlog=15)).__aenter__()

    @initialize()
    def two_clients_are_live(self) -> None:
        self.connect(ANN)
        self.connect(BOB)
        self.everything_comes_to_rest()

    @rule(stream_id=STREAMS, how=st.sampled_from(["whole", "whole", "whole", "bare", "lost", "late"]))
    def publish(self, stream_id: UUID, how: str) -> None:
        hint = self.world.log.commit(stream_id)
        self.untold = self.untold or how in {"late", "lost"}
        if how == "late":
            self.held_back.append(hint)
        elif how != "lost":
            self._hear(hint if how == "whole" else _bare(hint))

    @rule(index=INDEX)
    def a_late_hint_arrives(self, index: int) -> None:
        if self.held_back:
            self._hear(self.held_back.pop(index % len(self.held_back)))

    @rule()
    def nobody_knows_what_moved(self) -> None:
        self.loop.run_until_complete(self.world.hub.hear(None))

    @rule(steps=st.sampled_from([1, 2, 3, 5, 50]))
    def time_passes(self, steps: int) -> None:
        for _ in range(steps):
            self.loop.run_until_complete(asyncio.sleep(0))

    @rule(stream_id=STREAMS)
    def connect(self, stream_id: UUID) -> None:
        self._connect(stream_id, None)

    @rule(
        stream_id=STREAMS, position=st.sampled_from(["", "x", "-1", "1000--1", "9" * 400, "1000-99999", "7-3", "0-0"])
    )
    def connect_with_nonsense(self, stream_id: UUID, position: str) -> None:
        self._connect(stream_id, position)

    @rule(index=INDEX)
    def drop(self, index: int) -> None:
        if self.clients:
            client = self.clients[index % len(self.clients)]
            client.socket.closed.set()
            client.socket.room.set()

    @rule(index=INDEX)
    def resume(self, index: int) -> None:
        gone = [client for client in self.clients if not client.open]
        if gone:
            client = gone[index % len(gone)]
            self.clients.remove(client)
            self._check(client)
            last = client.socket.parser.last_id or (str(client.start) if client.start else "")
            self._connect(client.stream_id, last or None)

    @rule(index=INDEX)
    def stall(self, index: int) -> None:
        if self.clients:
            self.clients[index % len(self.clients)].socket.room.clear()

    @rule(index=INDEX)
    def read_on(self, index: int) -> None:
        if self.clients:
            self.clients[index % len(self.clients)].socket.room.set()

    @rule(stream_id=STREAMS, keep=st.integers(0, 3))
    def evict(self, stream_id: UUID, keep: int) -> None:
        self.world.log.evict(stream_id, keep)
        self._excuse(stream_id)

    @precondition(lambda self: len(self.clients) > 1)
    @rule(stream_id=STREAMS)
    def restore(self, stream_id: UUID) -> None:
        self.world.log.restore(stream_id)
        self.untold = True
        self.held_back = [hint for hint in self.held_back if hint.stream_id != stream_id]
        self._excuse(stream_id)

    @rule()
    def everything_comes_to_rest(self) -> None:
        for client in self.clients:
            client.socket.room.set()
        self.loop.run_until_complete(self._rest())
        for client in self.clients:
            if client.open:
                self._check_complete(client)

    @invariant()
    def no_client_sees_a_gap_or_a_repeat(self) -> None:
        for client in self.clients:
            self._check(client)

    def teardown(self) -> None:
        self.everything_comes_to_rest()
        for client in self.clients:
            client.socket.closed.set()
        self.loop.run_until_complete(self._end())
        self.loop.close()
        self.small_pages.stop()

    async def _end(self) -> None:
        await self.world.__aexit__()
        assert self.world.hub.connections == 0
        failed = self.world.lines.lines("streams.failed") + self.world.lines.lines("streams.fill_failed")
        assert not failed, failed

    async def _rest(self) -> None:
        async with asyncio.timeout(5):
            while not all(self._at_rest(client) for client in self.clients if client.open):
                if self.untold:
                    await self.world.hub.hear(None)
                await asyncio.sleep(0.001)
        self.untold = False

    def _at_rest(self, client: Client) -> bool:
        stream = self.world.log.streams[client.stream_id]
        counts = [event.data for event in client.socket.events if event.name == "unread_count_changed"]
        return client.socket.parser.last_id == f"{stream.epoch}-{stream.seq}" and bool(
            counts and counts[-1] == f'{{"unread":{stream.unread},"unseen":0}}'
        )

    def _connect(self, stream_id: UUID, position: str | None) -> None:
        stream = self.world.log.streams[stream_id]
        cursor = Cursor.parse(position) if position else None
        known = cursor is not None and cursor.epoch == stream.epoch
        known = known and cursor is not None and stream.oldest_seq - 1 <= cursor.seq <= stream.seq
        socket = self.loop.run_until_complete(self._open(stream_id, position))
        self.clients.append(
            Client(stream_id, socket, cursor if known else None, must_reset=position is not None and not known)
        )

    async def _open(self, stream_id: UUID, position: str | None) -> MemorySocket:
        return self.world.connect(stream_id, position)

    def _excuse(self, stream_id: UUID) -> None:
        for client in self.clients:
            client.excused = client.excused or client.stream_id == stream_id

    def _hear(self, hint: StreamHint) -> None:
        self.loop.run_until_complete(self.world.hints.publish([hint]))

    def _check(self, client: Client) -> None:
        at = client.start
        resets = 0
        for event in client.socket.events:
            place = Cursor.parse(event.last_id)
            assert place is not None
            if event.name == "reset":
                resets += 1
                at = place
            elif event.name == "notification_received":
                if at is not None:
                    assert place == Cursor(at.epoch, at.seq + 1), (at, client.socket.events)
                at = place
            else:
                at = place if at is None else at
                assert place == at
        if not client.excused:
            assert resets <= int(client.must_reset), client.socket.events

    def _check_complete(self, client: Client) -> None:
        names = client.socket.names()
        if client.must_reset:
            assert names[0] == "reset"
        if not client.excused:
            assert names.count("reset") == int(client.must_reset)


def _bare(hint: StreamHint) -> StreamHint:
    return StreamHint(stream_id=hint.stream_id, epoch=hint.epoch, seq=hint.seq, unread=hint.unread, unseen=hint.unseen)


HubMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHub = HubMachine.TestCase
