"""What PostgreSQL is told about the busy tables."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from infrastructure.database.postgres_migrator import PostgresMigrator
from infrastructure.database.sqlite_migrator import SCRIPTS
from tests.servers.postgres import NoPostgres, database, running

pytestmark = pytest.mark.service

BEFORE = "0004"
ROWS = 5_000
OPTIONS = text("SELECT relname, unnest(reloptions) FROM pg_class WHERE reloptions IS NOT NULL AND relkind = 'r'")
FILL = text(
    "INSERT INTO streams (stream_id, tenant_id, epoch, seq, oldest_seq, unread, unseen)"
    " SELECT gen_random_uuid(), 'default', 1, number, 1, 0, 0 FROM generate_series(1, :rows) AS number"
)
# One in five, on every page: what the room there is for.
TOUCH = text("UPDATE streams SET unread = unread + 1 WHERE seq % 5 = 0")
UPDATES = text("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'streams'")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    try:
        server = await asyncio.to_thread(running)
    except NoPostgres as error:
        pytest.skip(str(error))
    async with database(server) as made:
        yield made.replace("://", "+asyncpg://")


@pytest.fixture
async def connection(url: str) -> AsyncIterator[AsyncConnection]:
    await PostgresMigrator(url).upgrade()
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as made:
        yield made


async def stored(connection: AsyncConnection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, option in await connection.execute(OPTIONS):
        name, _, value = option.partition("=")
        found.setdefault(table, {})[name] = value
    await connection.rollback()
    return found


def written() -> Mapping[str, Mapping[str, str]]:
    """What all revisions set."""
    parameters: dict[str, Mapping[str, str]] = {}
    for revision in ScriptDirectory(str(SCRIPTS)).walk_revisions():
        parameters |= getattr(revision.module, "PARAMETERS", {})
    return parameters


async def test_tables_have_what_is_written_and_lose_it_when_it_is_taken_back(
    url: str, connection: AsyncConnection
) -> None:
    with_it = await stored(connection)
    migrator = PostgresMigrator(url)
    await asyncio.to_thread(migrator.downgrade_now, BEFORE)
    without = await stored(connection)
    await migrator.upgrade()

    assert with_it == written()
    assert without == {}
    assert await stored(connection) == written()
    await asyncio.to_thread(migrator.check_now)


@pytest.mark.parametrize(("room", "in_place"), [(True, 1.0), (False, 0.5)])
async def test_counters_of_streams_are_updated_without_their_index_when_there_is_room(
    connection: AsyncConnection, room: bool, in_place: float
) -> None:
    if not room:
        await connection.execute(text("ALTER TABLE streams RESET (fillfactor)"))
        await connection.commit()
    await connection.execute(FILL, {"rows": ROWS})
    await connection.execute(TOUCH)
    updates, without_index = (await connection.execute(UPDATES)).one()
    await connection.rollback()

    assert updates == ROWS // 5
    assert (without_index / updates >= in_place) is room
