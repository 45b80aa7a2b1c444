"""What many would write: FastAPI with a session of SQLAlchemy's ORM that inserts one row."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import uuid_utils.compat as uuid
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

POOL_SIZE = 10

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"), pool_size=POOL_SIZE, max_overflow=0
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """All tables."""


class Notification(Base):
    """A row."""

    __tablename__ = "notifications"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recipients: Mapped[Any] = mapped_column(JSONB)
    channels: Mapped[Any] = mapped_column(JSONB)
    content: Mapped[Any] = mapped_column(JSONB)
    payload: Mapped[Any] = mapped_column(JSONB)
    status: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ContentBody(BaseModel):
    """What a notification says."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=1_000)
    body: str = Field(default="", max_length=32_768)


class NotificationBody(BaseModel):
    """A request to notify."""

    model_config = ConfigDict(extra="forbid")

    to: list[str] = Field(min_length=1, max_length=1_000)
    channels: list[str]
    content: ContentBody
    payload: dict[str, Any] = {}  # Any: free JSON


class AcceptedBody(BaseModel):
    """The answer."""

    id: UUID
    status: str
    recipients: int


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Make the table."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


async def session() -> AsyncIterator[AsyncSession]:
    """One for each request."""
    async with new_session() as opened:
        yield opened


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.post("/notifications", status_code=202)
async def send_notification(data: NotificationBody, session: Annotated[AsyncSession, Depends(session)]) -> AcceptedBody:
    """Durable when answered."""
    notification = Notification(
        id=uuid.uuid7(),
        recipients=data.to,
        channels=data.channels,
        content=data.content.model_dump(),
        payload=data.payload,
        status="accepted",
    )
    session.add(notification)
    await session.commit()
    return AcceptedBody(id=notification.id, status=notification.status, recipients=len(data.to))
