"""What docker/ says, as far as it can be judged without an engine."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]
from msgspec import Struct

from app.cli.parser import build_parser
from app.http.version import VERSION
from docker.scale import DOCKERFILE, HERE, IMAGE_PORT, NGINX, Unset, free_port, nginx_conf, services
from infrastructure.config.catalogue import catalogue
from infrastructure.config.checks import refuse_shared_memory
from infrastructure.config.loader import load_settings
from infrastructure.config.parsers import seconds
from infrastructure.config.settings import Settings
from tests.architecture.dockerfile import stages
from tests.architecture.source import ROOT

BUILD, IMAGE = stages(DOCKERFILE)
COMPOSE_FILES = ("compose.embedded.yml", "compose.scale.yml")
GIVEN = {"AUTH_SECRET": "bm90IGEgc2VjcmV0LCBhIHRlc3Qgb2YgdHdvIHNlcnZlcnM=", "POSTGRES_PASSWORD": "letters1"}
NON_ROOT = "10001:10001"


class Healthcheck(Struct, forbid_unknown_fields=True):
    test: Sequence[str] = ()
    interval: str = ""
    timeout: str = ""
    retries: int = 3
    disable: bool = False


class Dependency(Struct, forbid_unknown_fields=True):
    condition: Literal["service_healthy", "service_completed_successfully", "service_started"]
    restart: bool = False


class Build(Struct, forbid_unknown_fields=True):
    context: str
    dockerfile: str


class EnvFile(Struct, forbid_unknown_fields=True):
    path: str
    required: bool = True


class Deploy(Struct, forbid_unknown_fields=True):
    replicas: int


class Address(Struct, forbid_unknown_fields=True):
    ipv4_address: str


class Service(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is used of the Compose Specification; a misspelt key is an unknown field."""

    image: str
    build: Build | None = None
    command: Sequence[str] = ()
    entrypoint: Sequence[str] = ()
    environment: dict[str, str] = {}
    env_file: Sequence[EnvFile] = ()
    depends_on: dict[str, Dependency] = {}
    ports: Sequence[str] = ()
    volumes: Sequence[str] = ()
    networks: dict[str, Address] = {}
    tmpfs: Sequence[str] = ()
    deploy: Deploy | None = None
    healthcheck: Healthcheck | None = None
    read_only: bool = False
    init: bool = False
    user: str = ""
    cap_drop: Sequence[str] = ()
    security_opt: Sequence[str] = ()
    stop_signal: str = ""
    stop_grace_period: str = "10s"
    restart: Literal["no", "always", "on-failure", "unless-stopped"] = "no"

    @property
    def is_carillon(self) -> bool:
        return self.image == f"carillon:{VERSION}"


def compose(name: str) -> dict[str, Any]:  # Any: a file of YAML
    return dict(yaml.safe_load((HERE / name).read_text("utf-8")))


def services_of(name: str) -> dict[str, Service]:
    return msgspec.convert(compose(name)["services"], dict[str, Service])


SCALE = services_of("compose.scale.yml")


def test_image_runs_as_nobody_in_particular_when_it_starts() -> None:
    names = [each.name for each in IMAGE.instructions]

    assert BUILD.base == IMAGE.base == "python:3.11-slim-bookworm"
    assert IMAGE.last("USER").text == NON_ROOT
    assert "RUN" not in names
    assert not {"ADD", "ARG"} & {*names, *(each.name for each in BUILD.instructions)}
    assert IMAGE.last("STOPSIGNAL").text == "SIGTERM"
    assert IMAGE.last("ENTRYPOINT").words == ["python", "-m", "app"]
    assert IMAGE.last("EXPOSE").text == str(IMAGE_PORT)
    assert IMAGE.last("HEALTHCHECK").text.endswith('CMD ["python", "healthcheck.py"]')


def test_image_says_which_version_it_is_and_holds_no_secret() -> None:
    environment = IMAGE.pairs("ENV")

    assert IMAGE.pairs("LABEL")["org.opencontainers.image.version"] == VERSION
    assert set(environment) & set(catalogue()) == {"APP_HOST", "DATA_DIR"}
    assert set(environment) - set(catalogue()) == {"HOME", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    assert environment["DATA_DIR"] == IMAGE.last("VOLUME").text == "/data"


def test_everything_of_the_product_is_copied_and_nothing_else_reaches_the_build() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {word for each in BUILD.all("COPY") for word in each.words[:-1]}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert let_in == copied
    assert {*wheel["packages"], *wheel["force-include"]} < copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_containers_can_write_nothing_but_their_data_when_they_run_carillon(name: str) -> None:
    found = [each for each in services_of(name).values() if each.is_carillon]
    sealed = {(each.read_only, *each.tmpfs, *each.cap_drop, *each.security_opt, *each.volumes) for each in found}

    assert sealed == {(True, "/tmp", "ALL", "no-new-privileges:true", "data:/data")}  # noqa: S108
    assert all(each.init and each.build == Build("..", "docker/Dockerfile") for each in found)


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_what_a_service_refers_to_is_there_when_it_starts(name: str) -> None:
    written, found = compose(name), services_of(name)

    for service in found.values():
        volumes = {volume.partition(":")[0] for volume in service.volumes}
        assert {each for each in volumes if not each.startswith(".")} <= set(written["volumes"])
        assert all((HERE / each).is_file() for each in volumes if each.startswith("."))
        for other, dependency in service.depends_on.items():
            checked = found[other].healthcheck or found[other].is_carillon
            assert dependency.condition != "service_healthy" or checked, other
        if service.is_carillon:
            build_parser().parse_args(service.command)


def settings(service: str) -> Settings:
    given = {key: value for key, value in GIVEN.items() if key != "POSTGRES_PASSWORD"}
    return load_settings({**given, **services(GIVEN)[service]["environment"]}, Path("nowhere"))


@pytest.mark.parametrize("name", [name for name, service in SCALE.items() if service.is_carillon])
def test_settings_are_accepted_in_production_when_compose_gives_them(name: str) -> None:
    found = settings(name)

    refuse_shared_memory(found)
    assert (found.app.env, found.database.driver, found.database.auto_migrate) == ("production", "postgres", False)
    assert (found.queue.driver, found.realtime.driver) == ("redis", "redis")
    assert urlsplit(found.queue.redis_url).hostname in SCALE
    assert seconds(SCALE[name].stop_grace_period) > found.app.shutdown_timeout


@pytest.mark.parametrize("missing", sorted(GIVEN))
def test_nothing_starts_when_a_secret_was_not_chosen(missing: str) -> None:
    with pytest.raises(Unset, match=missing):
        services({key: value for key, value in GIVEN.items() if key != missing})


def test_two_servers_two_workers_and_a_scheduler_start_after_the_migration() -> None:
    after = {name for name, service in SCALE.items() if "migrate" in service.depends_on}
    parts = [
        *(" ".join(each.command) for each in SCALE.values() if each.is_carillon and each.deploy is None),
        *(" ".join(each.command) for each in SCALE.values() if each.deploy for _ in range(each.deploy.replicas)),
    ]

    assert sorted(parts) == ["db upgrade", "scheduler", "serve", "serve", "worker", "worker"]
    assert after == {name for name, service in SCALE.items() if service.is_carillon} - {"migrate"}
    assert {name for name, service in SCALE.items() if service.ports} == {"nginx"}


def test_nginx_alone_is_believed_when_it_says_who_called() -> None:
    [network] = compose("compose.scale.yml")["networks"]["default"]["ipam"]["config"]
    address = SCALE["nginx"].networks["default"].ipv4_address

    assert settings("api-1").app.trusted_proxies == (f"{address}/32",)
    assert ip_address(address) in ip_network(network["subnet"])
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in NGINX.read_text()


def test_nginx_knows_every_server_and_has_more_patience_than_they_have() -> None:
    text, found = NGINX.read_text(), settings("api-1")
    [_, streams] = re.split(r"location ~ \S*sse\S* \{", text)
    [timeout] = re.findall(r"^    proxy_read_timeout (\w+);", text, re.MULTILINE)
    [stream_timeout] = re.findall(r"proxy_read_timeout (\w+);", streams)
    [_, idle] = re.findall(r"keepalive_timeout (\w+);", text)

    assert set(re.findall(r"server (\S+):8000", text)) == {n for n, each in SCALE.items() if each.command == ["serve"]}
    assert seconds(timeout) > found.app.request_timeout
    assert seconds(stream_timeout) > 2 * found.sse.ping_interval
    assert "proxy_buffering off;" in streams.partition("}")[0]
    assert seconds(idle) < 75  # KEEP_ALIVE_SECONDS of the server, whose module loads half of the product


@pytest.mark.service
def test_nginx_accepts_its_configuration_when_the_servers_are_known(tmp_path: Path) -> None:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("nginx is not installed")
    path = tmp_path / "nginx.conf"
    path.write_text(nginx_conf({"api-1": free_port(), "api-2": free_port()}, free_port(), tmp_path))

    ran = subprocess.run([program, "-t", "-c", path], capture_output=True, text=True, check=False)

    assert (ran.returncode, "warn" in ran.stderr) == (0, False), ran.stderr
