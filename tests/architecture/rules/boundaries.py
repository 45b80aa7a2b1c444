"""What each place may reach: the environment, time, randomness, libraries."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import LAYERS, SourceFile, Violation, layer_files, product_files

ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv"}
WALL_CLOCK = {
    "datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow", "datetime.date.today",
    "time.time", "time.time_ns",
}  # fmt: skip
# Versions 3, 5 and 8 compute an id from what they are given.
IDS = re.compile(r"^(uuid|uuid_utils)(\.compat)?\.uuid[1467]$")
RANDOM_MODULES = {"random", "secrets"}
INPUT_AND_OUTPUT = {
    "asyncio", "concurrent", "ftplib", "http", "io", "logging", "multiprocessing", "os", "pathlib", "select",
    "selectors", "shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "tempfile",
    "threading", "urllib.request",
}  # fmt: skip
PICKLES = {"cloudpickle", "dill", "jsonpickle", "marshal", "pickle", "shelve"}
TEST_SWITCH = re.compile(r"^((is|in|under)_?tests?(ing)?|testing_mode|TESTING)$")


def check_environment_is_read_in_config_only(tree: Path) -> list[Violation]:
    """The environment is global state: read in one place, a test can build settings without it."""
    message = "read the environment in infrastructure/config and take the value as a setting"
    return [
        file.violation(node, f"{name}: {message}")
        for file in product_files(tree)
        if not file.within("infrastructure/config/")
        for node, name in file.references()
        if name in ENVIRONMENT
    ]


def check_time_and_ids_come_through_ports(tree: Path) -> list[Violation]:
    """A clock or an id that a test cannot set makes the rule behind it untestable."""
    allowed = ("infrastructure/system/", "infrastructure/security/")
    return [
        violation for file in product_files(tree) if not file.within(*allowed) for violation in _clock_or_id_used(file)
    ]


def _clock_or_id_used(file: SourceFile) -> Iterator[Violation]:
    for node, name in file.references():
        if name in WALL_CLOCK:
            yield file.violation(node, f"{name}: take the Clock port (or the time as an argument) instead")
        elif IDS.match(name):
            yield file.violation(node, f"{name}: take the Ids port (or the id as an argument) instead")
    for node, name in file.imports():
        if name.split(".")[0] in RANDOM_MODULES:
            yield file.violation(node, f"{name}: take the Jitter port, or one of infrastructure/security, instead")
    for node, name in file.references():
        if name == "os.urandom":
            yield file.violation(node, f"{name}: take a port of infrastructure/security instead")


def check_core_imports_standard_library_only(tree: Path) -> list[Violation]:
    """Complete where the import-linter contract can only list libraries by name."""
    own = {"domain": {"domain"}, "application": {"application", "domain"}}
    return [
        file.violation(node, f"{name} in {layer}: declare a port in application, put the library into an adapter")
        for layer, layers in own.items()
        for file in layer_files(tree, layer)
        for node, name in file.imports()
        if name.split(".")[0] not in sys.stdlib_module_names | layers
    ]


def check_domain_is_pure(tree: Path) -> list[Violation]:
    """No input or output, no async, so that every rule can be tested by calling it."""
    found: list[Violation] = []
    for file in layer_files(tree, "domain"):
        found += [
            file.violation(node, f"{name} in domain: let application do it through a port and pass the result in")
            for node, name in file.imports()
            if name in INPUT_AND_OUTPUT or name.split(".")[0] in INPUT_AND_OUTPUT
        ]
        found += [
            file.violation(node, f"async {node.name} in domain: a rule decides, a use case waits")
            for node in file.functions()
            if isinstance(node, ast.AsyncFunctionDef)
        ]
    return found


def check_nothing_is_pickled(tree: Path) -> list[Violation]:
    """Loading a pickle runs what its author wrote; queues and caches are not ours alone."""
    return [
        file.violation(node, f"{name}: serialise with msgspec")
        for file in product_files(tree)
        for node, name in file.imports()
        if name.split(".")[0] in PICKLES
    ]


def check_annotations_exist_at_run_time(tree: Path) -> list[Violation]:
    """Litestar and msgspec evaluate annotations: a name that exists for the type checker alone fails at start."""
    found: list[Violation] = []
    for file in product_files(tree):
        found += [
            file.violation(node, "TYPE_CHECKING: import it for real; a cycle means a type is in the wrong module")
            for node, name in file.references()
            if name in {"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"}
        ]
        introspected = {name.split(".")[0] for _, name in file.imports()} & {"litestar", "msgspec"}
        found += [
            file.violation(
                node, "annotations from __future__ in a file that Litestar or msgspec reads: drop the import"
            )
            for node, name in file.imports()
            if introspected and name == "__future__"
        ]
    return found


def check_product_does_not_know_tests(tree: Path) -> list[Violation]:
    """What runs under test must be what runs in production; a binding differs, never an `if`."""
    message = "choose by a container override in the test, never by a branch here"
    found: list[Violation] = []
    for file in product_files(tree):
        for node in ast.walk(file.module):
            name = _identifier(node)
            if name and (TEST_SWITCH.match(name) or name == "PYTEST_CURRENT_TEST"):
                found.append(file.violation(node, f"{name}: {message}"))
        found += [
            file.violation(node, f"{name} imported by the product: {message}")
            for node, name in file.imports()
            if name.split(".")[0] in {"pytest", "tests", "hypothesis"}
        ]
    return found


def _identifier(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.FunctionDef(name=name):
            return name
        case ast.Constant(value=str(text)):
            return text if text == "PYTEST_CURRENT_TEST" else None
        case _:
            return None


def check_folders_are_packages(tree: Path) -> list[Violation]:
    """A folder without `__init__.py` is invisible to import-linter: its imports would be judged by nobody."""
    folders = {path.parent for layer in LAYERS for path in (tree / layer).rglob("*.py")}
    migrations = tree / "infrastructure" / "database" / "migrations" / "versions"
    return [
        Violation(
            folder.relative_to(tree).as_posix(), 0, "add an empty __init__.py, else import-linter skips the folder"
        )
        for folder in sorted(folders)
        if folder != migrations and not (folder / "__init__.py").exists()
    ]
