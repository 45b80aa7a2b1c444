"""What a server keeps for a stream that is open."""

import gc
from collections import Counter
from types import CoroutineType, FunctionType

from app.http.requests import ApiRequest
from tests.integration.sse.raw_client import browsing
from tests.integration.sse.streaming import StreamingApp, served

INSIDE = {
    "GzipMiddleware.__call__",
    "AuthenticationMiddleware.__call__",
    "HTTPRoute.handle",
    "_adding.<locals>.send_with_headers",
    "ExceptionHandlerMiddleware.__call__.<locals>.capture_response_started",
}


def _inside() -> Counter[str]:
    """What waits and what listens further inside than a stream runs, and the requests it works on."""
    gc.collect()
    objects = gc.get_objects()
    names = (each.__qualname__ for each in objects if isinstance(each, (CoroutineType, FunctionType)))
    requests = sum(isinstance(each, ApiRequest) for each in objects)
    return Counter(name for name in names if name in INSIDE) + Counter(requests=requests)


async def test_nothing_of_the_request_is_left_when_its_stream_is_open() -> None:
    app = StreamingApp()
    await app.add("ann")
    async with served(app.app) as server, browsing(server.port) as browser:
        before = _inside()
        clients = [await browser.follow() for _ in range(5)]

        assert app.hub.connections == len(clients)
        assert _inside() == before
