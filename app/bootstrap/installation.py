"""The schema and the first credentials, before anything is served."""

import asyncio
from time import monotonic

from application.tenancy.install_default_tenant import FirstCredentials, InstalledView
from container import Container
from domain.shared.errors import Unavailable
from infrastructure.config.problems import ConfigurationError, Problem

# A database that crashed reads its log before it lets anybody in. Whoever waits longer has the wrong address, and
# should be told: what keeps the process running starts it again.
PATIENCE = 5.0
PAUSE = 0.2


async def install(container: Container) -> InstalledView | None:
    """Migrate where the settings say so, and fill an empty database; what was generated, to be shown once.

    Of several processes that start at once on an empty database, one does each. A database that is not there yet is
    waited for, `PATIENCE` seconds at most. Raises ConfigurationError when it stays away, or has not this version's
    schema and is not migrated here.
    """
    deadline = monotonic() + PATIENCE
    for warning in container.settings().warnings:
        container.log().warning("configuration.warning", warning=warning)
    while True:
        try:
            return await _install(container)
        except Unavailable as error:
            if monotonic() > deadline:
                raise ConfigurationError([Problem(keys=("DATABASE_URL",), message=_away(error))]) from error
            await asyncio.sleep(PAUSE)


def _away(error: Unavailable) -> str:
    """Why, in the first line of the driver's words: the others are SQL."""
    why = getattr(error.__cause__, "orig", error.__cause__)
    return f"names a database that does not answer: {str(why or error).splitlines()[0]}"


async def _install(container: Container) -> InstalledView | None:
    settings = container.settings()
    if settings.database.auto_migrate:
        await container.migrator().upgrade()
    elif not await container.migrator().at_head():
        message = "names a database without this version's schema: run `python -m app db upgrade`"
        raise ConfigurationError([Problem(keys=("DATABASE_URL",), message=message)])
    return await container.install_default_tenant()(
        FirstCredentials(
            admin_email=settings.auth.admin_email,
            admin_password=settings.auth.admin_password,
            api_key=settings.auth.bootstrap_api_key,
        )
    )
