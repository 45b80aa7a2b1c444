"""The drivers behind each port: those that this version serves, and those it knows by name and cannot serve yet.

Switching a driver on is moving its name from `later` to `served`. Where `open` says so, other packages may bring more:
who reads the configuration hands in what is installed, for nothing here looks for it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from infrastructure.config.problems import Unacceptable
from infrastructure.config.provider_drivers import DRIVERS_OF

Brought = Callable[[], Collection[str]]


def nothing_brought() -> Collection[str]:
    """No package brings a driver."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """Reads the name of a driver; `aliases` are other names that people know a driver by.

    `brought` gives the names that other packages bring, and is asked only for a name that is not served here.
    """

    served: tuple[str, ...]
    later: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    open: bool = False
    brought: Brought = nothing_brought

    def __call__(self, text: str) -> str:
        """The driver's own name; `Unacceptable` when it is unknown or not served yet."""
        name = self.aliases.get(text.lower(), text.lower())
        if name in self.served:
            return name
        brought = sorted(set(self.brought()) - set(self.served)) if self.open else []
        if name in brought:
            return name
        there = (*self.served, *brought)
        if name in self.later:
            raise Unacceptable(f"names {name}, which this version cannot serve yet; use {' or '.join(there)}")
        raise Unacceptable(f"must be one of {', '.join(there)}")

    def joined_by(self, brought: Brought) -> "Drivers":
        """The same with the drivers of other packages."""
        return replace(self, brought=brought)

    @property
    def names(self) -> str:
        """The served drivers, as readers see them."""
        return ", ".join(self.served)


QUEUE = Drivers(served=("file", "memory", "redis"), later=("rabbitmq", "nats"), aliases={"bullmq": "redis"}, open=True)
REALTIME = Drivers(served=("file", "memory", "redis"), later=("nats",), open=True)
MAIL = Drivers(served=DRIVERS_OF["email"])
SMS = Drivers(served=DRIVERS_OF["sms"])
PUSH = Drivers(served=DRIVERS_OF["push"])
CHAT = Drivers(served=DRIVERS_OF["chat"])
RATE_LIMIT = Drivers(served=("memory",), later=("redis",), open=True)
BROKER = Drivers(served=("memory",), later=("kafka", "nats", "rabbitmq", "redis"), open=True)
DATABASE = Drivers(
    served=("sqlite", "postgres", "memory"), later=("mysql",), aliases={"postgresql": "postgres", "mariadb": "mysql"}
)
LOG_SINKS = Drivers(served=("console", "file"), later=("loki",))
