"""The process itself: who it is, where it listens, where it keeps its files."""

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from infrastructure.config.parsers import cidrs, http_url, seconds
from infrastructure.config.section import Section, key

# Beyond the cores of a large machine; each costs memory and connections to the database.
MOST_PROCESSES = 64


class Environment(StrEnum):
    """The six deployments that a configuration can be for."""

    LOCAL = "local"
    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    UAT = "uat"
    PRODUCTION = "production"

    @property
    def in_development(self) -> bool:
        """Whether nobody but developers depends on it."""
        return self in (Environment.LOCAL, Environment.DEVELOPMENT, Environment.TEST)


class AppSettings(Section, frozen=True, kw_only=True):
    """Application"""

    name: Annotated[str, key("APP_NAME", "Stands in page titles, log lines and documentation.", max_length=60)] = (
        "Carillon"
    )
    env: Annotated[
        Environment, key("APP_ENV", "Which deployment this is; decides several defaults and what is refused.")
    ] = Environment.LOCAL
    host: Annotated[
        str,
        key(
            "APP_HOST",
            "Only this machine reaches the server until you open it, e.g. with 0.0.0.0.",
            expects="a host name or an address",
            pattern=r"^[^\s/]{1,255}$",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, key("APP_PORT", "0 lets the system choose a free port.", ge=0, le=65_535)] = 8000
    processes: Annotated[
        int,
        key(
            "APP_PROCESSES",
            "How many processes `serve` (one port for all) and `worker` run; each has its own pools, limits and caps.",
            ge=1,
            le=MOST_PROCESSES,
        ),
    ] = 1
    base_url: Annotated[
        str | None,
        key(
            "APP_BASE_URL",
            "Address that people reach this installation under: for OpenAPI and the banner; https pins browsers.",
            parse=http_url,
            expects="an address such as https://notify.example.com",
        ),
    ] = None
    data_dir: Annotated[
        Path, key("DATA_DIR", "Holds the embedded database, wake-up files, secrets and logs.", default="./data")
    ]
    external_base_path: Annotated[
        Path,
        key("FILE_EXTERNAL_BASE_PATH", "Root of the folder for jobs, e.g. a volume.", default="<DATA_DIR>"),
    ]
    modules_enabled: Annotated[
        frozenset[str] | None, key("MODULES_ENABLED", "Business modules to serve; all of them when not set.")
    ] = None
    shutdown_timeout: Annotated[
        float,
        key(
            "SHUTDOWN_TIMEOUT",
            "Time to drain streams and sends after SIGTERM; orchestrators kill after 30 s, this stays well below.",
            parse=seconds,
            ge=0.1,
            le=300,
        ),
    ] = 10.0
    request_timeout: Annotated[
        float,
        key(
            "REQUEST_TIMEOUT",
            "A request that takes longer is answered 504; proxies give up after 60 s, this comes first.",
            parse=seconds,
            ge=0.1,
            le=600,
        ),
    ] = 30.0
    trusted_proxies: Annotated[
        tuple[str, ...],
        key(
            "TRUSTED_PROXIES",
            "Networks whose X-Forwarded-For is believed; nobody's by default.",
            parse=cidrs,
            expects="networks such as 10.0.0.0/8",
        ),
    ] = ()
    max_body_size: Annotated[
        int,
        key(
            "MAX_BODY_SIZE",
            "Bytes; room for 1,000 recipients beside a payload of 256 kB, and little for a flood.",
            ge=1_024,
            le=67_108_864,
        ),
    ] = 1_048_576

    @property
    def on_loopback(self) -> bool:
        """True when only this machine can connect."""
        return is_loopback(self.host)

    @property
    def demo_page(self) -> bool:
        """Whether the page at `/` exists: it hands out tokens, so only to the developer of this very machine."""
        return self.env is Environment.LOCAL and self.on_loopback


def is_loopback(host: str) -> bool:
    """True for `localhost` and loopback addresses; no name is looked up."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
