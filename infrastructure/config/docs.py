"""The interactive documentation."""

from typing import Annotated

from infrastructure.config.problems import Unacceptable
from infrastructure.config.section import Section, key

TAKEN = ("/api", "/sse", "/health", "/metrics", "/demo", "/openapi.json", "/.well-known")


def docs_path(text: str) -> str:
    """A path that no other part of the server answers."""
    path = text.rstrip("/")
    if not path.startswith("/") or "//" in path or not path.isascii() or any(c in path for c in "?#{} %"):
        raise Unacceptable("must be a path such as /docs")
    if any(path == taken or path.startswith(f"{taken}/") for taken in TAKEN):
        raise Unacceptable("lies where another part of the server answers")
    return path


class DocsSettings(Section, frozen=True, kw_only=True):
    """Documentation of the API"""

    enabled: Annotated[bool, key("DOCS_ENABLED", "Serve the documentation and openapi.json.", depends="by APP_ENV")] = (
        True
    )
    path: Annotated[
        str,
        key(
            "DOCS_PATH",
            "Where the documentation is served.",
            parse=docs_path,
            expects="a path of a URL",
        ),
    ] = "/docs"
