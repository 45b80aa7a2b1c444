"""The packaged pages: the inbox, and the documentation of the API."""

import mimetypes
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

_SERVED: Final = (".css", ".html", ".js", ".svg")


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is served."""

    content: bytes
    media_type: str
    etag: str


class PageFiles:
    """The files beside this one by name, each read when it is first asked for and kept: some hundred kilobytes."""

    def __init__(self) -> None:
        self._names = frozenset(entry.name for entry in files(__name__).iterdir() if entry.name.endswith(_SERVED))
        self._read: dict[str, PageFile] = {}

    def get(self, name: str) -> PageFile | None:
        """The file of that name; None for anything else, paths included."""
        if name not in self._names:
            return None
        if name not in self._read:
            content = (files(__name__) / name).read_bytes()
            self._read[name] = PageFile(content, _media_type(name), f'"{sha256(content).hexdigest()[:32]}"')
        return self._read[name]


def _media_type(name: str) -> str:
    # The table of the machine may say otherwise about scripts, and then browsers do not run them.
    return "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or "application/octet-stream"
