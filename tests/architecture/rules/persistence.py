"""One place commits, and no query forgets whose data it reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import FunctionNode, SourceFile, Violation, layer_files, methods

UNITS_OF_WORK = ("infrastructure/database/unit_of_work.py", "infrastructure/memory/unit_of_work.py")
# Alembic owns the transaction of a migration.
MIGRATIONS = "infrastructure/database/migrations/"
DATABASE_LIBRARIES = {"advanced_alchemy", "aiosqlite", "asyncmy", "asyncpg", "sqlalchemy", "sqlite3"}
TENANT_PORT = re.compile(r"(Repository|Reader)$")
# What works for the whole installation: claim loops, the relay, their leases, catch-up, retention and how much waits.
SYSTEM_PORTS = {
    "BacklogReader",
    "DeliveryQueue",
    "EventRelay",
    "JobStore",
    "LeaseRows",
    "Retention",
    "RunQueue",
    "StreamReader",
}
# The caller is not known yet: a secret digest finds the one row, and the row tells the tenant.
FOUND_BY_DIGEST = {"CredentialReader.api_key", "TicketRepository.redeem"}


def check_only_the_unit_of_work_commits(tree: Path) -> list[Violation]:
    """A second commit splits what must happen together. Use cases call the port; drivers and doors never commit."""
    instead = "leave it to the unit of work: the use case calls `commit` on the port"
    return [
        file.violation(node, f"{ast.unparse(node.func)}(): {instead}")
        for file in layer_files(tree, "app", "infrastructure")
        if not file.within(*UNITS_OF_WORK, MIGRATIONS) and _may_hold_a_connection(file)
        for node in ast.walk(file.module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]


def _may_hold_a_connection(file: SourceFile) -> bool:
    """A broker's consumer commits offsets: not a transaction, as long as no database library is in the file."""
    return file.within("app/") or any(name.split(".")[0] in DATABASE_LIBRARIES for _, name in file.imports())


def check_repositories_take_a_tenant(tree: Path) -> list[Violation]:
    """A query that is not told the tenant can answer with another one's rows."""
    message = "add `tenant_id: str` (or take an entity that carries it): no query crosses tenants"
    carriers = _tenant_classes(tree)
    return [
        file.violation(method, f"{port.name}.{method.name}: {message}")
        for file, port in _ports(tree)
        if TENANT_PORT.search(port.name) and port.name not in SYSTEM_PORTS
        for method in _calls_of(port)
        if f"{port.name}.{method.name}" not in FOUND_BY_DIGEST and not _takes(method, carriers, "tenant_id")
    ]


def check_system_ports_take_a_scope(tree: Path) -> list[Violation]:
    """Reading across tenants is a capability that a caller must show, and few ports ask for it."""
    missing = "add `scope: SystemScope`: this port sees every tenant, only a worker may hand a scope out"
    stranger = f"takes a SystemScope, which belongs to {', '.join(sorted(SYSTEM_PORTS))} alone: take a `tenant_id`"
    return [
        file.violation(method, f"{port.name}.{method.name}: {missing if port.name in SYSTEM_PORTS else stranger}")
        for file, port in _ports(tree)
        for method in _calls_of(port)
        if _takes(method, frozenset({"SystemScope"})) != (port.name in SYSTEM_PORTS)
    ]


def _ports(tree: Path) -> Iterator[tuple[SourceFile, ast.ClassDef]]:
    for file in layer_files(tree, "application"):
        yield from ((file, node) for node in file.classes() if "Protocol" in file.bases(node))


def _tenant_classes(tree: Path) -> frozenset[str]:
    """Classes with a `tenant_id` field, by name, and the tenant itself."""
    return frozenset({"Tenant"}) | {
        node.name
        for file in layer_files(tree, "domain", "application")
        for node in file.classes()
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id == "tenant_id"
    }


def _calls_of(port: ast.ClassDef) -> list[FunctionNode]:
    """What a port can be asked to do: its methods, without properties and without entering and leaving it."""
    accessors = {"property"}
    return [
        each
        for each in methods(port)
        if (each.name == "__call__" or not each.name.startswith("__"))
        and not accessors & {ast.unparse(decorator) for decorator in each.decorator_list}
    ]


def _takes(method: FunctionNode, types: frozenset[str], name: str | None = None) -> bool:
    arguments = [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs]
    annotations = [each.annotation for each in arguments if each.annotation]
    used = {node.id for each in annotations for node in ast.walk(each) if isinstance(node, ast.Name)}
    return any(each.arg == name for each in arguments) or bool(used & types)
