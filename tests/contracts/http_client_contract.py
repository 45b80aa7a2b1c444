"""What every outbound HTTP client keeps."""

from collections.abc import Sequence
from typing import Protocol

import pytest

from application.ports.http_client import HttpClient, HttpFailure, HttpFailureKind, HttpRequest, HttpResponse


class HttpRig(Protocol):
    """A client and its peer; each staged answer is used once, then 200."""

    client: HttpClient
    url: str
    http2: bool = False

    def received(self) -> Sequence[tuple[str, bytes, str | None]]:
        """Method, body and the header `x-probe` of every request that left."""
        ...

    def stage(self, status: int, headers: dict[str, str], body: bytes) -> None: ...
    def stage_vanishing(self) -> None: ...


def request(rig: HttpRig, url: str | None = None) -> HttpRequest:
    return HttpRequest(
        method="POST",
        url=url or rig.url,
        headers={"X-Probe": "7"},
        body=b'{"a":1}',
        timeout=1,
        http2=rig.http2,
    )


class HttpClientContract:
    """Subclass it and give a fixture `rig`."""

    async def test_the_request_leaves_as_it_was_given(self, rig: HttpRig) -> None:
        response = await rig.client.send(request(rig))
        assert isinstance(response, HttpResponse)
        assert response.status == 200
        assert list(rig.received()) == [("POST", b'{"a":1}', "7")]

    async def test_an_error_status_is_an_answer(self, rig: HttpRig) -> None:
        rig.stage(503, {"retry-after": "7"}, b"later")
        response = await rig.client.send(request(rig))
        assert isinstance(response, HttpResponse)
        assert (response.status, response.body, response.complete) == (503, b"later", True)
        assert response.headers["retry-after"] == "7"

    async def test_a_redirect_is_an_answer(self, rig: HttpRig) -> None:
        rig.stage(307, {"location": rig.url}, b"")
        response = await rig.client.send(request(rig))
        assert isinstance(response, HttpResponse)
        assert response.status == 307
        assert len(rig.received()) == 1

    async def test_a_peer_that_vanishes_leaves_it_ambiguous(self, rig: HttpRig) -> None:
        rig.stage_vanishing()
        failure = await rig.client.send(request(rig))
        assert isinstance(failure, HttpFailure)
        assert failure.kind is HttpFailureKind.AMBIGUOUS

    @pytest.mark.parametrize(
        "url", ["file:///etc/passwd", "gopher://example.com/", "//example.com/", "http://", "http://a:b@example.com/"]
    )
    async def test_what_check_url_refuses_is_blocked(self, rig: HttpRig, url: str) -> None:
        assert rig.client.check_url(url)
        assert await rig.client.send(request(rig, url)) == HttpFailure(kind=HttpFailureKind.BLOCKED, reason="refused")
        assert not rig.received()

    def test_check_url_passes_what_may_be_tried(self, rig: HttpRig) -> None:
        assert rig.client.check_url(rig.url) is None
        assert rig.client.check_url("https://example.com/hook?a=b") is None
