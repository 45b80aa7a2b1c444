"""Packaged files as answers."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response

from app.web import PageFiles
from domain.shared.errors import NotFound

# Everything from us, nothing inline, nobody may frame it.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_answer(
    request: Request[Any, Any, Any],  # Any: nothing of them is used
    name: str,
    fill: Mapping[bytes, bytes] | None = None,
) -> Response[bytes]:
    """A packaged file with the texts of `fill` replaced, or 304 when the browser has it.

    Raises `NotFound` for a name that is not packaged.
    """
    pages: PageFiles = request.app.state["pages"]
    file = pages.get(name)
    if file is None:
        raise NotFound
    headers = {"cache-control": "no-cache"}
    if name.endswith(".html"):
        headers["content-security-policy"] = PAGE_POLICY
    if fill is None:
        headers["etag"] = file.etag
        if request.headers.get("if-none-match") == file.etag:
            return Response(b"", status_code=304, headers=headers)
    media_type = f"{file.media_type}; charset=utf-8" if "text/" not in file.media_type else file.media_type
    return Response(_filled(file.content, fill or {}), media_type=media_type, headers=headers)


def _filled(content: bytes, fill: Mapping[bytes, bytes]) -> bytes:
    for placeholder, text in fill.items():
        content = content.replace(placeholder, text)
    return content
