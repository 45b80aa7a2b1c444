"""Places at which a process ends as if the power went: adapters around the production ones, bound by overrides.

    lay(Trap(file), container)                      # in the process, when it starts
    Trap(file).set(Place.AFTER_ANSWERED)            # in the test, when it is time

Who passes the place kills itself with SIGKILL: nothing is flushed, closed or said.
"""

import os
import signal
from collections.abc import Collection, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from dependency_injector import providers

from application.ports.notification_channel import ChannelProvider, NotificationChannel, OutboundMessage, SendReport
from application.ports.unit_of_work import Savepoint, SystemUnitOfWork
from application.ports.wake_ups import WakeUps
from application.shared.idempotency import Idempotency
from container import Container
from domain.notifications.channel import Channel

View = TypeVar("View")

# What a poisoned message does to whoever sends it: the end of the process without a word.
POISON_EXIT = 66


class Place(StrEnum):
    """Where a process can be made to end; transactions are told apart by what they were asked for."""

    BEFORE_ACCEPTED = "before commit of notifications.add"
    BEFORE_WAKE_UP = "before wake-up"
    AFTER_WAKE_UP = "after wake-up"
    AFTER_ACCEPTED = "after commit of notifications.add"
    BEFORE_PAGE = "before commit of notifications.save_expansion"
    AFTER_PAGE = "after commit of notifications.save_expansion"
    BEFORE_JOB_DONE = "before commit of job_store.complete"
    AFTER_JOB_DONE = "after commit of job_store.complete"
    BEFORE_CLAIMED = "before commit of delivery_queue.claim"
    AFTER_CLAIMED = "after commit of delivery_queue.claim"
    BEFORE_ASKED = "before the provider is asked"
    AFTER_ANSWERED = "after the provider has answered"
    BEFORE_RECORDED = "before commit of delivery_queue.record"
    AFTER_RECORDED = "after commit of delivery_queue.record"


class Trap:
    """A file that names a place. The process that passes it takes the file away and ends.

    Without the file everything is as in production, so that one command serves before and after.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def set(self, place: Place) -> None:
        """From now on, whoever comes by there."""
        complete = self._file.with_suffix(".new")
        complete.write_text(place)
        complete.rename(self._file)

    @property
    def is_set(self) -> bool:
        """Whether nobody has come by yet."""
        return self._file.exists()

    def passing(self, place: str) -> None:
        """Somebody is there."""
        with suppress(FileNotFoundError):
            if self._file.read_text() == place:
                self._file.unlink()
                os.kill(os.getpid(), signal.SIGKILL)


class Noting:
    """A repository; notes which of its methods were asked for."""

    def __init__(self, repository: object, name: str, asked: set[str]) -> None:
        self._repository = repository
        self._name = name
        self._asked = asked

    def __getattr__(self, method: str) -> Any:  # Any: whatever the repository has
        self._asked.add(f"{self._name}.{method}")
        return getattr(self._repository, method)


class CrashingUnitOfWork(SystemUnitOfWork):
    """Passes a place before and one after each commit."""

    def __init__(self, inner: SystemUnitOfWork, trap: Trap) -> None:
        self._inner = inner
        self._trap = trap
        self._asked: set[str] = set()

    def __getattr__(self, name: str) -> Any:  # Any: the repository of that name
        return Noting(getattr(self._inner, name), name, self._asked)

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._inner.__aexit__(kind, error, trace)

    async def commit(self) -> None:
        self._pass("before")
        await self._inner.commit()
        self._pass("after")

    def savepoint(self) -> Savepoint:
        return self._inner.savepoint()

    async def once(self, idempotency: Idempotency, view_type: type[View]) -> View | None:
        return await self._inner.once(idempotency, view_type)

    async def remember(self, idempotency: Idempotency, view: object) -> None:
        await self._inner.remember(idempotency, view)

    def _pass(self, when: str) -> None:
        for asked in self._asked:
            self._trap.passing(f"{when} commit of {asked}")


class CrashingWakeUps(WakeUps):
    """Passes a place before it tells anybody, and one after."""

    def __init__(self, inner: WakeUps, trap: Trap) -> None:
        self._inner = inner
        self._trap = trap

    async def send(self, queues: Collection[str]) -> None:
        self._trap.passing(Place.BEFORE_WAKE_UP)
        await self._inner.send(queues)
        self._trap.passing(Place.AFTER_WAKE_UP)


class CrashingProvider(ChannelProvider):
    """Passes a place before each send and one after it; a message with the poisonous title ends the process."""

    def __init__(self, inner: ChannelProvider, trap: Trap | None, poison: str | None) -> None:
        self._inner = inner
        self._trap = trap
        self._poison = poison

    @property
    def name(self) -> str:
        return self._inner.name

    async def send(self, message: OutboundMessage) -> SendReport:
        if message.title == self._poison:
            os._exit(POISON_EXIT)
        self._pass(Place.BEFORE_ASKED)
        report = await self._inner.send(message)
        self._pass(Place.AFTER_ANSWERED)
        return report

    def _pass(self, place: Place) -> None:
        if self._trap is not None:
            self._trap.passing(place)


class CrashingChannel(NotificationChannel):
    """A channel all of whose providers crash."""

    def __init__(self, inner: NotificationChannel, trap: Trap | None = None, poison: str | None = None) -> None:
        self._inner = inner
        self._providers = tuple(CrashingProvider(each, trap, poison) for each in inner.providers)

    @property
    def kind(self) -> Channel:
        return self._inner.kind

    @property
    def providers(self) -> Sequence[ChannelProvider]:
        return self._providers


def lay(trap: Trap, container: Container) -> None:
    """Make the container's process pass all the places."""
    store = container.unit_of_work.providers[container.settings().database.kind]
    container.unit_of_work.override(providers.Factory(CrashingUnitOfWork, store, trap))
    container.wake_ups.override(providers.Factory(CrashingWakeUps, _as_it_is(container.wake_ups), trap))
    _override_channels(container, trap=trap)


def poison_by(container: Container, title: str) -> None:
    """Make every message with this title end the process that sends it."""
    _override_channels(container, poison=title)


def _override_channels(container: Container, **crashing: Any) -> None:  # Any: what a CrashingChannel takes
    for channel in (container.email_channel, container.webhook_channel):
        channel.override(providers.Factory(CrashingChannel, _as_it_is(channel), **crashing))


def _as_it_is(provider: providers.Factory[Any]) -> providers.Factory[Any]:
    """The same again, which no override of the first one reaches."""
    return providers.Factory(provider.provides, *provider.args, **provider.kwargs)
