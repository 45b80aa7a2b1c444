"""Settings from the places where they are written, or everything that is wrong with them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from infrastructure.config.drivers import Brought, nothing_brought
from infrastructure.config.problems import ConfigurationError, Problem, Unacceptable
from infrastructure.config.resolution import resolve
from infrastructure.config.secrets import make_or_read_secret
from infrastructure.config.settings import Settings


def load_settings(
    environ: Mapping[str, str],
    directory: Path,
    *,
    make_secret: Callable[[], str] | None = None,
    brought: Brought = nothing_brought,
) -> Settings:
    """Settings from `.env`, `.env.<APP_ENV>` (both in `directory`, where relative paths start) and `environ`.

    `make_secret` returns 32 or more unguessable characters: with it an embedded installation without AUTH_SECRET gets
    one under its data folder, without it AUTH_SECRET is required. `brought` gives the names of drivers that other
    packages bring. Raises ConfigurationError with all problems.
    """
    resolution = resolve(environ, directory, brought=brought)
    if resolution.problems:
        raise ConfigurationError(resolution.problems)
    settings = resolution.settings
    if settings.auth.secret:
        return settings
    try:
        secret = _new_secret(settings.app.data_dir, make_secret)
    except Unacceptable as error:
        raise ConfigurationError([Problem(keys=("AUTH_SECRET",), message=str(error))]) from None
    return replace(settings, auth=replace(settings.auth, secret=secret))


def _new_secret(data_dir: Path, make_secret: Callable[[], str] | None) -> str:
    if make_secret is None:
        raise Unacceptable("is required")
    return make_or_read_secret(data_dir, make_secret)
