"""Every setting has a reader: one that is taken from the environment and changes nothing would be a lie (CFG-08)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial, reduce
from pathlib import Path
from typing import Annotated
from uuid import UUID

import pytest
from dependency_injector import providers

from app.bootstrap.banner import banner
from app.bootstrap.container import build_container
from app.bootstrap.logging import configure_logging
from app.bootstrap.operations import operations_sockets
from app.bootstrap.processes.parent import run_processes
from app.bootstrap.server import run_server
from application.ports.http_client import HttpRequest
from application.ports.notification_channel import OutboundMessage
from application.ports.stream_hub import StreamHolder, StreamSocket
from container import Container
from domain.identity.principal import Principal
from domain.notifications.channel import Channel
from infrastructure.config.queue import QueueSettings
from infrastructure.config.section import FieldPath, Section, key, leaves
from infrastructure.config.settings import Settings
from infrastructure.streams.connection import Connection
from tests.examples.serving import as_subscriber, next_named, serving, stream_of
from tests.integration.container.built import settings_of

# Nothing listens there.
NOBODY = 9
# Everything whose driver has settings of its own.
ENVIRONMENT = {
    "DATABASE_URL": "sqlite:///carillon.db",
    "QUEUE_DRIVER": "file",
    "REALTIME_DRIVER": "file",
    "ENABLE_RATE_LIMITING": "true",
    "LOG_SINKS": "file",
    "APP_PORT": "0",
    "NOTIFY_EMAIL_PROVIDERS": "smtp,file",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_PORT": str(NOBODY),
    "EGRESS_ALLOW_CIDRS": "127.0.0.1/32",
}
# What only shapes another setting, and which; by a value that is not the default.
SHAPES: Mapping[str, tuple[str, FieldPath]] = {
    "FILE_EXTERNAL_BASE_PATH": ("elsewhere", ("queue", "jobs_dir")),
    "REDIS_URL": ("redis://elsewhere", ("queue", "redis_url")),
    "MAIL_DRIVER": ("console", ("notification", "email_providers")),
    "NOTIFY_EMAIL_PROVIDERS": ("file,console", ("notification", "email_providers")),
    "NOTIFY_SMS_PROVIDERS": ("console", ("notification", "sms_providers")),
    "NOTIFY_PUSH_PROVIDERS": ("console", ("notification", "push_providers")),
    "NOTIFY_CHAT_PROVIDERS": ("console", ("notification", "chat_providers")),
}

MESSAGE = OutboundMessage(
    delivery_id=UUID(int=1),
    notification_id=UUID(int=2),
    tenant_id="default",
    subscriber_id="ann",
    channel=Channel.EMAIL,
    address={"email": "ann@example.com"},
    title="Hi",
    body="",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


class PlantedQueue(QueueSettings, frozen=True, kw_only=True):
    """A section with a key that nothing reads."""

    planted: Annotated[bool, key("QUEUE_PLANTED", "Changes nothing.")] = False


class PlantedSettings(Settings, frozen=True, kw_only=True):
    """Settings with that section."""

    queue: PlantedQueue


class FullSocket(StreamSocket):
    """A client that takes nothing until there is room."""

    def __init__(self) -> None:
        self.room = asyncio.Event()

    async def start(self) -> None:
        """Nothing."""

    async def write(self, chunk: bytes) -> None:
        await self.room.wait()

    async def finish(self) -> None:
        """Nothing."""

    async def gone(self) -> None:
        """At once."""

    def abort(self) -> None:
        """Nothing."""


class StartedEnough(Exception):
    """Ends a start."""


@contextmanager
def watched(settings: Section) -> Iterator[Set[FieldPath]]:
    """The paths within these settings that are read meanwhile."""
    paths = dict(_sections(settings, ()))
    seen: set[FieldPath] = set()

    def reading(section: Section, name: str) -> object:
        if id(section) in paths:
            seen.add((*paths[id(section)], name))
        return object.__getattribute__(section, name)

    Section.__getattribute__ = reading  # type: ignore[assignment, method-assign] # taken back below
    try:
        yield seen
    finally:
        del Section.__getattribute__


def _sections(section: Section, path: FieldPath) -> Iterator[tuple[int, FieldPath]]:
    yield id(section), path
    for name in section.__struct_fields__:
        if isinstance(value := getattr(section, name), Section):
            yield from _sections(value, (*path, name))


async def unread(settings: Settings) -> list[str]:
    """The keys of which nobody takes notice when everything is started and used once."""
    with watched(settings) as seen:
        await _use(settings)
    return [leaf.key.name for leaf in leaves(type(settings)) if leaf.path not in seen and leaf.key.name not in SHAPES]


async def _use(settings: Settings) -> None:
    configure_logging(settings.log, settings.app.env).stop()
    banner(settings, "http://127.0.0.1", everything=True)
    await asyncio.to_thread(_listen, settings)
    container = build_container(settings)
    for provider in container.providers.values():
        provider()
    async with serving(container) as client:
        headers = await as_subscriber(client, "ann")
        async with stream_of(client, headers) as events:
            await next_named(events, "unread_count_changed")
            await client.post("/api/v1/notifications", json={"to": ["ann"], "content": {"title": "Hi"}})
            await next_named(events, "notification_received")
        await _meet_a_slow_reader(settings, container)
        for sender in container.email_providers().providers:
            await sender.send(MESSAGE)
        await container.http_client().send(HttpRequest(method="GET", url=f"{client.base_url}/health"))


async def _meet_a_slow_reader(settings: Settings, container: Container) -> None:
    full = FullSocket()
    holder = StreamHolder(stream_id=UUID(int=3), principal=Principal.system("default"))
    connection = Connection(holder, full, settings.sse, container.supervisor())
    connection.write(b": a piece that has to wait")
    full.room.set()
    await connection.emptied()


def _listen(settings: Settings) -> None:
    container = build_container(settings)
    with operations_sockets(container):
        pass

    def end() -> Callable[..., Awaitable[None]]:
        raise StartedEnough

    for run in (partial(run_server, everything=True), partial(run_processes, part="serve")):
        with container.migrator.override(providers.Callable(end)), pytest.raises(StartedEnough):
            run(container)


async def test_every_setting_is_read_when_everything_is_started_and_used(tmp_path: Path) -> None:
    assert await unread(settings_of(tmp_path, **ENVIRONMENT)) == []


async def test_setting_is_found_out_when_nothing_reads_it(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, **ENVIRONMENT)
    plain = {name: getattr(settings, name) for name in settings.__struct_fields__}
    queue = PlantedQueue(**{name: getattr(settings.queue, name) for name in settings.queue.__struct_fields__})

    assert await unread(PlantedSettings(**{**plain, "queue": queue})) == ["QUEUE_PLANTED"]


@pytest.mark.parametrize("name", SHAPES)
def test_setting_shapes_another_when_only_that_one_is_read(name: str, tmp_path: Path) -> None:
    value, path = SHAPES[name]
    shaped = [settings_of(tmp_path, **environment) for environment in ({}, {name: value})]

    before, after = (reduce(getattr, path, settings) for settings in shaped)
    assert before != after, name
