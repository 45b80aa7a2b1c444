"""Payloads of jobs as bytes."""

# One adapter: jobs of one process are read by another, so there is one encoding.

from typing import Protocol, TypeVar

T = TypeVar("T")


class UndecodablePayload(ValueError):
    """The bytes are not a value of that type"""


class PayloadCodec(Protocol):
    """JSON of frozen dataclasses of JSON-able fields; never anything that can carry code."""

    def encode(self, payload: object) -> bytes:
        """As compact JSON."""
        ...

    def decode(self, raw: bytes, payload_type: type[T]) -> T:
        """Raises `UndecodablePayload` with what is wrong and where."""
        ...
