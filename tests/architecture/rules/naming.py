"""Names say what a thing is for, and the same thing has the same name everywhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import SourceFile, Violation, all_files, layer_files, methods, snake_case

REFUSED_STEMS = re.compile(r"^_?(utils?|helpers?|commons?|misc|base|managers?|services?|models)$")
REFUSED_PORT_NAME = re.compile(r"^I[A-Z][a-z]|^(Abstract|Base)|(Base|Interface|Manager|Service)$")
# Files of a business module that hold no use case of their own name.
MANY_IN_ONE = {"__init__", "ports", "queries", "reactions", "views"}


def check_file_names(tree: Path) -> list[Violation]:
    """A drawer for anything is where nobody finds anything."""
    parts = {(file, part) for file in all_files(tree) for part in file.path.removesuffix(".py").split("/")}
    return [
        Violation(file.path, 0, f"`{part}` says nothing: name it after what is in it (one `shared/` per core layer)")
        for file, part in sorted(parts, key=lambda pair: pair[0].path)
        if REFUSED_STEMS.match(part)
    ]


def check_port_and_adapter_names(tree: Path) -> list[Violation]:
    """A port is named by its role, an adapter by technology and role."""
    message = "name the role (`Cache`, `Clock`), an adapter technology + role (`RedisCache`)"
    return [
        file.violation(node, f"{node.name}: {message}")
        for file in layer_files(tree, "application", "infrastructure")
        for node in file.classes()
        if REFUSED_PORT_NAME.search(node.name) and (file.within("infrastructure/") or is_port(file, node))
    ]


def check_ports_say_their_contract(tree: Path) -> list[Violation]:
    """Whoever writes the next adapter has the docstring and the contract suite, nothing else."""
    message = "say the contract: units, errors, what is idempotent, who validates"
    return [
        file.violation(node, f"{node.name} has no docstring: {message}")
        for file in layer_files(tree, "application")
        for node in file.classes()
        if is_port(file, node) and not (ast.get_docstring(node) or "").strip()
    ]


def check_use_cases_are_named_verb_and_noun(tree: Path) -> list[Violation]:
    """`SendNotification` in `send_notification.py`: one stem for file, provider, dependency and test."""
    found: list[Violation] = []
    for file, node in use_cases(tree):
        stem = snake_case(node.name)
        if "_" not in stem:
            found.append(file.violation(node, f"{node.name}: name a use case verb + noun (`SendNotification`)"))
        if _stem(file) not in {*MANY_IN_ONE, stem}:
            found.append(file.violation(node, f"{node.name}: move it to {stem}.py, the file bears the use case's name"))
    return found


def is_port(file: SourceFile, node: ast.ClassDef) -> bool:
    """A public Protocol of the application layer."""
    return file.within("application/") and "Protocol" in file.bases(node) and not node.name.startswith("_")


def use_cases(tree: Path) -> Iterator[tuple[SourceFile, ast.ClassDef]]:
    """Public classes with an async `__call__` in a business module of application (not ports, not shared)."""
    for file in layer_files(tree, "application"):
        outside = file.within("application/ports/", "application/shared/") or file.path.count("/") < 2
        for node in file.classes():
            if not outside and not is_port(file, node) and not node.name.startswith("_") and _is_called_async(node):
                yield file, node


def _is_called_async(node: ast.ClassDef) -> bool:
    return any(isinstance(each, ast.AsyncFunctionDef) and each.name == "__call__" for each in methods(node))


def _stem(file: SourceFile) -> str:
    return file.path.rsplit("/", 1)[-1].removesuffix(".py")
