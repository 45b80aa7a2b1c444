"""A backend that wants its notifications sent, and asks again under the same key until it is told that they will be."""

import asyncio
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from tests.faults.chaos import API_KEY
from tests.faults.facts import Post
from tests.faults.store import KEY

AGAIN_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
ACCEPTED = 202
# "Not now" in the words of the contract. Anything else is the end: asking again helps nobody.
NOT_NOW = {409, 429, 503, 504}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer as a client sees it. `at` is when it came, by the monotonic clock; `replayed` tells of a repeat that
    was answered as the first one was.
    """

    at: float
    seconds: float
    status: int
    retry_after: str | None = None
    replayed: bool = False


@dataclass(slots=True)
class _Story:
    """One key, as it is being asked for."""

    answers: list[UUID] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    tries: int = 0


class Producer:
    """Posts to one address; about half of the keys are an `Idempotency-Key`, the others transaction ids.

    `posts` is what it asked for so far, with all that it was answered; `waits` is for how long, in seconds, each answer
    was waited for, `replies` the same with what it said, and `longest` how long a whole request took with all its
    tries. `cut` holds the keys of those requests that went out and whose connection broke then.
    """

    def __init__(self, base_url: str) -> None:
        self.posts: list[Post] = []
        self.replies: list[Reply] = []
        self.cut: set[str] = set()
        self.longest = 0.0
        self._client = httpx.AsyncClient(
            base_url=f"{base_url}/api/v1",
            headers={"Authorization": f"ApiKey {API_KEY}"},
            timeout=20,
            trust_env=False,
        )

    @property
    def waits(self) -> list[float]:
        """In seconds, the earliest first."""
        return [reply.seconds for reply in self.replies]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def subscribers(self, ids: Sequence[str], webhook_url: str) -> None:
        """Make subscribers that can be reached over e-mail and webhook."""
        subscribers = [
            {"subscriberId": each, "email": f"{each}@example.com", "channels": {"webhook": {"url": webhook_url}}}
            for each in ids
        ]
        (await self._client.post("/subscribers/bulk", json={"subscribers": subscribers})).raise_for_status()

    async def topic(self, key: str, members: Sequence[str]) -> None:
        """Make a topic of subscribers."""
        (await self._client.put(f"/topics/{key}", json={})).raise_for_status()
        answer = await self._client.post(f"/topics/{key}/subscribers", json={"subscriberIds": list(members)})
        answer.raise_for_status()

    async def workflow(self, key: str, definition: Mapping[str, Any]) -> None:
        """Make a workflow that can be sent with."""
        (await self._client.put(f"/workflows/{key}", json=definition)).raise_for_status()
        (await self._client.post(f"/workflows/{key}/publish")).raise_for_status()

    async def token(self, subscriber_id: str) -> str:
        """A bearer token for the subscriber's stream."""
        answer = (await self._client.post(f"/subscribers/{subscriber_id}/tokens")).raise_for_status()
        return str(answer.json()["data"]["token"])

    async def notify(
        self,
        key: str,
        readers: Sequence[str],
        channels: Sequence[str],
        *,
        topic: str | None = None,
        title: str = "Fault",
        repeats: int = 0,
        fields: Mapping[str, str] | None = None,
    ) -> Post:
        """Ask until it is accepted, and then `repeats` times more, as who lost the answer does.

        `readers` are addressed by name, or by the topic that they are in; `fields` are more of the body's. With a
        `workflow` among them, `channels` are those that its steps go over.
        """
        headers, body = _request(key, [{"topic": topic}] if topic else list(readers), channels, title)
        body |= fields or {}
        if "workflow" in body:
            del body["channels"], body["content"]
        story, began = _Story(), time.monotonic()
        while len(story.answers) <= repeats and time.monotonic() < began + PATIENCE_SECONDS:
            await self._try(key, story, headers, body)
        self.longest = max(self.longest, time.monotonic() - began)
        post = Post(
            key=key,
            expected=frozenset((reader, channel) for reader in readers for channel in channels),
            answers=tuple(story.answers),
            refusals=tuple(story.refusals),
            tries=story.tries,
        )
        self.posts.append(post)
        return post

    async def _try(self, key: str, story: _Story, headers: Mapping[str, str], body: Mapping[str, Any]) -> None:
        story.tries += 1
        began = time.monotonic()
        try:
            answer = await self._client.post("/notifications", json=body, headers=headers)
        except httpx.TransportError as error:
            if not isinstance(error, httpx.ConnectError):
                self.cut.add(key)
            await asyncio.sleep(AGAIN_SECONDS)
            return
        self.replies.append(_reply(answer, began))
        if answer.status_code == ACCEPTED:
            story.answers.append(UUID(answer.json()["data"]["id"]))
            return
        story.refusals.append(f"{answer.status_code} {answer.text}")
        assert answer.status_code in NOT_NOW, story.refusals[-1]
        await asyncio.sleep(AGAIN_SECONDS)


def _reply(answer: httpx.Response, began: float) -> Reply:
    now = time.monotonic()
    return Reply(
        at=now,
        seconds=now - began,
        status=answer.status_code,
        retry_after=answer.headers.get("retry-after"),
        replayed=answer.headers.get("idempotency-replayed") == "true",
    )


def by_header(key: str) -> bool:
    """Whether the key is an `Idempotency-Key`; else it is a transaction's id."""
    return bool(zlib.crc32(key.encode()) % 2)


def _request(key: str, to: Sequence[Any], channels: Sequence[str], title: str) -> tuple[dict[str, str], dict[str, Any]]:
    body = {"to": to, "channels": list(channels), "content": {"title": title}, "payload": {KEY: key}}
    if by_header(key):
        return {"Idempotency-Key": key}, body
    return {}, {**body, "transactionId": key}
