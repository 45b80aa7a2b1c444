"""The bytes of server-sent events (WHATWG HTML 9.2.6).

Nothing from outside can end a line early: places are numbers, event names are checked, and JSON has no use for raw
line breaks.
"""

import re

from domain.realtime.cursor import Cursor

COMMENT = b": keep-alive\n\n"

_TRACE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z_]{0,63}", re.ASCII)
_WITHOUT_BREAKS = bytes.maketrans(b"\r\n", b"  ")


def opening(retry_ms: int, start: Cursor) -> bytes:
    """How long to wait before reconnecting, and a place to return to before the first event has come."""
    return b"retry: %d\nid: %d-%d\n\n" % (retry_ms, start.epoch, start.seq)


def update(epoch: int, seq: int, kind: str, data: bytes, trace_id: str | None = None) -> bytes:
    """A logged update. A name that is none of ours moves the place and says nothing.

    The trace stands in a comment: browsers pass over it, and whoever looks at the wire finds the lines of the log. It
    comes last, since simple readers take a block that begins with a comment for a heartbeat.
    """
    if not _NAME.fullmatch(kind):
        return b"id: %d-%d\n\n" % (epoch, seq)
    if b"\n" in data or b"\r" in data:
        data = data.translate(_WITHOUT_BREAKS)  # Between tokens a space means the same; inside strings JSON has none.
    trace = b": trace %b\n" % trace_id.encode() if trace_id is not None and _TRACE.fullmatch(trace_id) else b""
    return b"event: %b\nid: %d-%d\ndata: %b\n%b\n" % (kind.encode(), epoch, seq, data, trace)


def counts(unread: int, unseen: int) -> bytes:
    """The current counters: state, so without a place."""
    return b'event: unread_count_changed\ndata: {"unread":%d,"unseen":%d}\n\n' % (unread, unseen)


def reset(head: Cursor) -> bytes:
    """Updates are missing; with the head's place, so that the next reconnect does not say so again."""
    return b'event: reset\nid: %d-%d\ndata: {"reason":"gap"}\n\n' % (head.epoch, head.seq)


def shutdown(retry_ms: int) -> bytes:
    """The process ends. `retry` is for a native reconnect; the data, for scripts, also makes browsers dispatch it."""
    return b'event: shutdown\nretry: %d\ndata: {"retry":%d}\n\n' % (retry_ms, retry_ms)
