"""How PostgreSQL keeps the busy tables small; other databases have nothing to set.

Left alone, it cleans a table when a fifth of it is dead: of ten million deliveries two million, which every claim finds
on its way through the index. Nothing is rewritten, and nobody waits: ALTER TABLE … SET locks out other vacuums alone,
and `fillfactor` is for pages to come.
"""

from collections.abc import Mapping

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Parameters = Mapping[str, str]

# A claim walks over dead entries of its index, and each row leaves two of them, by its claim and by its result: cleaned
# from a hundredth on, a run per minute at a thousand deliveries a second. The threshold is for a table that is small.
QUEUE: Parameters = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "1000",
    # What is pending changes from nothing to everything within minutes, and a plan for the one is slow for the other.
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_analyze_threshold": "1000",
}
# Ten times the default: a big table and its indexes are read in minutes. Not unlimited, since senders read the disk,
# too. A limit of its own is not shared with the other vacuums that run.
QUICK: Parameters = {"autovacuum_vacuum_cost_limit": "2000"}
# Small enough to be cleaned in one breath, before it grows.
AT_ONCE: Parameters = {"autovacuum_vacuum_cost_delay": "0"}
# Appended, and deleted from the old end on: without a hurry, but before a fifth of a week's events is dead.
LOG: Parameters = {"autovacuum_vacuum_scale_factor": "0.05", "autovacuum_vacuum_threshold": "5000", **QUICK}

# `fillfactor` leaves room for the next version of a row on its own page: an update that touches no index then writes
# none. Nothing for deliveries, jobs and events: each of their updates moves a column that an index holds.
PARAMETERS: Mapping[str, Parameters] = {
    "deliveries": {**QUEUE, **QUICK},
    "jobs": {**QUEUE, **AT_ONCE},
    # Written and deleted within seconds, so that it is nearly empty and all dead. It is not cut off at its end, for
    # which writers would have to wait: it grows again at once.
    "notification_tallies": {
        "autovacuum_vacuum_scale_factor": "0",
        "autovacuum_vacuum_threshold": "1000",
        **AT_ONCE,
        "vacuum_truncate": "false",
    },
    # Every update of an inbox moves its stream's counters: short rows, of which three in ten may have a second version.
    "streams": {
        "autovacuum_vacuum_scale_factor": "0.02",
        "autovacuum_vacuum_threshold": "1000",
        **AT_ONCE,
        "fillfactor": "70",
    },
    # Seen, read, archived: two or three updates in the life of an item, all within the days when it is new.
    "inbox_items": {"autovacuum_vacuum_scale_factor": "0.05", "fillfactor": "85"},
    # Places of an expansion and counts, one update a second at most; the row is long, and one more of it has to fit.
    "notifications": {"autovacuum_vacuum_scale_factor": "0.05", "fillfactor": "80"},
    "stream_events": LOG,
    # Each is updated once, when it gets its position.
    "events": LOG,
}


def upgrade() -> None:
    if _on_postgres():
        for table, parameters in PARAMETERS.items():
            op.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = {to}' for name, to in parameters.items())})")


def downgrade() -> None:
    if _on_postgres():
        for table, parameters in PARAMETERS.items():
            op.execute(f"ALTER TABLE {table} RESET ({', '.join(parameters)})")


def _on_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"
