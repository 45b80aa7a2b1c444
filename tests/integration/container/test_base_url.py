"""Where people reach an installation, told wherever it is told at all (APP_BASE_URL)."""

from pathlib import Path

from app.bootstrap.banner import banner
from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from app.http.openapi import openapi_document
from tests.integration.container.built import settings_of

HERE = "http://127.0.0.1:8000"
PUBLIC = "https://notify.example.com/carillon"


def test_banner_names_where_people_come_when_that_is_not_where_it_listens(tmp_path: Path) -> None:
    lines = banner(settings_of(tmp_path, APP_BASE_URL=f"{PUBLIC}/"), HERE, everything=True).splitlines()

    assert lines[:4] == [
        f"Carillon is ready at {HERE}",
        f"  people   {PUBLIC}/",
        f"  health   {HERE}/health",
        f"  docs     {PUBLIC}/docs",
    ]


def test_banner_names_one_address_when_there_is_no_other(tmp_path: Path) -> None:
    text = banner(settings_of(tmp_path), HERE, everything=True)

    assert "people" not in text
    assert f"  docs     {HERE}/docs\n" in text


def test_contract_names_the_server_when_people_reach_it_elsewhere(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, APP_BASE_URL=PUBLIC)

    assert openapi_document(create_app(build_container(settings)))["servers"] == [{"url": PUBLIC}]
