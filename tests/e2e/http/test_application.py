"""The application as a whole: modules, overrides, and what the settings decide (ARC-15)."""

from pathlib import Path

import pytest
from dependency_injector import providers
from httpx import AsyncClient

from app.bootstrap.modules import MODULES, enabled_modules
from app.http.openapi import openapi_document
from application.notifications.views import AcceptedView
from application.shared.idempotency import Answer
from application.shared.job_spec import spec_of
from application.shared.reaction import EVENT_ATTRIBUTE
from container import Container
from domain.identity.scopes import Scope
from infrastructure.config.problems import ConfigurationError
from infrastructure.config.settings import Settings
from infrastructure.observability.memory_log import MemoryLog
from tests.e2e.http.conftest import BACKEND, Carillon, start

REQUIRED = "tenancy,identity,jobs"
SENT = {"to": ["ada"], "content": {"title": "x"}}


def test_names_only_what_there_is_when_the_table_of_modules_is_read(carillon: Carillon) -> None:
    container = carillon.container
    sections = set(Settings.__struct_fields__)
    for module in MODULES:
        for name in (
            *module.use_cases,
            *module.jobs,
            *(part for each in module.facades.values() for part in each.parts),
        ):
            assert hasattr(container, name), name
        assert set(module.settings) <= sections
        assert all(hasattr(reaction, EVENT_ATTRIBUTE) for reaction in module.reactions)
        assert all(spec_of(getattr(Container, name).cls) for name in module.jobs)


def test_gives_every_scope_to_one_module_when_the_table_is_read() -> None:
    scopes = [scope for module in MODULES for scope in module.scopes]

    assert sorted(scopes) == sorted(Scope)


def test_serves_all_modules_when_none_is_named() -> None:
    assert enabled_modules(None) == MODULES


@pytest.mark.parametrize("missing", ["tenancy", "identity", "jobs"])
def test_refuses_to_start_when_a_module_is_left_out_that_others_need(missing: str) -> None:
    names = {"tenancy", "identity", "jobs", "notifications"} - {missing}

    with pytest.raises(ConfigurationError) as refusal:
        enabled_modules(names)

    assert str(refusal.value) == f"MODULES_ENABLED must name {missing} too: the others need it"


def test_refuses_to_start_when_a_module_is_not_known() -> None:
    with pytest.raises(ConfigurationError, match="MODULES_ENABLED names modules there are not"):
        enabled_modules({"tenancy", "identity", "jobs", "pigeons"})


@pytest.mark.parametrize(
    ("module", "path", "job"),
    [
        ("notifications", "/api/v1/notifications", "expand_notification"),
        ("subscribers", "/api/v1/subscribers", None),
        ("topics", "/api/v1/topics/news", None),
        ("preferences", "/api/v1/preferences/defaults", None),
        ("inbox", "/api/v1/inbox", "surface_item"),
        ("realtime", "/sse/notifications", None),
        ("health", "/health", None),
        ("demo", "/", None),
    ],
)
async def test_arc15_leaves_nothing_of_a_module_when_it_is_switched_off(
    tmp_path: Path, module: str, path: str, job: str | None
) -> None:
    others = ",".join(each.name for each in MODULES if each.name != module)
    with_it = await start(tmp_path)
    without = await start(tmp_path, MODULES_ENABLED=others)

    async with with_it.client() as here, without.client() as gone:
        served = await here.get(path, headers=BACKEND)
        refused = await gone.get(path, headers=BACKEND)
    assert (refused.status_code, refused.json()["code"]) == (404, "request.not_found")
    assert served.status_code != 404 or served.json()["code"] == "topics.not_found"
    assert not [each for each in openapi_document(without.app)["paths"] if each.startswith(path) and path != "/"]
    if job is not None:
        assert job in with_it.container.job_names()
        assert job not in without.container.job_names()


async def test_reaches_a_built_application_when_a_use_case_is_overridden(
    carillon: Carillon, client: AsyncClient
) -> None:
    view = AcceptedView(id=carillon.container.ids().new(), transaction_id="fake", status="accepted", recipients=None)

    async def fake(_command: object) -> Answer[AcceptedView]:
        return Answer(view)

    real = await client.post("/api/v1/notifications", json=SENT, headers=BACKEND)
    with carillon.container.send_notification.override(providers.Object(fake)):
        faked = await client.post("/api/v1/notifications", json=SENT, headers=BACKEND)
    back = await client.post("/api/v1/notifications", json=SENT, headers=BACKEND)

    assert faked.json()["data"]["transactionId"] == "fake"
    assert {real.status_code, back.status_code} == {202}
    assert back.json()["data"]["transactionId"] != "fake"


async def test_reaches_a_built_application_when_the_log_is_overridden(carillon: Carillon, client: AsyncClient) -> None:
    log = MemoryLog()

    with carillon.container.log.override(providers.Object(log)):
        await client.get("/api/v1/notifications", headers=BACKEND)

    [line] = log.lines("http.request")
    assert (line.fields["route"], line.fields["tenant_id"]) == ("/api/v1/notifications", "default")


async def test_cannot_be_given_a_use_case_by_a_query_parameter(client: AsyncClient) -> None:
    response = await client.get("/api/v1/notifications?find_notifications=evil", headers=BACKEND)

    assert response.json()["code"] == "request.unknown_parameter"


@pytest.mark.parametrize(
    ("changes", "path", "status"),
    [
        ({}, "/", 200),
        ({"APP_HOST": "0.0.0.0"}, "/", 404),
        ({"APP_ENV": "development"}, "/", 404),
        ({"APP_ENV": "development"}, "/demo/session", 404),
        ({}, "/docs", 200),
        ({"DOCS_ENABLED": "false"}, "/docs", 404),
        ({"DOCS_ENABLED": "false"}, "/openapi.json", 404),
        ({"DOCS_PATH": "/reference"}, "/reference", 200),
    ],
)
async def test_serves_pages_only_where_the_settings_say_so(
    tmp_path: Path, changes: dict[str, str], path: str, status: int
) -> None:
    carillon = await start(tmp_path, **changes)
    async with carillon.client() as client:
        assert (await client.get(path)).status_code == status


async def test_limits_by_default_and_not_when_it_is_switched_off(tmp_path: Path) -> None:
    limited = await start(tmp_path, ENABLE_RATE_LIMITING="true", RATE_LIMIT_DEFAULT="2/hour")
    async with limited.client() as client:
        answers = [await client.get("/api/v1/inbox") for _ in range(3)]
        known = await client.get("/api/v1/notifications", headers=BACKEND)

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert known.headers["RateLimit-Policy"] == '"api_key";q=1000;w=1'


async def test_refuses_a_key_within_seconds_when_it_is_revoked(carillon: Carillon, client: AsyncClient) -> None:
    reader = carillon.container.credential_reader()

    class Revoking:
        """Every key is revoked."""

        async def api_key(self, digest: str) -> object:
            key = await reader.api_key(digest)
            assert key is not None
            return key.revoke(carillon.container.clock().now())

    with carillon.container.credential_reader.override(providers.Object(Revoking())):
        response = await client.get("/api/v1/notifications", headers=BACKEND)

    assert (response.status_code, response.json()["code"]) == (401, "auth.invalid_credential")
