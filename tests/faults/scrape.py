"""What a process tells of itself at `/metrics`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """Asks one process again and again over one connection, which counts as one of its open files."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def value(self, name: str, **labels: str) -> float:
        """The sum of what has the name and these labels; 0 while nothing has."""
        answer = (await self._client.get("/metrics")).raise_for_status()
        return sum(
            sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


@asynccontextmanager
async def scraping(port: int) -> AsyncIterator[Scrape]:
    """For as long as the block lasts."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
        yield Scrape(client)
