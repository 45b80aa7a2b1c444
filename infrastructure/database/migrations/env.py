"""Alembic's entry: runs on the connection that `Migrator` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection

from infrastructure.database import (  # noqa: F401 - Alembic sees only tables that were declared
    event_tables,
    preference_tables,
    run_tables,
    step_window_tables,
    workflow_tables,
)
from infrastructure.database.tables import Row


def _rendered(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:  # Any: whatever Alembic renders
    """Our own column types by their bare names, as the script template imports them."""
    if kind == "type" and type(item).__name__ in ("Id", "Bytes", "Json", "Millis"):
        return f"{type(item).__name__}()"
    return False


def _run(connection: Connection) -> None:
    # SQLite cannot alter most of a table: batch mode copies it.
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_rendered,
        transactional_ddl=False,
    )
    context.run_migrations()


_run(context.config.attributes["connection"])
