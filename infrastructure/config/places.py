"""Whether the paths of a configuration can be used; looks, and creates nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

from infrastructure.config.database_url import sqlite_path
from infrastructure.config.problems import Problem
from infrastructure.config.settings import Settings


def unusable_places(settings: Settings) -> Iterator[Problem]:
    """Folders that cannot be written to or made, and a database file that cannot be one."""
    troubles = {key: (path, folder_trouble(path)) for key, path in _folders(settings).items()}
    file = sqlite_path(settings.database.url)
    if file is not None:
        troubles["DATABASE_URL"] = (file, _file_trouble(file))
    root, root_trouble = troubles["DATA_DIR"]
    for key, (path, trouble) in troubles.items():
        follows = root_trouble is not None and path != root and path.is_relative_to(root)
        if trouble and not follows:
            yield Problem(keys=(key,), message=trouble)


def _folders(settings: Settings) -> dict[str, Path]:
    """The folders that this configuration will write to, by key."""
    used = {
        "DATA_DIR": (settings.app.data_dir, True),
        "JOBS_DIR": (settings.queue.jobs_dir, settings.queue.driver == "file"),
        "STREAMS_DIR": (settings.realtime.streams_dir, settings.realtime.driver == "file"),
        "LOG_DIR": (settings.log.dir, "file" in settings.log.sinks),
        "MAIL_DIR": (settings.mail.maildir, any(p.driver == "file" for p in settings.notification.email_providers)),
    }
    return {key: folder for key, (folder, is_used) in used.items() if is_used}


def folder_trouble(folder: Path) -> str | None:
    """Why nothing could be written into the folder, even after making it; None when something could."""
    try:
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if not nearest.is_dir():
            return "cannot be a folder: a file stands in its way"
    except OSError:  # a name that is too long, a parent that may not be entered
        return "cannot be used as a folder"
    return None if os.access(nearest, os.W_OK | os.X_OK) else "cannot be written to by this user"


def _file_trouble(file: Path) -> str | None:
    if "?" in str(file):
        return "must not carry options or a question mark in its path: SQLite's options are set by the product"
    trouble = folder_trouble(file.parent)
    if trouble:
        return f"names a file whose folder {trouble}"
    try:
        if file.is_dir():
            return "names a folder instead of a database file"
    except OSError:
        return "cannot be used as the name of a file"
    return "cannot be written to by this user" if file.exists() and not os.access(file, os.R_OK | os.W_OK) else None
