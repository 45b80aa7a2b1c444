"""What is written down when streams have moved."""

from collections.abc import Sequence

from application.ports.log import Log
from application.ports.stream_hints import StreamHint
from application.shared.log_events import STREAM_PUBLISHED


def tell_published(log: Log, hints: Sequence[StreamHint]) -> None:
    """One line for a commit, with the place of its update; where there are many, their places at debug."""
    if len(hints) == 1:
        log.info(STREAM_PUBLISHED, updates=1, **_place(hints[0]))
    elif hints:
        log.info(STREAM_PUBLISHED, updates=len(hints))
        for hint in hints:
            log.debug(STREAM_PUBLISHED, **_place(hint))


def _place(hint: StreamHint) -> dict[str, object]:
    return {"stream_id": str(hint.stream_id), "stream_position": f"{hint.epoch}-{hint.seq}", "kind": hint.kind}
