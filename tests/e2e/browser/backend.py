"""The other side of the inbox: a product's backend, which sends and asks over the API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

API = "/api/v1"


class Backend:
    """Calls one process."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._tokens: dict[str, str] = {}

    async def send(self, subscriber_id: str, title: str, *, severity: str = "none", **content: Any) -> str:
        """A notification for the inbox; its id. More fields of the content may be given."""
        body = {"to": [subscriber_id], "severity": severity, "content": {"title": title, **content}}
        answer = await self._client.post(f"{API}/notifications", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["data"]["id"])

    async def send_many(self, subscriber_id: str, count: int) -> list[str]:
        """So many, one after the other; their ids in this order."""
        return [await self.send(subscriber_id, f"Message {number}") for number in range(1, count + 1)]

    async def inbox(self, subscriber_id: str) -> list[dict[str, Any]]:
        """Every item, newest first."""
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self._ask(subscriber_id, "/inbox", {"limit": "100", **cursor})
            items += page["data"]
            if page["meta"]["nextCursor"] is None:
                return items
            cursor = {"cursor": page["meta"]["nextCursor"]}

    async def stream_head(self, subscriber_id: str) -> str:
        """The id of the last event in the subscriber's stream."""
        return str((await self._ask(subscriber_id, "/inbox", {"limit": "1"}))["meta"]["streamCursor"])

    async def unread(self, subscriber_id: str) -> int:
        return int((await self._ask(subscriber_id, "/inbox/count", {}))["data"]["unread"])

    async def open_stream(self, ticket: str) -> tuple[int, str]:
        """What somebody gets who has nothing but a ticket: the status, and the error code of a refusal."""
        address = self._client.base_url.join("/sse/notifications")
        async with (
            httpx.AsyncClient(trust_env=False) as stranger,
            stranger.stream("GET", address, params={"ticket": ticket}) as answer,
        ):
            if answer.status_code == 200:
                return 200, ""
            await answer.aread()
            return answer.status_code, str(answer.json()["code"])

    async def _ask(self, subscriber_id: str, path: str, query: dict[str, str]) -> dict[str, Any]:
        """Slows down when it is told to: the limit of a person counts for her page too."""
        headers = {"Authorization": f"Bearer {await self._token(subscriber_id)}"}
        while True:
            answer = await self._client.get(API + path, params=query, headers=headers)
            if answer.status_code != 429:
                assert answer.status_code == 200, answer.text
                return dict(answer.json())
            await asyncio.sleep(float(answer.headers["Retry-After"]))

    async def _token(self, subscriber_id: str) -> str:
        if subscriber_id not in self._tokens:
            answer = await self._client.post(f"{API}/subscribers/{subscriber_id}/tokens")
            assert answer.status_code == 201, answer.text
            self._tokens[subscriber_id] = answer.json()["data"]["token"]
        return self._tokens[subscriber_id]


@asynccontextmanager
async def calling(base_url: str, api_key: str) -> AsyncIterator[Backend]:
    """A backend with a key. A call that meets a closed connection is not repeated: use it while the process runs."""
    headers = {"Authorization": f"ApiKey {api_key}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers, trust_env=False, timeout=30) as client:
        yield Backend(client)
