"""container.py is complete: every use case can be had from it, and every port can be replaced."""

import ast
import re
from pathlib import Path

from tests.architecture.rules.naming import is_port, use_cases
from tests.architecture.source import COMPOSITION_ROOT, SourceFile, Violation, layer_files, product_files, snake_case

# A comment in the port's file, with the reason after the colon.
ONE_ADAPTER = re.compile(r"^#\s*One adapter:\s*\S", re.MULTILINE)
NO_SUITE = re.compile(r"^#\s*No contract suite:\s*\S", re.MULTILINE)


def check_use_cases_have_a_provider(tree: Path) -> list[Violation]:
    """A use case outside the container can be neither called by a door nor overridden by a test."""
    wanted = [(file, node, snake_case(node.name)) for file, node in use_cases(tree)]
    if not (tree / COMPOSITION_ROOT).exists():
        message = f"missing: write the DeclarativeContainer with a provider for each of {len(wanted)} use cases"
        return [Violation(COMPOSITION_ROOT, 0, message)]
    provided = _providers(tree)
    return [
        file.violation(node, f"{node.name}: add `{stem} = providers.Factory({node.name}, …)` to {COMPOSITION_ROOT}")
        for file, node, stem in wanted
        if stem not in provided
    ]


def _providers(tree: Path) -> frozenset[str]:
    root = next(file for file in product_files(tree) if file.path == COMPOSITION_ROOT)
    containers = [node for node in root.classes() if "DeclarativeContainer" in root.bases(node)]
    assignments = [each for node in containers for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign)]
    targets = [
        target for each in assignments for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
    ]
    return frozenset(target.id for target in targets if isinstance(target, ast.Name))


def check_ports_have_two_adapters(tree: Path) -> list[Violation]:
    """A port with one adapter is a guess about the second; a comment may say why there is none."""
    adapters = [(file, node) for file in layer_files(tree, "infrastructure") for node in file.classes()]
    message = "a port has two adapters that inherit it, or a comment `# One adapter: <why>` in its file"
    return [
        file.violation(node, f"{node.name} has {count}: {message}")
        for file, node in _shared_ports(tree)
        if (count := sum(node.name in other.bases(adapter) for other, adapter in adapters)) < 2
        and not ONE_ADAPTER.search(file.text)
    ]


def check_ports_have_a_contract_suite(tree: Path) -> list[Violation]:
    """One suite of behaviour on every adapter is what makes the adapters interchangeable."""
    suites = layer_files(tree, "tests/contracts")
    named = frozenset(name.rsplit(".", 1)[-1] for suite in suites for _, name in suite.references())
    message = (
        "write a suite in tests/contracts that names the port, or a comment `# No contract suite: <why>` in its file"
    )
    return [
        file.violation(node, f"{node.name} has none: {message}")
        for file, node in _shared_ports(tree)
        if node.name not in named and not NO_SUITE.search(file.text)
    ]


def _shared_ports(tree: Path) -> list[tuple[SourceFile, ast.ClassDef]]:
    files = [
        file
        for file in layer_files(tree, "application")
        if file.within("application/ports/") or file.path.endswith("/ports.py")
    ]
    return [(file, node) for file in files for node in file.classes() if is_port(file, node)]
