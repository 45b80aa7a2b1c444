"""Values of all keys: what was given, and defaults that may follow other keys."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from msgspec import NODEFAULT

from infrastructure.config.app import Environment, is_loopback
from infrastructure.config.catalogue import ENV_KEY
from infrastructure.config.database import EMBEDDED
from infrastructure.config.database_url import anchored, driver_of
from infrastructure.config.drivers import Brought, Drivers, nothing_brought
from infrastructure.config.environments import PROFILES, Profile
from infrastructure.config.mail import PORTS
from infrastructure.config.section import Leaf
from infrastructure.config.text import read, write
from infrastructure.config.worker import SEND_TIMEOUT

T = TypeVar("T")


class Draft:
    """Values by key, defaults being made when they are first asked for; `directory` is where relative paths start.

    `brought` gives the names of drivers that other packages bring.
    """

    def __init__(self, leaves: Mapping[str, Leaf], directory: Path, brought: Brought = nothing_brought) -> None:
        self.leaves = leaves
        self._directory = directory
        self._brought = brought
        self._values: dict[str, object] = {}

    def give(self, key: str, text: str) -> None:
        """Takes a written value; `Unacceptable` when it cannot be used."""
        self._values[key] = self._read(self.leaves[key], text)

    def value(self, key: str, kind: type[T]) -> T:
        """The value of a key, which must be of `kind`."""
        if key not in self._values:
            self._values[key] = self._default(self.leaves[key])
        value = self._values[key]
        if not isinstance(value, kind):
            raise TypeError(f"{key} is a {type(value).__name__}, not a {kind.__name__}")
        return value

    def text(self, key: str) -> str:
        """The value as text."""
        return write(self.leaves[key], self.value(key, object))

    def by_path(self, keys: Mapping[str, Leaf]) -> dict[tuple[str, ...], object]:
        """Values of several leaves, as `assemble` takes them."""
        return {leaf.path: self.value(key, object) for key, leaf in keys.items()}

    def _read(self, leaf: Leaf, text: str) -> object:
        if isinstance(leaf.key.parse, Drivers):
            leaf = replace(leaf, key=replace(leaf.key, parse=leaf.key.parse.joined_by(self._brought)))
        value = read(leaf, text)
        if isinstance(value, Path):
            return self._directory / value
        return anchored(str(value), self._directory) if leaf.key.name == "DATABASE_URL" else value

    def _default(self, leaf: Leaf) -> object:
        template = leaf.key.default
        if template is not None:
            named = [key for key in self.leaves if f"<{key}>" in template]
            for key in named:
                template = template.replace(f"<{key}>", self.text(key))
            return self._read(leaf, template)
        derive = DERIVED.get(leaf.path[-2:])
        value = derive(self, leaf) if derive else leaf.default
        return "" if value is NODEFAULT else value


def _profile(draft: Draft) -> Profile:
    return PROFILES[draft.value(ENV_KEY, Environment)]


def _beside(leaf: Leaf, name: str) -> str:
    """The key of a field of the same section: SMTP_TLS → SMTP_HOST."""
    return leaf.key.name.removesuffix(leaf.path[-1].upper()) + name


def _attempts(draft: Draft, leaf: Leaf) -> int:
    return len(draft.value(_beside(leaf, "BACKOFF"), tuple)) + 1


def _tls(draft: Draft, leaf: Leaf) -> str:
    # What stays on this machine needs no encryption, and relays beside us seldom offer it.
    return "none" if is_loopback(draft.text(_beside(leaf, "HOST"))) else "starttls"


def _send_timeout(draft: Draft, _: Leaf) -> float:
    return min(SEND_TIMEOUT, draft.value("WORKER_SEND_TIMEOUT", float))


# By the last two parts of a leaf's path.
DERIVED: Mapping[tuple[str, ...], Callable[[Draft, Leaf], object]] = {
    ("log", "format"): lambda draft, _: _profile(draft).log_format,
    ("log", "sinks"): lambda draft, _: _profile(draft).log_sinks,
    ("docs", "enabled"): lambda draft, _: _profile(draft).docs_enabled,
    ("database", "auto_migrate"): lambda draft, _: driver_of(draft.text("DATABASE_URL")) in EMBEDDED,
    ("worker", "heartbeat_seconds"): lambda draft, _: draft.value("WORKER_LEASE", float) / 3,
    ("worker", "send_timeout"): lambda draft, _: min(SEND_TIMEOUT, draft.value("WORKER_LEASE", float) * 2 / 3),
    ("egress", "timeout"): _send_timeout,
    ("smtp", "timeout"): _send_timeout,
    ("options", "timeout"): _send_timeout,
    ("smtp", "tls"): _tls,
    ("smtp", "port"): lambda draft, leaf: PORTS[draft.text(_beside(leaf, "TLS"))],
    **{(channel, "attempts"): _attempts for channel in ("email", "sms", "push", "chat", "webhook")},
}
