"""List cursors under HMAC-SHA256."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from application.ports.cursor_signer import CursorSigner
from application.shared.cursors import InvalidCursor
from infrastructure.security import base64url
from infrastructure.security.keyring import KeyRing, Purpose
from infrastructure.security.strict_json import read_object, write_object

MAX_LENGTH: Final = 2048
_MAC_BYTES: Final = 16


class HmacCursorSigner(CursorSigner):
    """Base64url of the JSON followed by 16 bytes of its MAC, which also covers tenant and list."""

    def __init__(self, ring: KeyRing) -> None:
        self._keys = tuple(key.material for key in ring.keys(Purpose.CURSOR))

    def sign(self, payload: Mapping[str, str | int], *, tenant_id: str, list_name: str) -> str:
        body = write_object(dict(payload))
        text = base64url.encode(body + _mac(self._keys[0], tenant_id, list_name, body))
        if len(text) > MAX_LENGTH:
            raise ValueError(f"a cursor has at most {MAX_LENGTH} characters")
        return text

    def verify(self, text: str, *, tenant_id: str, list_name: str) -> dict[str, str | int]:
        try:
            if len(text) > MAX_LENGTH:
                raise ValueError("too long")
            data = base64url.decode(text)
        except ValueError as reason:
            raise InvalidCursor from reason
        body, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, tenant_id, list_name, body)) for key in self._keys):
            raise InvalidCursor
        return {name: value for name, value in read_object(body).items() if isinstance(value, str | int)}


def _mac(key: bytes, tenant_id: str, list_name: str, body: bytes) -> bytes:
    # JSON holds no raw line break, so the parts cannot be read in another way.
    place = json.dumps([tenant_id, list_name]).encode()
    return hmac.digest(key, place + b"\n" + body, sha256)[:_MAC_BYTES]
