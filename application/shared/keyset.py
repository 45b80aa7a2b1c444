"""Lists by the ids of their items: newest first, each page older than the last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from application.ports.cursor_signer import CursorSigner
from application.shared.pages import Page

Stored = TypeVar("Stored")
View = TypeVar("View")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyset:
    """The cursors of one list of one tenant."""

    cursors: CursorSigner
    tenant_id: str
    list_name: str

    def before(self, cursor: str | None) -> UUID | None:
        """The id that the page must be older than; raises `InvalidCursor` for what was not made for this list."""
        if cursor is None:
            return None
        place = self.cursors.verify(cursor, tenant_id=self.tenant_id, list_name=self.list_name)
        return UUID(str(place["before"]))

    def page(
        self, found: Sequence[Stored], limit: int, *, id_of: Callable[[Stored], UUID], view: Callable[[Stored], View]
    ) -> Page[View]:
        """The first `limit` of what was found; one more than that says that there is another page."""
        shown = found[:limit]
        following = None
        if len(found) > limit:
            place = {"before": str(id_of(shown[-1]))}
            following = self.cursors.sign(place, tenant_id=self.tenant_id, list_name=self.list_name)
        return Page(items=[view(one) for one in shown], limit=limit, next_cursor=following)
