"""What goes between a process that asks and one that renders: frames of MessagePack, each after its length."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from application.ports.templates import Rendered, RenderJob, RenderProblem, TemplateSource
from domain.shared.json import JsonObject

LENGTH_BYTES: Final = 4
# What an answer may have in the pipe before its process waits for us to read.
READ_BUFFER: Final = 8 * 1024 * 1024
_LARGEST_BITS: Final = 63


class SentJob(msgspec.Struct, frozen=True, array_like=True):
    """A job whose source is the one at this place in its batch."""

    source: int
    data: JsonObject
    now: datetime
    locale: str | None
    timezone: str | None


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Jobs to render one after the other; without jobs, the first source is to be checked."""

    sources: list[TemplateSource]
    jobs: list[SentJob]

    def job(self, place: int) -> RenderJob:
        """The job at that place, whole again."""
        sent = self.jobs[place]
        return RenderJob(
            source=self.sources[sent.source], data=sent.data, now=sent.now, locale=sent.locale, timezone=sent.timezone
        )


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """To one job, or to a check. Nothing in it: the process is ready for its first batch.

    `retire`, with the last answer of a batch: the process has become too large, another should take its place.
    """

    rendered: Rendered | None = None
    problems: list[RenderProblem] | None = None
    retire: bool = False


def batch_of(jobs: Sequence[RenderJob]) -> Batch:
    """Each source once, however many jobs share it."""
    places: dict[int, int] = {}
    sources: list[TemplateSource] = []
    sent = []
    for job in jobs:
        place = places.get(id(job.source))
        if place is None:
            place = places[id(job.source)] = len(sources)
            sources.append(job.source)
        sent.append(SentJob(place, job.data, job.now, job.locale, job.timezone))
    return Batch(sources=sources, jobs=sent)


def frame(message: Batch | Answer) -> bytes:
    """`message` as it travels."""
    try:
        body = msgspec.msgpack.encode(message, enc_hook=_plain)
    except OverflowError:
        body = msgspec.msgpack.encode(_without_giants(msgspec.to_builtins(message, enc_hook=_plain)))
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def _plain(value: Any) -> Any:  # Any: what msgspec hands to such a hook.
    """Mappings and numbers that msgspec does not know: JSON of callers may have come in either."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a template's data cannot hold {type(value).__name__}")


def _without_giants(value: Any) -> Any:  # Any: plain JSON, and times.
    """Whole numbers of more than 64 bits, which the format lacks, as text."""
    if isinstance(value, dict):
        return {key: _without_giants(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_giants(each) for each in value]
    return str(value) if isinstance(value, int) and value.bit_length() > _LARGEST_BITS else value
