"""What browsers are told and what is kept from them (B-31, S-17, SEC-01, SEC-02, SEC-05)."""

import gzip
from dataclasses import replace

import pytest
from httpx import AsyncClient

from app.http.options import HttpOptions
from application.shared.pages import Page
from application.subscribers.views import SubscriberView
from tests.unit.http.documents import SUBSCRIBER
from tests.unit.http.stand_in import ADA, BACKEND, Api

OURS = "https://app.example.com"
LIST = "/api/v1/subscribers"


@pytest.fixture
def api() -> Api:
    api = Api(options=HttpOptions(cors_origins=(OURS, "http://localhost:5173"), max_body_bytes=1_024))
    many: list[SubscriberView] = [replace(SUBSCRIBER, subscriber_id=f"s{number}") for number in range(50)]
    api.list_subscribers.answer = Page(items=many, limit=50)
    return api


async def test_lets_a_page_read_the_answer_when_its_origin_is_listed(client: AsyncClient) -> None:
    response = await client.get(LIST, headers={**BACKEND, "Origin": OURS})

    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert "ratelimit" in response.headers["Access-Control-Expose-Headers"]
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.com",
        "https://app.example.com.evil.com",
        "https://evilapp.example.com",
        "https://app.example.com:8443",
        "http://app.example.com",
        "https://APP.example.com",
        "https://app.example.com/",
        "https://app-example.com",
        "",
    ],
)
async def test_b31_keeps_the_answer_from_a_page_when_its_origin_is_not_listed(client: AsyncClient, origin: str) -> None:
    plain = await client.get(LIST, headers={**BACKEND, "Origin": origin})
    preflight = await client.options(LIST, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})

    for response in (plain, preflight):
        assert not [name for name in response.headers if name.startswith("access-control")]
        assert "Origin" in response.headers["Vary"]
    assert preflight.status_code == 204


async def test_answers_a_preflight_without_credentials_when_the_origin_is_listed(client: AsyncClient) -> None:
    asked = {"Origin": OURS, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    response = await client.options("/api/v1/notifications", headers=asked)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert {"authorization", "idempotency-key", "content-type"} <= set(
        response.headers["Access-Control-Allow-Headers"].split(", ")
    )


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), (LIST, 401), (f"{LIST}?nope=1", 401), ("/" + "x" * 9_000, 414)]
)
async def test_lets_a_page_read_why_it_was_refused_when_its_origin_is_listed(
    client: AsyncClient, path: str, status: int
) -> None:
    response = await client.get(path, headers={"Origin": OURS})

    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (status, OURS)


async def test_lets_a_page_read_that_its_body_is_too_large(client: AsyncClient) -> None:
    response = await client.post("/api/v1/notifications", content=b"x" * 2_000, headers={**BACKEND, "Origin": OURS})

    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (413, OURS)


async def test_opens_to_every_page_when_a_star_says_so() -> None:
    async with Api(options=HttpOptions(cors_origins=("*",))).client() as client:
        response = await client.get("/health/live", headers={"Origin": "https://anyone.example"})

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Origin" not in response.headers.get("Vary", "")


@pytest.mark.parametrize("path", ["/health/live", "/nowhere", LIST, "/docs", "/"])
async def test_s17_sends_the_headers_that_protect_when_anything_is_answered(client: AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Server" not in headers
    assert headers.get_list("Content-Security-Policy") == [headers["Content-Security-Policy"]]


async def test_s17_insists_on_https_only_where_people_use_it() -> None:
    async with Api().client() as plain, Api(options=HttpOptions(base_url="https://n.example.com")).client() as secure:
        assert "Strict-Transport-Security" not in (await plain.get("/health/live")).headers
        over_tls = await plain.get("https://localhost/health/live")
        behind_a_proxy = await secure.get("/health/live")

    expected = "max-age=31536000; includeSubDomains"
    assert over_tls.headers["Strict-Transport-Security"] == expected
    assert behind_a_proxy.headers["Strict-Transport-Security"] == expected


async def test_leaves_the_headers_to_the_proxy_when_they_are_off() -> None:
    async with Api(options=HttpOptions(security_headers=False)).client() as client:
        assert "X-Frame-Options" not in (await client.get("/health/live")).headers


async def test_lets_nobody_keep_an_answer_unless_it_says_so(client: AsyncClient) -> None:
    assert (await client.get(LIST, headers=BACKEND)).headers["Cache-Control"] == "no-store"
    assert (await client.get("/assets/inbox.js")).headers["Cache-Control"] == "no-cache"


async def test_compresses_a_large_answer_when_the_client_accepts_it(client: AsyncClient) -> None:
    plain = await client.get(LIST, headers={**BACKEND, "Accept-Encoding": "identity"})
    async with client.stream("GET", LIST, headers={**BACKEND, "Accept-Encoding": "br, gzip;q=0.8"}) as packed:
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(raw) < len(plain.content) / 5
    assert gzip.decompress(raw) == plain.content
    assert "Accept-Encoding" in packed.headers["Vary"]


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.000, br"])
async def test_compresses_nothing_when_the_client_does_not_accept_it(client: AsyncClient, accepted: str) -> None:
    response = await client.get(LIST, headers={**BACKEND, "Accept-Encoding": accepted})

    assert "Content-Encoding" not in response.headers


async def test_compresses_nothing_when_the_answer_is_small_or_it_is_off(client: AsyncClient) -> None:
    small = await client.get("/health/live")
    api = Api(options=HttpOptions(compression=False))
    async with api.client() as without:
        large = await without.get("/assets/inbox.js")

    assert "Content-Encoding" not in small.headers
    assert "Content-Encoding" not in large.headers


async def test_keeps_a_stream_as_it_is_when_the_client_accepts_gzip(api: Api, client: AsyncClient) -> None:
    response = await client.get("/sse/notifications", headers={**ADA, "Accept-Encoding": "gzip"})

    assert api.open_stream.calls
    assert "Content-Encoding" not in response.headers
