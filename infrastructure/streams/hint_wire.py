"""Hints as they travel between processes."""

from collections.abc import Sequence

import msgspec

from application.ports.stream_hints import StreamHint

VERSION = 1


class Unreadable(Exception):
    """Nothing of ours, or of another version."""


class _Message(msgspec.Struct, array_like=True, frozen=True):
    version: int
    process: str
    hints: list[StreamHint] | None


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(_Message)


def packed(process: str, hints: Sequence[StreamHint] | None) -> bytes:
    """What `process` says; None: look at everything."""
    return _encoder.encode(_Message(VERSION, process, None if hints is None else list(hints)))


def unpacked(data: bytes) -> tuple[str, Sequence[StreamHint] | None]:
    """Who says what. Raises Unreadable."""
    try:
        message = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error
    if message.version != VERSION:
        raise Unreadable(f"version {message.version}")
    return message.process, message.hints
