"""`python -m app config check` and `python -m app config show`."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from app.bootstrap.entry_points import brought_drivers
from infrastructure.config.catalogue import foreign_drivers, section_of
from infrastructure.config.problems import EXIT_CODE, ConfigurationError, Problem
from infrastructure.config.process import process_environment
from infrastructure.config.resolution import Resolution, Row, resolve

USAGE_EXIT_CODE = 64  # EX_USAGE of sysexits.h

VALUE_WIDTH = 44  # most values fit, and the line fits a terminal


def config(action: str) -> int:
    """`run_config` on this process: its environment, its working directory, its output."""
    return run_config(action, process_environment(), Path.cwd(), sys.stdout, sys.stderr)


def run_config(action: str, environ: Mapping[str, str], directory: Path, out: TextIO, err: TextIO) -> int:
    """Runs `check` or `show`; 0, 78 when the configuration is wrong, 64 for another action. Creates nothing."""
    actions: Mapping[str, Callable[[Resolution, TextIO], None]] = {"check": _check, "show": _show}
    if action not in actions:
        err.write(f"config: use one of {', '.join(actions)}\n")
        return USAGE_EXIT_CODE
    resolution = resolve(environ, directory, brought=brought_drivers)
    problems = [*resolution.problems, *_module_problems(resolution)]
    problems += [] if problems else _driver_problems(resolution)
    err.writelines(f"configuration: {problem}\n" for problem in problems)
    warnings = [*resolution.settings.warnings, *([] if problems else _idle_settings(resolution))]
    err.writelines(f"warning: {warning}\n" for warning in warnings)
    if problems:
        err.write(f"configuration: {len(problems)} to mend\n")
        return EXIT_CODE
    actions[action](resolution, out)
    return 0


def _module_problems(resolution: Resolution) -> Sequence[Problem]:
    """What is wrong with the names of modules. Only now imported: their table brings the whole server along."""
    names = resolution.settings.app.modules_enabled
    if names is None:
        return ()
    from app.bootstrap.modules import enabled_modules

    try:
        enabled_modules(names)
    except ConfigurationError as error:
        return error.problems
    return ()


def _idle_settings(resolution: Resolution) -> Sequence[str]:
    """What has no effect because its module is off."""
    if resolution.settings.app.modules_enabled is None:
        return ()
    from app.bootstrap.modules import idle_settings

    return idle_settings(resolution.settings)


def _rows_in_use(resolution: Resolution) -> Sequence[Row]:
    """All but those of modules that are off."""
    if resolution.settings.app.modules_enabled is None:
        return resolution.rows
    from app.bootstrap.modules import idle_sections

    idle = idle_sections(resolution.settings.app.modules_enabled)
    return [row for row in resolution.rows if section_of(row.key) not in idle]


def _driver_problems(resolution: Resolution) -> Sequence[Problem]:
    """What is wrong with drivers that other packages bring, which are asked for what they have."""
    if not foreign_drivers(resolution.settings):
        return ()
    from app.bootstrap.container import build_container

    try:
        build_container(resolution.settings)
    except ConfigurationError as error:
        return error.problems
    return ()


def _check(resolution: Resolution, out: TextIO) -> None:
    out.write(f"The configuration is fine: APP_ENV={resolution.settings.app.env}.\n")


def _show(resolution: Resolution, out: TextIO) -> None:
    """One line per key: `KEY  value  source`, in columns."""
    rows = _rows_in_use(resolution)
    key_width = max(len(row.key) for row in rows)
    for row in rows:
        out.write(f"{row.key:<{key_width}}  {row.text or '-':<{VALUE_WIDTH}}  {row.source}\n")
