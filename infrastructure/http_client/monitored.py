"""An HTTP client that counts."""

from time import monotonic

from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse
from application.ports.metrics import Metrics


class MonitoredHttpClient(HttpClient):
    """Passes everything on to `client`, and observes `http_client_request_duration_seconds`.

    By `service`, `method` and `outcome`: `2xx` to `5xx`, the kind of a failure, or `broken_off` when nobody waited for
    the answer any more. Nothing of the URL: other people choose it.
    """

    def __init__(self, client: HttpClient, metrics: Metrics) -> None:
        self._client = client
        self._metrics = metrics

    async def send(self, request: HttpRequest) -> HttpResponse | HttpFailure:
        began, outcome = monotonic(), "broken_off"
        try:
            answer = await self._client.send(request)
            outcome = _outcome(answer)
        finally:
            self._metrics.observe(
                "http_client_request_duration_seconds",
                monotonic() - began,
                service=request.service,
                method=request.method,
                outcome=outcome,
            )
        return answer

    def check_url(self, url: str) -> str | None:
        return self._client.check_url(url)


def _outcome(answer: HttpResponse | HttpFailure) -> str:
    return f"{answer.status // 100}xx" if isinstance(answer, HttpResponse) else answer.kind.value
