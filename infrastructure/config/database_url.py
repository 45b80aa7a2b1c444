"""`DATABASE_URL` in the spellings people use, and the one spelling that SQLAlchemy's async engines take."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from infrastructure.config.drivers import DATABASE
from infrastructure.config.problems import Unacceptable
from infrastructure.config.section import MASK

MEMORY = "memory://"
SQLITE = "sqlite+aiosqlite:///"
ASYNC_SCHEMES = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "memory": "memory",
}
_DRIVERS = {scheme: driver for driver, scheme in ASYNC_SCHEMES.items()}


def database_url(text: str) -> str:
    """Normalises the address; a relative SQLite path stays relative until `anchored`."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise Unacceptable("must be an address such as sqlite:///data/carillon.db or memory://")
    driver = DATABASE(scheme.partition("+")[0])
    if driver == "memory":
        return _memory(rest)
    return _sqlite(rest) if driver == "sqlite" else f"{ASYNC_SCHEMES[driver]}://{_with_ssl(rest)}"


def _memory(rest: str) -> str:
    if rest.strip("/"):
        raise Unacceptable("must be exactly memory:// for the in-memory database")
    return MEMORY


def _sqlite(rest: str) -> str:
    path = rest.removeprefix("/")
    if path in {"", ":memory:"}:
        raise Unacceptable("must name a file: each connection of sqlite:// would see its own data; or use memory://")
    if not rest.startswith("/"):
        raise Unacceptable("must have three slashes before a relative path and four before an absolute one")
    return SQLITE + path


def _with_ssl(rest: str) -> str:
    """libpq's name of the option, which people copy from their provider's page, is `ssl` for the driver."""
    address, mark, options = rest.partition("?")
    named = [f"ssl={option[8:]}" if option.startswith("sslmode=") else option for option in options.split("&")]
    return address + mark + "&".join(named)


def anchored(url: str, directory: Path) -> str:
    """The address with an absolute path, should it be a file; relative ones start from `directory`."""
    path = sqlite_path(url)
    return url if path is None else f"{SQLITE}{directory / path}"


def sqlite_path(url: str) -> Path | None:
    """The database file, or None when the address is not SQLite's."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def driver_of(url: str) -> str:
    """`sqlite`, `memory`, `postgres` or `mysql`, from a normalised address."""
    return _DRIVERS[url.partition("://")[0]]


def password_hidden(url: str) -> str:
    """The address as it may be shown: without its password and its options, which may hold one."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    return urlunsplit((parts.scheme, f"{user}:{MASK}@{parts.netloc.rpartition('@')[2]}", parts.path, "", ""))
