"""Payloads of jobs as JSON."""

from typing import TypeVar

import msgspec

from application.ports.payload_codec import PayloadCodec, UndecodablePayload

T = TypeVar("T")


class JsonPayloadCodec(PayloadCodec):
    """msgspec's JSON, field names as they are in Python. Fields that the type does not have are left out: a newer
    version of a payload that means something else by them carries a higher `schema_version`.
    """

    def encode(self, payload: object) -> bytes:
        return msgspec.json.encode(payload)

    def decode(self, raw: bytes, payload_type: type[T]) -> T:
        try:
            return msgspec.json.decode(raw, type=payload_type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UndecodablePayload(str(error)) from error
