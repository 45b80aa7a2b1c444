"""Server-sent events as a browser reads them (WHATWG HTML 9.2.6)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """A dispatched event; `last_id` is what the browser would send when it reconnects now."""

    name: str
    data: str
    last_id: str


@dataclass(slots=True)
class EventParser:
    """Fed with bytes in any portions."""

    events: list[Event] = field(default_factory=list)
    comments: int = 0
    retry: int | None = None
    last_id: str = ""
    _rest: bytes = b""
    _id: str = ""
    _name: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, portion: bytes) -> None:
        *lines, self._rest = (self._rest + portion).split(b"\n")
        for line in lines:
            self._line(line.decode())

    def _line(self, line: str) -> None:
        if not line:
            self._dispatch()
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "":
                self.comments += 1
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id":
                self._id = value
            case "retry":
                self.retry = int(value)
            case _:
                raise AssertionError(f"not a field of ours: {line!r}")

    def _dispatch(self) -> None:
        self.last_id = self._id
        if self._data:
            self.events.append(Event(self._name or "message", "\n".join(self._data), self.last_id))
        self._name, self._data = "", []
