"""F-16: what was promised for a time, where clocks of workers and servers are wrong; the store's is right."""

import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.e2e.processes import eventually, free_port
from tests.faults.on_postgres import empty_database, patient_scene
from tests.faults.scene import CHANNELS
from tests.faults.wrong_clocks import HOUR, start_wrong, start_wrong_workers

pytestmark = pytest.mark.service
SUBSCRIBERS = 10
OFF_SECONDS = 2.0
FINAL_SECONDS = 60.0
SNOOZES = (2.0, 4.0)
TOKEN_SECONDS = 3_600
LEEWAY_SECONDS = 60
# What a slow machine may take between two looks.
NEAR_SECONDS = 20


async def test_f16_nothing_expires_early_when_the_clock_of_a_worker_is_ahead(tmp_path: Path) -> None:
    async with empty_database() as url, patient_scene(tmp_path, url) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        await start_wrong(stage, "worker", "fast", HOUR)
        now = datetime.now(UTC)
        times = {"sendAt": now + timedelta(seconds=2), "expiresAt": now + HOUR / 2}
        fields = {name: time.isoformat() for name, time in times.items()}
        await stage.producer.notify("expires-later", stage.subscribers, CHANNELS, fields=fields)
        await stage.all_final(FINAL_SECONDS)
        facts = await stage.facts()
    assert Counter(delivery.status for delivery in facts.deliveries) == {
        DeliveryStatus.SENT: len(CHANNELS) * SUBSCRIBERS
    }


async def test_f16_snoozed_items_come_back_in_time_when_clocks_of_workers_are_wrong(tmp_path: Path) -> None:
    async with empty_database() as url, patient_scene(tmp_path, url) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(1)
        await start_wrong_workers(stage)
        await stage.producer.notify("snoozed", stage.subscribers, ["in_app"])
        headers = {"Authorization": f"Bearer {await stage.producer.token('u0')}"}
        base_url = f"{stage.chaos.base_url}/api/v1/inbox"
        async with httpx.AsyncClient(base_url=base_url, headers=headers, trust_env=False) as browser:
            [item] = (await browser.get("")).json()["data"]
            # The second one counts, and the job of the first one is there all the same.
            due = [await _snooze(browser, item["id"], seconds) for seconds in SNOOZES]
            back = await _shown_again(browser)
    sys.stdout.write(f"figures back {back - due[-1]:.3f} s after its time\n")
    assert 0 <= back - due[-1] <= OFF_SECONDS


async def _snooze(browser: httpx.AsyncClient, item_id: str, seconds: float) -> float:
    """Until when, in Unix seconds."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    (await browser.post(f"/{item_id}/snooze", json={"until": until.isoformat()})).raise_for_status()
    return until.timestamp()


async def _shown_again(browser: httpx.AsyncClient) -> float:
    """When it was seen."""

    async def shown() -> bool:
        return bool((await browser.get("", params={"snoozed": "false"})).json()["data"])

    await eventually(shown, seconds=FINAL_SECONDS)
    return time.time()


async def test_f16_tokens_count_for_a_minute_more_and_no_longer_when_the_clock_of_a_server_is_wrong(
    tmp_path: Path,
) -> None:
    async with empty_database() as url, patient_scene(tmp_path, url) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(1)
        token = await stage.producer.token("u0")
        shift = await start_wrong(stage, "serve", "wrong", timedelta(), port=(port := free_port()))
        statuses = {}
        ends = TOKEN_SECONDS + LEEWAY_SECONDS
        for seconds in (0, NEAR_SECONDS - LEEWAY_SECONDS, -NEAR_SECONDS - LEEWAY_SECONDS, ends - NEAR_SECONDS, ends):
            shift.set(timedelta(seconds=seconds))
            statuses[seconds] = await _inbox(port, token)
    assert list(statuses.values()) == [200, 200, 401, 200, 401], statuses


async def _inbox(port: int, token: str) -> int:
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {token}"}) as browser:
        return (await browser.get(f"http://127.0.0.1:{port}/api/v1/inbox")).status_code
