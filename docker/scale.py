#!/usr/bin/env python3
"""The scale topology without containers: what compose.scale.yml says, as processes of this machine behind NGINX.

    export AUTH_SECRET=$(openssl rand -base64 48) DATABASE_URL=postgresql://user:password@127.0.0.1/carillon
    export REDIS_URL=redis://127.0.0.1:6379/0
    .venv/bin/python docker/scale.py --port 8000

Commands and settings are those of the compose file and of the Dockerfile; only addresses and folders differ. Servers of
others (PostgreSQL, Redis) have to run already. Needs `nginx` on the PATH. Ends everything on SIGTERM and Ctrl-C.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import yaml  # type: ignore[import-untyped]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COMPOSE = HERE / "compose.scale.yml"
NGINX = HERE / "nginx.conf"
DOCKERFILE = HERE / "Dockerfile"
IMAGE_PORT, NGINX_PORT = 8000, 8080
LISTENS = "serve"
# `$$` is a dollar; `${KEY:-default}` and `${KEY:?message}` ask for KEY.
VARIABLE = re.compile(r"\$\$|\$\{(?P<key>\w+)(?::(?P<how>[-?])(?P<text>[^}]*))?\}")
READY_SECONDS = 90.0
END_SECONDS = 30.0
POLL_SECONDS = 0.1


class Unset(Exception):
    """The compose file asks for a variable that is not set"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process: `port` where it listens, else None."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """`migrate` ends before the others start; `nginx` listens on `port`."""

    port: int
    migrate: Part
    parts: Sequence[Part]
    nginx: Part


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables filled in, as Compose does it. Raises Unset."""

    def value(match: re.Match[str]) -> str:
        if match["key"] is None:
            return "$"
        if found := variables.get(match["key"]):
            return found
        if match["how"] == "?":
            raise Unset(f"{match['key']}: {match['text']}")
        return match["text"] or ""

    return VARIABLE.sub(value, text)


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:  # Any: what a service says is YAML
    """The services of the compose file that run Carillon's image, with the values of their environment filled in."""
    written = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    return {
        name: {
            **service,
            "environment": {key: interpolated(str(value), variables) for key, value in service["environment"].items()},
        }
        for name, service in written.items()
        if str(service["image"]).startswith("carillon:")
    }


def entrypoint() -> list[str]:
    """What the image starts."""
    [written] = re.findall(r"^ENTRYPOINT (\[.*\])$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    return [str(word) for word in json.loads(written)]


def topology(folder: Path, variables: Mapping[str, str], port: int) -> Topology:
    """What is to be started; all processes keep their files in `folder`. Raises Unset.

    Of `variables`, all that is no variable of the compose file is given on to Carillon, as from docker/.env.
    """
    found = services({"POSTGRES_PASSWORD": "unused", **variables})
    parts: list[Part] = []
    for name, service in found.items():
        number = int(service.get("deploy", {}).get("replicas", 1))
        names = [f"{name}-{each}" for each in range(1, number + 1)] if number > 1 else [name]
        parts += [_part(each, service, folder, variables) for each in names]
    [migrate] = [part for part in parts if part.name == "migrate"]
    servers = {part.name: part.port for part in parts if part.port}
    return Topology(
        port=port,
        migrate=migrate,
        parts=[part for part in parts if part is not migrate],
        nginx=_nginx(folder, servers, port),
    )


def _part(name: str, service: Mapping[str, Any], folder: Path, variables: Mapping[str, str]) -> Part:
    port = free_port() if service["command"] == [LISTENS] else None
    here = {
        "APP_HOST": "127.0.0.1",
        "APP_PORT": str(port or IMAGE_PORT),
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": interpolated("${DATABASE_URL:?the address of a PostgreSQL database}", variables),
        "REDIS_URL": interpolated("${REDIS_URL:-redis://127.0.0.1:6379/0}", variables),
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    _, *arguments = entrypoint()
    command = [sys.executable, *arguments, *service["command"]]
    environment = {**variables, **service["environment"], **here}
    return Part(name=name, command=command, environment=environment, port=port)


def _nginx(folder: Path, servers: Mapping[str, int], port: int) -> Part:
    path = folder / "nginx.conf"
    path.write_text(nginx_conf(servers, port, folder), "utf-8")
    program = shutil.which("nginx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin") or "nginx"
    # Started by root, its workers would be nobody, who may not write into this folder.
    directives = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
    command = [program, "-e", "stderr", "-p", str(folder), "-c", str(path), "-g", directives]
    return Part(name="nginx", command=command, environment={"PATH": os.defpath}, port=port)


def nginx_conf(servers: Mapping[str, int], port: int, folder: Path) -> str:
    """The configuration with its addresses and folders on this machine."""
    text = NGINX.read_text("utf-8")
    changes = {f"server {name}:{IMAGE_PORT} ": f"server 127.0.0.1:{at} " for name, at in servers.items()}
    changes[f"listen {NGINX_PORT};"] = f"listen 127.0.0.1:{port};"
    for old, new in changes.items():
        assert text.count(old) == 1, f"{NGINX.name} should say {old!r} once"
        text = text.replace(old, new)
    return text.replace(" /run/nginx/", f" {folder}/")


def free_port() -> int:
    """A port that nothing listens on. Below those that systems give to outgoing connections."""
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@contextmanager
def running(plan: Topology, folder: Path) -> Iterator[Mapping[str, "subprocess.Popen[bytes]"]]:
    """Migrate, start everything, and end it in the reverse order, by force when that takes too long."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    subprocess.run(plan.migrate.command, env=dict(plan.migrate.environment), cwd=folder, check=True)  # noqa: S603
    try:
        for part in [*plan.parts, plan.nginx]:
            started[part.name] = subprocess.Popen(  # noqa: S603
                part.command, env=dict(part.environment), cwd=folder, start_new_session=True
            )
            if part.port:
                # As the compose file has it: the second server waits for the first, and NGINX for both.
                wait_until_ready(f"http://127.0.0.1:{part.port}/health/ready", started[part.name])
        yield started
    finally:
        for process in reversed(started.values()):
            process.send_signal(signal.SIGTERM)
        for process in started.values():
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers 200. Raises TimeoutError, also when the process has ended."""
    opener, deadline = build_opener(ProxyHandler({})), time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{url} does not get ready")


def main() -> int:
    """Run it until told to end; 0 then, 1 when a process ended by itself."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000, help="where NGINX listens, on this machine only")
    parser.add_argument("--folder", type=Path, default=Path("data/scale"), help="for files and logs")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _end)
    try:
        plan = topology(folder, os.environ, arguments.port)
        with running(plan, folder) as processes:
            sys.stdout.write(f"The scale topology is ready at http://127.0.0.1:{plan.port}\n")
            sys.stdout.flush()
            while all(process.poll() is None for process in processes.values()):
                time.sleep(POLL_SECONDS)
        return 1
    except KeyboardInterrupt:
        return 0
    except (Unset, TimeoutError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"scale: {error}\n")
        return 1


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
