"""A module that MODULES_ENABLED does not name is not there: no route, no job, no reaction (ARC-15, ARC-26)."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.routes import HTTPRoute

from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from app.bootstrap.modules import MODULES, Module
from app.http.openapi import openapi_document
from application.shared.job_spec import spec_of
from application.shared.reaction import Reaction
from container import Container
from infrastructure.config.problems import ConfigurationError
from tests.integration.container.built import settings_of

OPTIONAL = [module for module in MODULES if not module.required]
# Only there is the page at `/`.
ON_MY_MACHINE = {
    "APP_ENV": "local",
    "AUTH_SECRET": "a secret that is long enough for the tests",
    "DATABASE_URL": "memory://",
    "QUEUE_DRIVER": "memory",
    "REALTIME_DRIVER": "memory",
}
PARAMETER = re.compile(r"\{[^}]*\}")
# Pages for people on this machine: not part of the contract.
UNDOCUMENTED = {"demo", "metrics"}
# What is served below another module's paths, with its scopes, is not there without it.
STANDS_ON = {"preferences": "subscribers"}


def enabled(folder: Path, modules: Iterable[Module]) -> Container:
    names = ",".join(module.name for module in modules)
    return build_container(settings_of(folder, **ON_MY_MACHINE, MODULES_ENABLED=names))


def routes_of(app: Litestar) -> set[tuple[str, str]]:
    """Every method and path, without the names of the parameters: the contract spells them in its own way."""
    return {
        (str(method), PARAMETER.sub("{}", route.path_format))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }


def documented(app: Litestar) -> set[tuple[str, str]]:
    """The same as OpenAPI has it."""
    items = openapi_document(app)["paths"].items()
    return {(method.upper(), PARAMETER.sub("{}", path)) for path, item in items for method in item}


def reactions_of(container: Container) -> list[Reaction]:
    return [each for group in container.reactions().by_event.values() for each in group]


@pytest.mark.parametrize("module", OPTIONAL, ids=lambda module: module.name)
def test_nothing_of_a_module_is_there_when_it_is_not_named(module: Module, tmp_path: Path) -> None:
    others = [each for each in MODULES if each is not module]
    below = [each for each in MODULES if each.required or each.name == STANDS_ON.get(module.name)]
    alone = [each for each in MODULES if each in below or module.name in (each.name, STANDS_ON.get(each.name))]
    rest, own, all_of_them = (enabled(tmp_path, each) for each in (others, alone, MODULES))
    app, own_app, whole = (create_app(each) for each in (rest, own, all_of_them))
    required = enabled(tmp_path, below)

    belonging = routes_of(own_app) - routes_of(create_app(required))
    assert belonging, f"{module.name} serves nothing"
    assert routes_of(app) == routes_of(whole) - belonging
    assert documented(app) == documented(whole) - belonging
    assert (belonging & documented(whole) == set()) == (module.name in UNDOCUMENTED)
    jobs = set(own.job_registry()) - set(required.job_registry())
    assert len(jobs) == len(module.jobs)
    assert set(rest.job_registry()) == set(all_of_them.job_registry()) - jobs
    assert set(reactions_of(rest)) == set(reactions_of(all_of_them)) - set(module.reactions)


@pytest.mark.parametrize("module", OPTIONAL, ids=lambda module: module.name)
async def test_routes_of_a_module_are_answered_404_when_it_is_not_named(module: Module, tmp_path: Path) -> None:
    whole = create_app(enabled(tmp_path, MODULES))
    app = create_app(enabled(tmp_path, [each for each in MODULES if each is not module]))
    transport = ASGITransport(app, client=("127.0.0.1", 50_000))  # type: ignore[arg-type] # two words for ASGI

    async with AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        gone = sorted(routes_of(whole) - routes_of(app))
        answers = [await client.request(method, path) for method, path in gone]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "request.not_found")}


def test_jobs_of_every_module_are_in_the_registry_when_all_are_enabled(tmp_path: Path) -> None:
    container = build_container(settings_of(tmp_path))

    entries = container.job_registry()

    assert sum(len(module.jobs) for module in MODULES) == len(entries) > 4
    assert all(spec_of(type(entry.handler())) is entry.spec for entry in entries.values())


@pytest.mark.parametrize("names", ["tenancy,identity,jobs,pigeons", "notifications"])
def test_container_is_refused_when_the_modules_make_no_sense(names: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="MODULES_ENABLED"):
        build_container(settings_of(tmp_path, MODULES_ENABLED=names))
