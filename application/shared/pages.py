"""Lists, page by page."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """One page, newest first. `next_cursor` is opaque and signed; None on the last page."""

    items: list[Item]
    limit: int
    next_cursor: str | None = None
