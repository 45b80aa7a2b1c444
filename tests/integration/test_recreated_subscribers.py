"""Somebody who gets the id of a subscriber that was deleted."""

from datetime import UTC, datetime
from pathlib import Path

from dependency_injector import providers

from app.bootstrap.container import build_container
from infrastructure.memory.fixed_clock import FixedClock
from tests.examples.serving import as_subscriber, serving
from tests.integration.container.built import settings_of

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


async def test_a_token_of_the_former_owner_opens_nothing_when_the_id_was_given_again(tmp_path: Path) -> None:
    container, clock = build_container(settings_of(tmp_path)), FixedClock(NOON)
    with container.clock.override(providers.Object(clock)):
        async with serving(container) as client:
            former = await as_subscriber(client, "ann")
            assert (await client.get("/api/v1/inbox", headers=former)).status_code == 200
            (await client.delete("/api/v1/subscribers/ann")).raise_for_status()
            clock.advance(120)
            present = await as_subscriber(client, "ann")

            asked = [
                (await client.get("/api/v1/inbox", headers=former)).status_code,
                (await client.get("/api/v1/inbox/count", headers=former)).status_code,
                (await client.post("/api/v1/inbox/read-all", headers=former)).status_code,
                (await client.get("/sse/notifications", headers=former)).status_code,
            ]
            assert asked == [401, 401, 401, 401]
            assert (await client.get("/api/v1/inbox", headers=present)).status_code == 200
