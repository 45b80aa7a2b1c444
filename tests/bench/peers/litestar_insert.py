"""A bare Litestar handler: a validated body, one row through asyncpg, an answer."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
import msgspec
import uuid_utils.compat as uuid
from litestar import Litestar, Request, post

POOL_SIZE = 10
TABLE = """
CREATE TABLE IF NOT EXISTS notifications (
    id uuid PRIMARY KEY,
    recipients jsonb NOT NULL,
    channels jsonb NOT NULL,
    content jsonb NOT NULL,
    payload jsonb NOT NULL,
    status text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
)
"""
INSERT = """
INSERT INTO notifications (id, recipients, channels, content, payload, status) VALUES ($1, $2, $3, $4, $5, 'accepted')
"""

encode = msgspec.json.Encoder().encode


class ContentBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a notification says."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
    body: Annotated[str, msgspec.Meta(max_length=32_768)] = ""


class NotificationBody(msgspec.Struct, forbid_unknown_fields=True):
    """A request to notify."""

    to: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1_000)]
    channels: list[str]
    content: ContentBody
    payload: dict[str, Any] = {}  # Any: free JSON


class AcceptedBody(msgspec.Struct):
    """The answer."""

    id: uuid.UUID
    status: str
    recipients: int


@asynccontextmanager
async def database(app: Litestar) -> AsyncIterator[None]:
    """A pool as large as ours."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=POOL_SIZE, max_size=POOL_SIZE) as pool:
        await pool.execute(TABLE)
        app.state.pool = pool
        yield


@post("/notifications", status_code=202)
async def send_notification(request: Request[Any, Any, Any], data: NotificationBody) -> AcceptedBody:
    """Durable when answered."""
    notification_id = uuid.uuid7()
    rows = (encode(each).decode() for each in (data.to, data.channels, data.content, data.payload))
    await request.app.state.pool.execute(INSERT, notification_id, *rows)
    return AcceptedBody(id=notification_id, status="accepted", recipients=len(data.to))


app = Litestar([send_notification], lifespan=[database], openapi_config=None, logging_config=None)
