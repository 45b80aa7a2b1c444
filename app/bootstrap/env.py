"""Settings of this process, or its end."""

import sys
from pathlib import Path

from msgspec.structs import replace

from app.bootstrap.entry_points import brought_drivers
from infrastructure.config.checks import refuse_shared_memory
from infrastructure.config.loader import load_settings
from infrastructure.config.problems import EXIT_CODE, ConfigurationError
from infrastructure.config.process import process_environment
from infrastructure.config.settings import Settings
from infrastructure.security.os_random import OsRandomSecretMint


def load(*, several_processes: bool = False, processes: int | None = None) -> Settings:
    """Settings from the environment and the `.env` files of the working directory; raises ConfigurationError.

    With `several_processes` (server and worker apart), and where there are several of one kind, drivers that live in
    one process's memory are refused. `processes` stands in for APP_PROCESSES.
    """
    settings = load_settings(
        process_environment(), Path.cwd(), make_secret=OsRandomSecretMint().ticket, brought=brought_drivers
    )
    if processes is not None:
        settings = replace(settings, app=replace(settings.app, processes=processes))
    if several_processes or settings.app.processes > 1:
        refuse_shared_memory(settings)
    return settings


def read_settings(*, several_processes: bool = False, processes: int | None = None) -> Settings:
    """The same for a process that starts: prints every problem to stderr and exits with 78 (EX_CONFIG)."""
    try:
        return load(several_processes=several_processes, processes=processes)
    except ConfigurationError as error:
        sys.stderr.writelines(f"configuration: {problem}\n" for problem in error.problems)
        raise SystemExit(EXIT_CODE) from None
