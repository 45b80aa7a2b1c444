"""Where settings are written: `.env`, then `.env.<APP_ENV>`, then the environment of the process; the last one wins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from infrastructure.config.app import Environment
from infrastructure.config.catalogue import ENV_KEY
from infrastructure.config.dotenv import parse_dotenv
from infrastructure.config.problems import Problem, Unacceptable

# A settings file of more than this is something else that lies in its place; reading it could take for ever.
LARGEST_FILE = 65_536
OLD_ENV_KEY = "NODE_ENV"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A key as somebody wrote it; `source` says where, for people."""

    key: str
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One place; `ours` is true for files, in which every key is meant for this product."""

    entries: tuple[Written, ...] = ()
    ours: bool = True


def read_layers(environ: Mapping[str, str], directory: Path) -> tuple[list[Layer], list[Problem]]:
    """The layers, the weakest first. A file that is not there is an empty layer."""
    process = Layer(entries=tuple(Written(key=k, text=v, source="environment") for k, v in environ.items()), ours=False)
    base, problems = _file_layer(directory, ".env")
    name = environment_name([base, process])
    special, more = _file_layer(directory, f".env.{name}") if name in set(Environment) else (Layer(), [])
    return [base, special, process], [*problems, *more, *_renamed_environment(special, name)]


def environment_name(layers: list[Layer]) -> str:
    """`APP_ENV` as the layers have it, not validated; `local` when none does."""
    strongest_first = [{entry.key: entry.text.strip() for entry in layer.entries} for layer in reversed(layers)]
    # Other programs set NODE_ENV for themselves: it counts only where nobody says APP_ENV.
    names = (written.get(key) for key in (ENV_KEY, OLD_ENV_KEY) for written in strongest_first)
    return next((name for name in names if name), Environment.LOCAL)


def _renamed_environment(special: Layer, name: str) -> Iterator[Problem]:
    for entry in special.entries:
        if entry.key == ENV_KEY and entry.text != name:
            message = f"contradicts the name of the file, which was read because it is {name}"
            yield Problem(keys=(ENV_KEY,), message=message, source=entry.source)


def _file_layer(directory: Path, name: str) -> tuple[Layer, list[Problem]]:
    try:
        content = read_small_file(directory / name)
        entries, bad = parse_dotenv(content or "")
    except Unacceptable as error:
        return Layer(), [Problem(keys=(name,), message=str(error))]
    written = tuple(Written(key=e.key, text=e.text, source=f"{name} line {e.line}") for e in entries)
    return Layer(entries=written), [Problem(keys=(f"{name} line {each.line}",), message=each.message) for each in bad]


def read_small_file(path: Path) -> str | None:
    """The text of a regular file, None when there is nothing of that name.

    `Unacceptable` for anything else, for a large file and for one that is not UTF-8.
    """
    if "\0" in str(path):
        raise Unacceptable("has no usable name")
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):  # a pipe would keep the start waiting for ever
            raise Unacceptable("is not a regular file")
        if status.st_size > LARGEST_FILE:
            raise Unacceptable(f"is larger than {LARGEST_FILE} bytes")
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unacceptable(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unacceptable("is not UTF-8") from None
    except UnicodeEncodeError:
        raise Unacceptable("has no usable name") from None
