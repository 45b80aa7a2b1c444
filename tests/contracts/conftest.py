"""What the suites of the database ports share."""

from collections.abc import AsyncIterator

import pytest

from tests.contracts.samples import Samples
from tests.contracts.stores import MARKS, Store, stores


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, ())) for name in sorted(stores())])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A fresh, empty store of each kind."""
    async with stores()[request.param].open() as opened:
        yield opened


@pytest.fixture
def make(store: Store) -> Samples:
    """Entities to store."""
    return Samples(store)
