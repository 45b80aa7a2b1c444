"""The secret of an installation that was not given one: made once, then read by every process that starts."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from infrastructure.config.credentials import long_secret
from infrastructure.config.layers import read_small_file
from infrastructure.config.problems import Unacceptable

PRIVATE_FOLDER = 0o700


def secret_file(data_dir: Path) -> Path:
    """Where the secret is kept."""
    return data_dir / "secrets" / "auth_secret"


def kept_secret(data_dir: Path) -> str | None:
    """The secret made earlier, or None; `Unacceptable` when the file is there and holds none."""
    path = secret_file(data_dir)
    try:
        content = read_small_file(path)
        return None if content is None else long_secret(content.strip())
    except Unacceptable as error:
        raise Unacceptable(f"is kept in {path}, which {error}") from None


def make_or_read_secret(data_dir: Path, make: Callable[[], str]) -> str:
    """The one secret of this folder; of processes that start at once one makes it and all read the same."""
    kept = kept_secret(data_dir)
    if kept is not None:
        return kept
    path = secret_file(data_dir)
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        _publish(path, long_secret(make()))
    except OSError as error:
        raise Unacceptable(f"cannot be kept in {path} ({error.strerror}); set it") from None
    kept = kept_secret(data_dir)
    if kept is None:
        raise Unacceptable(f"was removed from {path} while it was made; set it")
    return kept


def _publish(path: Path, secret: str) -> None:
    # Written aside and linked into place: whoever sees the name sees all of the secret, and the first link wins.
    # mkstemp makes the file 0600, under a name that two containers on one volume do not share as they may their pid.
    descriptor, aside = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)
        _sync_folder(path.parent)
    finally:
        Path(aside).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
