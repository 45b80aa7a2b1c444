"""Waiting for what happens in the background."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from httpx import Response


async def eventually(
    look: Callable[[], Awaitable[Response]], until: Callable[[Any], object], seconds: float = 5
) -> Any:  # Any: the data of an answer, of whatever shape
    """The data of an answer that is asked for again and again, once it is as wanted."""
    async with asyncio.timeout(seconds):
        while True:
            data = (await look()).json()["data"]
            if data and until(data):
                return data
            await asyncio.sleep(0.01)
