"""A part of a process that needs no care."""


class NothingToRun:
    """Stands in a lifecycle where the selected driver has nothing to start or stop."""

    async def start(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """Nothing."""
