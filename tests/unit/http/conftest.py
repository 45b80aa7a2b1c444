"""An application over fakes, and a client of it."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from tests.unit.http.stand_in import Api


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
async def client(api: Api) -> AsyncIterator[AsyncClient]:
    async with api.client() as client:
        yield client
