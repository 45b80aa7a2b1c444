"""Contact points of subscribers, from the request to what can be read."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.e2e.http.conftest import BACKEND

ADA = "/api/v1/subscribers/ada"
PIGEON = {"channels": {"pigeon": {"loft": "7"}, "push": {"tokens": "t"}}}
PATHS = ["channels.pigeon", "channels.push.tokens"]
KNOWN = {
    "push": {"tokens": ["t1"]},
    "webpush": {"subscriptions": [{"endpoint": "https://push.example.com/1", "keys": {"auth": "a", "p256dh": "p"}}]},
    "telegram": {"chatId": "7"},
    "whatsapp": {"phone": "+49151"},
}


def paths(problem: Any) -> list[str]:
    return [error["path"] for error in problem["errors"]]


async def put(client: AsyncClient, body: Any) -> Response:
    return await client.put(ADA, json=body, headers=BACKEND)


async def test_subscriber_is_refused_when_a_channel_is_not_known(client: AsyncClient) -> None:
    refused = await put(client, PIGEON)
    assert (refused.status_code, refused.json()["code"], paths(refused.json())) == (422, "request.invalid", PATHS)
    assert (await client.get(ADA, headers=BACKEND)).status_code == 404

    await put(client, {})
    patched = await client.patch(ADA, json=PIGEON, headers=BACKEND)
    assert (patched.status_code, paths(patched.json())) == (422, PATHS)


async def test_item_of_a_bulk_is_refused_when_its_channel_is_not_known(client: AsyncClient) -> None:
    body = {"subscribers": [{"subscriberId": "ada", **PIGEON}, {"subscriberId": "bob"}]}
    refused, made = (await client.post("/api/v1/subscribers/bulk", json=body, headers=BACKEND)).json()["data"]

    assert (refused["statusCode"], paths(refused["error"]), made["statusCode"]) == (422, PATHS, 201)


@pytest.mark.parametrize("channel", KNOWN)
async def test_contact_point_is_read_back_when_its_channel_is_known(client: AsyncClient, channel: str) -> None:
    made = await put(client, {"channels": {channel: KNOWN[channel]}})

    assert (made.status_code, made.json()["data"]["channels"]) == (201, {channel: KNOWN[channel]})


async def test_secret_stays_secret_when_a_chat_service_has_one(client: AsyncClient) -> None:
    services = ("slack", "discord", "teams")
    made = await put(
        client, {"channels": {name: {"webhookUrl": f"https://{name}.example.com/T/x"} for name in services}}
    )

    assert made.json()["data"]["channels"] == {name: {} for name in services}
