"""Limits per caller (B-33, RL-01 to RL-08)."""

import pytest

from app.http.options import HttpOptions, networks
from application.ports.rate_limiter import Decision, RateLimiter, RatePolicy
from domain.shared.errors import Unavailable
from infrastructure.rate_limiter.memory import Buckets, MemoryRateLimiter
from tests.unit.http.stand_in import ADA, BACKEND, READER, Api

POLICIES = {
    "anonymous": RatePolicy(name="anonymous", limit=3, window=3_600.0),
    "subscriber": RatePolicy(name="subscriber", limit=2, window=1.0),
    "api_key": RatePolicy(name="api_key", limit=5, window=1.0),
}
NOTHING = "/api/v1/inbox/count"


@pytest.fixture
def api() -> Api:
    return Api(options=HttpOptions(rate_policies=POLICIES), limiter=standing_still())


def standing_still() -> RateLimiter:
    return MemoryRateLimiter(Buckets(1_000), now=lambda: 5.0)


async def test_answers_429_with_retry_after_when_an_address_calls_too_often(api: Api) -> None:
    async with api.client() as client:
        answers = [await client.get(NOTHING) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    last = answers[-1]
    assert last.json()["code"] == "rate_limit.exceeded"
    assert last.headers["RateLimit-Policy"] == '"anonymous";q=3;w=3600'
    assert last.headers["RateLimit"].startswith('"anonymous";r=0;t=')
    assert last.headers["Retry-After"] == "1200"
    assert api.metrics.count("rate_limit_refusals_total", policy="anonymous") == 1


async def test_tells_where_the_caller_stands_on_every_answer_when_limits_are_on(api: Api) -> None:
    async with api.client() as client:
        first = await client.get("/api/v1/notifications/nothing", headers=BACKEND)
        second = await client.get("/api/v1/notifications?limit=0", headers=BACKEND)

    assert "RateLimit" not in first.headers  # No route, so nobody was asked who called.
    assert second.status_code == 422
    assert second.headers["RateLimit-Policy"] == '"api_key";q=5;w=1'
    assert second.headers["RateLimit"] == '"api_key";r=4;t=1'


async def test_counts_each_credential_on_its_own_when_several_call(api: Api) -> None:
    async with api.client() as client:
        for _ in range(2):
            assert (await client.get(NOTHING, headers=ADA)).status_code != 429
        assert (await client.get(NOTHING, headers=ADA)).status_code == 429
        for credential in (BACKEND, READER):
            for _ in range(5):
                assert (await client.get(NOTHING, headers=credential)).status_code == 403


async def test_counts_a_bad_credential_for_its_address_when_somebody_guesses(api: Api) -> None:
    async with api.client() as client:
        guesses = [await client.get(NOTHING, headers={"Authorization": f"ApiKey guess{n}"}) for n in range(4)]
        known = await client.get(NOTHING, headers=BACKEND)

    assert [guess.status_code for guess in guesses] == [401, 401, 401, 429]
    assert known.status_code == 403


async def test_limits_nothing_when_there_are_no_policies() -> None:
    async with Api().client() as client:
        answers = [await client.get(NOTHING) for _ in range(200)]

    assert {answer.status_code for answer in answers} == {401}
    assert "RateLimit" not in answers[0].headers


@pytest.mark.parametrize("path", ["/health", "/health/live", "/", "/assets/inbox.js"])
async def test_exempts_probes_and_pages_when_limits_are_on(api: Api, path: str) -> None:
    api.check_health.answer = Unavailable("only the limit matters")
    async with api.client() as client:
        assert 429 not in {(await client.get(path)).status_code for _ in range(10)}


async def test_b33_ignores_forwarded_addresses_when_the_peer_is_no_trusted_proxy(api: Api) -> None:
    async with api.client("203.0.113.7") as client:
        answers = [await client.get(NOTHING, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(4)]

    assert answers[-1].status_code == 429


async def test_b33_counts_the_forwarded_address_when_the_proxy_is_trusted() -> None:
    options = HttpOptions(rate_policies=POLICIES, trusted_proxies=networks(("10.0.0.0/8",)))
    api = Api(options=options, limiter=standing_still())
    async with api.client("10.0.0.1") as client:
        apart = [await client.get(NOTHING, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(4)]
        spoofed = [
            await client.get(NOTHING, headers={"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.7"}) for n in range(4)
        ]

    assert {answer.status_code for answer in apart} == {401}
    assert spoofed[-1].status_code == 429


async def test_b33_counts_a_whole_ipv6_network_as_one_when_its_addresses_take_turns(api: Api) -> None:
    codes = []
    for number in range(4):
        async with api.client(f"2001:db8::{number}") as client:
            codes.append((await client.get(NOTHING)).status_code)

    assert codes == [401, 401, 401, 429]


class Broken(RateLimiter):
    """A store that is gone."""

    async def hit(self, key: str, policy: RatePolicy) -> Decision:
        raise Unavailable("the store is gone")


async def test_b33_lets_everyone_in_and_counts_it_when_the_store_is_gone() -> None:
    api = Api(options=HttpOptions(rate_policies=POLICIES), limiter=Broken())
    async with api.client() as client:
        answers = [await client.get(NOTHING, headers=ADA) for _ in range(5)]

    assert 429 not in {answer.status_code for answer in answers}
    assert api.metrics.count("rate_limit_unavailable_total", policy="subscriber") == 5
