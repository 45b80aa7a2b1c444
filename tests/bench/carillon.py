"""Carillon on a stage, and the backend that prepares it."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from domain.identity.api_key import compose
from tests.bench.stage import SERVER_CORE, Program, Stage
from tests.e2e.processes import free_port

API_KEY = compose("bench".ljust(30, "0")).text
AUTHORIZATION = {"Authorization": f"ApiKey {API_KEY}"}
# A worker whose e-mail is accepted at once, and what an operator would set for such a provider.
INSTANT = "tests.bench.instant_app"
MORE_SLOTS = {"WORKER_SLOTS_EMAIL": "200", "WORKER_FLUSH_ROWS": "200"}
AT_ONCE = 1_000
CALLS_AT_ONCE = 8


class Carillon:
    """One installation as in production, with nothing that holds a benchmark back; its parts share the settings."""

    def __init__(self, stage: Stage, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self._stage = stage
        self._folder = stage.folder / f"carillon-{self.port}"
        self._environment = {
            "APP_ENV": "production",
            "APP_PORT": str(self.port),
            "DATA_DIR": str(self._folder),
            "DB_AUTO_MIGRATE": "true",
            "AUTH_SECRET": secrets.token_urlsafe(48),
            "BOOTSTRAP_API_KEY": API_KEY,
            "ENABLE_RATE_LIMITING": "false",
            "INTAKE_MAX_LAG": "1d",
            # A neighbour on a small machine makes requests wait, not fail.
            "DB_POOL_TIMEOUT": "10s",
            "SSE_MAX_CONNECTIONS": "0",
            "SSE_MAX_PER_SUBSCRIBER": "0",
            **environment,
        }

    async def start(
        self,
        part: str,
        environment: Mapping[str, str] | None = None,
        *,
        module: str = "app",
        core: int = SERVER_CORE,
    ) -> Program:
        """`serve`, `worker`, `scheduler` or `all`, once it is ready; what it logs goes to a file."""
        ready = "Carillon is ready" if part in {"serve", "all"} else f"Carillon {part} is ready"
        variables = {**self._environment, **(environment or {})}
        return await self._stage.start(part, "-m", module, part, environment=variables, ready=ready, core=core)


class Backend:
    """Makes subscribers and topics of one installation."""

    def __init__(self, port: int) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/api/v1", headers=AUTHORIZATION, timeout=60, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def subscribers(self, ids: Sequence[str]) -> None:
        """Make subscribers that e-mail reaches."""
        for first in range(0, len(ids), AT_ONCE):
            bodies = [{"subscriberId": each, "email": f"{each}@example.com"} for each in ids[first : first + AT_ONCE]]
            await self.post("/subscribers/bulk", {"subscribers": bodies})

    async def topic(self, key: str, ids: Sequence[str]) -> None:
        """Make a topic of subscribers."""
        (await self._client.put(f"/topics/{key}", json={})).raise_for_status()
        for first in range(0, len(ids), AT_ONCE):
            await self.post(f"/topics/{key}/subscribers", {"subscriberIds": list(ids[first : first + AT_ONCE])})

    async def tokens(self, ids: Sequence[str]) -> list[str]:
        """A bearer token for the stream of each."""
        gate = asyncio.Semaphore(CALLS_AT_ONCE)

        async def token(subscriber_id: str) -> str:
            async with gate:
                return str((await self.post(f"/subscribers/{subscriber_id}/tokens"))["token"])

        return await asyncio.gather(*map(token, ids))

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:  # Any: JSON
        """The `data` of the answer."""
        return (await self._client.post(path, json=body)).raise_for_status().json()["data"]

    async def get(self, path: str) -> Any:  # Any: JSON
        """The `data` of the answer."""
        return (await self._client.get(path)).raise_for_status().json()["data"]
