"""A running Carillon with two tenants, for those who mean it ill.

    with serving(folder, {"MAX_BODY_SIZE": "65536"}) as served:
        backend = served.client(served.backend)
        ada = served.client(served.subscriber("ada"))

Nothing is faked: a process of its own, SQLite, real sockets. Limits on how often one may call are off.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from msgspec.json import decode

from app.bootstrap.container import build_container
from domain.identity.api_key import ApiKey, compose
from domain.identity.scopes import Scope
from domain.tenancy.tenant import Tenant
from infrastructure.config.loader import load_settings
from tests.e2e.processes import AppProcess, Installation

API = "/api/v1"
KEY = compose("Adversary" + "0" * 21)
FOREIGN_KEY = compose("Neighbour" + "0" * 21)
SECRET = "hardening-secret-that-no-answer-may-ever-contain"
ENVIRONMENT: Mapping[str, str] = {
    "BOOTSTRAP_API_KEY": KEY.text,
    "AUTH_SECRET": SECRET,
    "ENABLE_RATE_LIMITING": "false",
    "SSE_MAX_PER_SUBSCRIBER": "0",
    "CORS_ORIGINS": "https://app.example.com",
    "LOG_FORMAT": "json",
}
TIMEOUT_SECONDS = 30.0

Headers = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One process, and the credentials of its two tenants."""

    process: AppProcess
    data_dir: Path

    @property
    def backend(self) -> Headers:
        """A key of the first tenant that may do everything."""
        return {"Authorization": f"ApiKey {KEY.text}"}

    @property
    def neighbour(self) -> Headers:
        """The same of the second tenant."""
        return {"Authorization": f"ApiKey {FOREIGN_KEY.text}"}

    def client(self, headers: Headers | None = None) -> httpx.Client:
        return httpx.Client(
            base_url=self.process.base_url, headers=headers or {}, timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def subscriber(self, name: str, backend: Headers | None = None) -> Headers:
        """The token of a subscriber, who is made when unknown."""
        with self.client(backend or self.backend) as client:
            if client.get(f"{API}/subscribers/{name}").status_code == 404:
                assert client.put(f"{API}/subscribers/{name}", json={}).status_code == 201
            token = client.post(f"{API}/subscribers/{name}/tokens")
            assert token.status_code == 201, token.text
        return {"Authorization": f"Bearer {token.json()['data']['token']}"}

    def send(self, to: str, **fields: Any) -> str:
        """A notification to one subscriber; its id."""
        body = {"to": [to], "content": {"title": "Parcel"}, **fields}
        with self.client(self.backend) as client:
            answer = client.post(f"{API}/notifications", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["data"]["id"])

    def eventually(self, look: Callable[[], T], until: Callable[[T], object] = bool, seconds: float = 20.0) -> T:
        """Look again and again until what is seen is accepted."""
        deadline = time.monotonic() + seconds
        while not until(seen := look()):
            assert time.monotonic() < deadline, f"not within {seconds:g} s; seen last: {seen!r}"
            time.sleep(0.02)
        return seen

    def logged(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """The lines of its log, from a length of the output on."""
        for line in self.process.output[since:].splitlines():
            if line.startswith("{"):
                yield decode(line)


@contextmanager
def serving(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Start it, give it a second tenant, and end it in order."""
    installation = Installation(folder, {**ENVIRONMENT, **(environment or {})})
    try:
        process = asyncio.run(installation.start())
        asyncio.run(_add_neighbour(installation, folder))
        yield Served(process=process, data_dir=installation.data_dir)
    finally:
        asyncio.run(installation.stop())


async def _add_neighbour(installation: Installation, folder: Path) -> None:
    """There is no call to the API that makes a tenant, so the store is asked."""
    settings = load_settings({**installation.settings, "DATA_DIR": str(installation.data_dir)}, folder)
    container = build_container(settings)
    engines, now, ids = container.engines(), container.clock().now(), container.ids()
    await engines.start()
    try:
        async with container.unit_of_work() as uow:
            await uow.installation.add_tenant(Tenant(id="neighbour", name="Neighbour", created_at=now))
            await uow.installation.add_api_key(
                ApiKey(
                    id=ids.new(),
                    tenant_id="neighbour",
                    name="second",
                    digest=FOREIGN_KEY.digest,
                    scopes=frozenset({Scope.ALL}),
                    created_at=now,
                )
            )
            await uow.commit()
    finally:
        await engines.stop()
