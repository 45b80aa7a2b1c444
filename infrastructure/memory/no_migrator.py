"""The schema of a store that has none."""


class NoMigrator:
    """Stands where a database's migrator would: there is nothing to migrate."""

    async def upgrade(self) -> None:
        """Done."""

    async def at_head(self) -> bool:
        """Always."""
        return True
