"""Opaque positions in lists."""

from collections.abc import Mapping
from typing import Protocol


# One adapter: a second format of cursors would serve nobody.
class CursorSigner(Protocol):
    """Turns the position of a page into text that callers can neither make nor move elsewhere.

    The text is signed, not hidden: nothing confidential belongs into `payload`. It holds for one tenant and one list;
    `list_name` names everything a position depends on, e.g. `notifications/0192…/deliveries`. No time limit.
    """

    def sign(self, payload: Mapping[str, str | int], *, tenant_id: str, list_name: str) -> str:
        """URL-safe text of at most 2,048 characters; ValueError for a payload that does not fit."""
        ...

    def verify(self, text: str, *, tenant_id: str, list_name: str) -> dict[str, str | int]:
        """The payload as it was signed, also by a key that was rotated out but is still listed.

        Raises `InvalidCursor` for everything else, of any size.
        """
        ...
