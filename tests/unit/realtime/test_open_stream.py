"""Opening a stream, up to where the hub takes over."""

from datetime import timedelta

import pytest

from application.ports.stream_hub import StreamHolder, StreamOpening
from application.realtime.open_stream import OpenStream
from domain.identity.errors import InvalidCredential, MissingCredential, SubscriberRequired
from domain.identity.principal import PrincipalKind
from domain.realtime.cursor import Cursor
from domain.subscribers.subscriber import SubscriberNotFound
from tests.unit.realtime.store import NOW, RecordingHub, Store, caller
from tests.unit.streams.world import MemorySocket


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def hub() -> RecordingHub:
    return RecordingHub()


@pytest.fixture
def open_stream(store: Store, hub: RecordingHub) -> OpenStream:
    return OpenStream(hub=hub, subscribers=store.subscribers(), clock=store.clock)


@pytest.mark.parametrize("kind", [PrincipalKind.SUBSCRIBER, PrincipalKind.USER, PrincipalKind.TICKET])
async def test_the_callers_own_stream_is_claimed_when_there_is_a_socket(
    store: Store, hub: RecordingHub, open_stream: OpenStream, kind: PrincipalKind
) -> None:
    ann = await store.add("ann")
    await store.add("ann", "other")
    principal = caller(kind)

    opened = await open_stream(principal)
    assert hub.claimed == []
    await opened.claim(MemorySocket())

    assert hub.claimed == [StreamOpening(holder=StreamHolder(stream_id=ann.id, principal=principal))]


@pytest.mark.parametrize(
    ("position", "resuming", "cursor"),
    [
        (None, False, None),
        ("", False, None),
        ("1795165885-42", True, Cursor(1_795_165_885, 42)),
        ("0-0", True, Cursor(0, 0)),
        ("-1", True, None),
        ("1--1", True, None),
        ("x", True, None),
        ("9" * 1_000_000, True, None),
        ("1-1\n", True, None),
        ("١-١", True, None),  # noqa: RUF001 - digits, but none of ours
    ],
)
async def test_b21_a_place_is_ours_or_unknown_when_it_is_read(
    store: Store, open_stream: OpenStream, position: str | None, resuming: bool, cursor: Cursor | None
) -> None:
    await store.add("ann")

    opening = (await open_stream(caller(PrincipalKind.SUBSCRIBER), position)).opening

    assert (opening.resuming, opening.cursor) == (resuming, cursor)


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [(PrincipalKind.API_KEY, SubscriberRequired), (PrincipalKind.ANONYMOUS, MissingCredential)],
)
async def test_no_stream_is_opened_when_the_caller_has_none(
    store: Store, open_stream: OpenStream, kind: PrincipalKind, refusal: type[Exception]
) -> None:
    await store.add("ann")

    with pytest.raises(refusal):
        await open_stream(caller(kind))


async def test_no_stream_is_opened_when_the_subscriber_is_unknown(store: Store, open_stream: OpenStream) -> None:
    await store.add("ann", "other")

    with pytest.raises(SubscriberNotFound):
        await open_stream(caller(PrincipalKind.SUBSCRIBER))


async def test_no_stream_is_opened_when_the_credential_is_at_its_end(store: Store, open_stream: OpenStream) -> None:
    await store.add("ann")
    store.clock.advance(60)

    with pytest.raises(InvalidCredential):
        await open_stream(caller(PrincipalKind.SUBSCRIBER, expires_at=NOW + timedelta(seconds=60)))
