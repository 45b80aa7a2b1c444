import asyncio
import threading
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from infrastructure.http_client.resolver import AddressInfo, NameNotResolved, SystemResolver


def info(*addresses: str) -> Sequence[AddressInfo]:
    return [(0, 0, 0, "", (address, 0)) for address in addresses]


async def test_every_answer_of_both_families_comes_back() -> None:
    resolver = SystemResolver(look_up=lambda _host: info("93.184.216.34", "2606:4700::1111"))
    assert await resolver.resolve("example.com") == [ip_address("93.184.216.34"), ip_address("2606:4700::1111")]


async def test_the_machine_knows_localhost() -> None:
    assert ip_address("127.0.0.1") in await SystemResolver().resolve("localhost")


@pytest.mark.parametrize("error", [OSError("no such name"), UnicodeError("label too long")])
async def test_says_not_resolved_when_the_look_up_fails(error: Exception) -> None:
    def look_up(_host: str) -> Sequence[AddressInfo]:
        raise error

    with pytest.raises(NameNotResolved):
        await SystemResolver(look_up=look_up).resolve("nowhere.example")


async def test_says_not_resolved_when_a_label_is_too_long() -> None:
    with pytest.raises(NameNotResolved):
        await SystemResolver().resolve("a" * 64 + ".example")


async def test_hung_look_ups_keep_their_slots_and_give_them_back() -> None:
    release = threading.Event()

    def look_up(host: str) -> Sequence[AddressInfo]:
        if host == "slow":
            release.wait(10)
        return info("93.184.216.34")

    resolver = SystemResolver(max_lookups=2, look_up=look_up)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resolver.resolve("slow"), 0.02)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(resolver.resolve("fast"), 0.02)
    release.set()
    assert await asyncio.wait_for(resolver.resolve("fast"), 5) == [ip_address("93.184.216.34")]
