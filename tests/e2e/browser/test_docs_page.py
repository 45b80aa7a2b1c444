"""The documentation of the API in a browser: without the internet, under its own policy (DOC-01 to DOC-03)."""

import pytest
from playwright.async_api import BrowserContext, Page, Request, expect

from tests.e2e.processes import AppProcess, Installation

pytestmark = pytest.mark.browser


async def opened(context: BrowserContext, server: AppProcess, complaints: list[str], asked: list[str]) -> Page:
    def ask(request: Request) -> None:
        asked.append(request.url)

    page = await context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", ask)
    await page.goto(f"{server.base_url}/docs")
    return page


async def test_draws_every_operation_and_asks_nobody_else_when_it_is_opened(
    context: BrowserContext, server: AppProcess
) -> None:
    complaints: list[str] = []
    asked: list[str] = []

    page = await opened(context, server, complaints, asked)

    document = await (await context.request.get(f"{server.base_url}/openapi.json")).json()
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    await expect(page.locator("details")).to_have_count(len(operations))
    await expect(page.locator("#contents a")).to_have_text([tag["name"] for tag in document["tags"]])
    assert complaints == []
    assert all(url.startswith(server.base_url) for url in asked)


async def test_sends_with_the_key_that_was_typed_when_an_operation_is_tried(
    context: BrowserContext, server: AppProcess, shared: Installation
) -> None:
    page = await opened(context, server, [], [])
    operation = page.locator("#sendNotification")
    await operation.locator("summary").click()

    await operation.get_by_role("button", name="Send").click()
    await expect(operation.locator(".outcome")).to_contain_text("401")
    await page.get_by_label("API key").fill(shared.api_key)
    await page.reload()
    await operation.locator("summary").click()
    await operation.get_by_role("button", name="Send").click()

    await expect(operation.locator(".outcome")).to_contain_text("202")
    await expect(operation.locator(".inside > pre")).to_contain_text('"transactionId": "parcel-42-shipped"')
