"""The frame around every answer that is no error."""

from collections.abc import Callable
from typing import Generic, TypeVar

from litestar import Response
from msgspec import Struct, field

from application.shared.pages import Page

T = TypeVar("T")
View = TypeVar("View")


class NoMeta(Struct, frozen=True):
    """Nothing to add."""


class PageMeta(Struct, frozen=True, kw_only=True, rename="camel"):
    """`nextCursor` asks for the next page; null on the last one."""

    limit: int
    next_cursor: str | None


class Envelope(Struct, Generic[T], kw_only=True, rename="camel"):
    """One thing."""

    status_code: int
    message: str
    data: T
    meta: NoMeta = field(default_factory=NoMeta)


class Listing(Struct, Generic[T], kw_only=True, rename="camel"):
    """One page of a list, newest first."""

    status_code: int
    message: str
    data: list[T]
    meta: PageMeta


def ok(data: T, *, replayed: bool = False) -> Response[Envelope[T]]:
    """200."""
    return _enveloped(200, "OK", data, replayed)


def created(data: T, *, new: bool = True) -> Response[Envelope[T]]:
    """201; 200 when it was there already."""
    return _enveloped(201, "Created", data) if new else _enveloped(200, "OK", data)


def accepted(data: T, *, replayed: bool = False) -> Response[Envelope[T]]:
    """202."""
    return _enveloped(202, "Accepted", data, replayed)


def listing(page: Page[View], shape: Callable[[View], T]) -> Response[Listing[T]]:
    """200 with a page, each item in its wire shape."""
    meta = PageMeta(limit=page.limit, next_cursor=page.next_cursor)
    return Response(Listing(status_code=200, message="OK", data=[shape(item) for item in page.items], meta=meta))


def _enveloped(status: int, message: str, data: T, replayed: bool = False) -> Response[Envelope[T]]:
    headers = {"idempotency-replayed": "true"} if replayed else None
    return Response(Envelope(status_code=status, message=message, data=data), status_code=status, headers=headers)
