"""An HTTP client for tests, which sends nothing."""

from collections import deque
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from application.ports.http_client import HttpClient, HttpFailure, HttpFailureKind, HttpRequest, HttpResponse

HttpAnswer = HttpResponse | HttpFailure
_KEPT = 10_000


class RecordingHttpClient(HttpClient):
    """Answers from `answers`, a list that is used up in order (then 200 with an empty body) or a function.

    Asked for a URL that it would not accept it answers `blocked`, as the real one does; what names resolve to is
    not looked at. `requests` holds the newest 10,000 that would have left.
    """

    def __init__(self, answers: Iterable[HttpAnswer] | Callable[[HttpRequest], HttpAnswer] = ()) -> None:
        self.requests: deque[HttpRequest] = deque(maxlen=_KEPT)
        self._answer = answers if callable(answers) else _in_order(answers)

    async def send(self, request: HttpRequest) -> HttpAnswer:
        if self.check_url(request.url) is not None:
            return HttpFailure(kind=HttpFailureKind.BLOCKED, reason="refused")
        self.requests.append(request)
        return self._answer(request)

    def check_url(self, url: str) -> str | None:
        try:
            parts = urlsplit(url)
        except ValueError:
            return "is not a valid URL"
        if parts.scheme not in {"http", "https"}:
            return "must begin with http:// or https://"
        if "@" in parts.netloc:
            return "must not carry a user name or password"
        return None if parts.hostname else "has no valid host name"


def _in_order(answers: Iterable[HttpAnswer]) -> Callable[[HttpRequest], HttpAnswer]:
    rest = iter(answers)
    return lambda _request: next(rest, HttpResponse(status=200, headers={}, body=b""))
