"""An HTTP client for what outlives an override."""

from collections.abc import Callable

from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse


class ProvidedHttpClient(HttpClient):
    """Asks for the client anew at each call: state that is made once follows whatever is bound at the moment."""

    def __init__(self, client: Callable[[], HttpClient]) -> None:
        self._client = client

    async def send(self, request: HttpRequest) -> HttpResponse | HttpFailure:
        return await self._client().send(request)

    def check_url(self, url: str) -> str | None:
        return self._client().check_url(url)
