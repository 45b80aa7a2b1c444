"""Scopes and settings of a module that is off: granted to nobody, and said to be without effect (ARC-15)."""

import asyncio
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from app.bootstrap.installation import install
from app.bootstrap.modules import MODULES
from app.cli.config import run_config
from app.http.openapi import openapi_document
from application.identity.authenticate_caller import Scheme
from container import Container
from domain.identity.errors import InsufficientScope
from domain.identity.principal import Principal
from domain.identity.scopes import Scope
from infrastructure.config.settings import Settings
from tests.integration.container.built import settings_of

OFF: Mapping[str, set[Scope]] = {
    module.name: set(module.scopes) for module in MODULES if module.scopes and not module.required
}


def without(name: str) -> str:
    return ",".join(module.name for module in MODULES if module.name != name)


def administrator(container: Container) -> Principal:
    """Who shows the key of the first start."""

    async def show() -> Principal:
        installed = await install(container)
        assert installed is not None
        return await container.authenticate_caller()(Scheme.API_KEY, installed.generated_api_key or "")

    return asyncio.run(show())


@pytest.mark.parametrize("name", OFF)
def test_key_of_the_administrator_has_all_but_its_scopes_when_a_module_is_off(name: str, tmp_path: Path) -> None:
    caller = administrator(build_container(settings_of(tmp_path, MODULES_ENABLED=without(name))))

    for scope in set(Scope) - OFF[name] - {Scope.ALL}:
        caller.require(scope)
    for scope in OFF[name]:
        with pytest.raises(InsufficientScope):
            caller.require(scope)


def test_key_of_the_administrator_has_every_scope_when_all_modules_are_on(tmp_path: Path) -> None:
    assert administrator(build_container(settings_of(tmp_path))).scopes == {Scope.ALL}


@pytest.mark.parametrize("name", OFF)
def test_contract_tells_of_the_scopes_there_are_when_a_module_is_off(name: str, tmp_path: Path) -> None:
    container = build_container(settings_of(tmp_path, MODULES_ENABLED=without(name)))
    document = openapi_document(create_app(container))

    told = document["components"]["securitySchemes"]["ApiKey"]["description"]
    asked = {
        scope
        for path in document["paths"].values()
        for operation in path.values()
        for each in operation.get("security", [])
        for scope in each.get("ApiKey", [])
    }
    assert {scope for scope in Scope if f"`{scope}`" in told} == set(Scope) - OFF[name]
    assert asked <= set(Scope) - OFF[name]


def test_each_scope_has_one_module_when_they_are_all_on() -> None:
    assert sorted(scope for module in MODULES for scope in module.scopes) == sorted(Scope)


def test_each_section_has_one_module_or_belongs_to_the_process_when_they_are_listed() -> None:
    sections = [section for module in MODULES for section in module.settings]

    assert len(sections) == len(set(sections))
    process = set(Settings.__struct_fields__) - set(sections)
    assert process == {"app", "http", "log", "docs", "redis", "broker", "warnings", "given"}


def test_start_warns_of_each_written_key_when_its_module_is_off(tmp_path: Path) -> None:
    written = {"SSE_PING_INTERVAL": "5", "HEALTH_DISK_MIN_FREE": "1", "QUEUE_PREFIX": "x"}
    settings = settings_of(tmp_path, MODULES_ENABLED=without("realtime"), **written)

    assert build_container(settings).settings().warnings == (
        "REALTIME_DRIVER has no effect: module realtime is off",
        "SSE_PING_INTERVAL has no effect: module realtime is off",
    )
    assert build_container(settings_of(tmp_path, **written)).settings().warnings == ()


def shown(folder: Path, environment: Mapping[str, str]) -> tuple[set[str], str]:
    out, err = io.StringIO(), io.StringIO()
    assert run_config("show", environment, folder, out, err) == 0
    return {line.split()[0] for line in out.getvalue().splitlines()}, err.getvalue()


def test_its_keys_are_left_out_and_told_when_the_configuration_is_shown_and_a_module_is_off(tmp_path: Path) -> None:
    provider = {
        "NOTIFY_EMAIL_PROVIDERS": "relay-a",
        "PROVIDER__RELAY_A__DRIVER": "smtp",
        "PROVIDER__RELAY_A__HOST": "a.example.com",
    }
    whole, silence = shown(tmp_path, provider)
    rest, warnings = shown(tmp_path, {**provider, "MODULES_ENABLED": without("notifications")})

    left_out = whole - rest
    assert {key.split("_")[0] for key in left_out} == {
        "NOTIFICATIONS", "NOTIFY", "INTAKE", "WEBHOOK", "MAIL", "SMTP", "EGRESS", "PROVIDER",
    }  # fmt: skip
    assert rest < whole
    assert silence == ""
    assert warnings.splitlines() == [
        f"warning: {key} has no effect: module notifications is off" for key in sorted(provider)
    ]
