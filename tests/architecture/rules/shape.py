"""How long things may be. `python -m tests.architecture.sizes` prints how long they are."""

import ast
from pathlib import Path

from tests.architecture.rules.naming import use_cases
from tests.architecture.source import (
    COMPOSITION_ROOT,
    FunctionNode,
    Violation,
    all_files,
    docstring_lines,
    layer_files,
    line_count,
    methods,
)

MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 50
MOST_HANDLER_LINES = 12
MOST_USE_CASE_LINES = 40
MOST_PORTS = 6
ROUTES = {"delete", "get", "head", "patch", "post", "put", "route"}
PLAIN_TYPES = {"bool", "bytes", "float", "int", "str", "timedelta", "ClassVar"}


def check_file_length(tree: Path) -> list[Violation]:
    """container.py is exempt: it is a table."""
    return [
        Violation(file.path, 0, f"{lines} lines, at most {MOST_FILE_LINES}: split it by what its parts are for")
        for file in all_files(tree)
        if (lines := file.text.count("\n")) > MOST_FILE_LINES and file.path != COMPOSITION_ROOT
    ]


def check_function_length(tree: Path) -> list[Violation]:
    """What does not fit on a screen cannot be checked by reading it."""
    return [
        file.violation(node, f"{node.name} has {line_count(node)} lines, at most {MOST_FUNCTION_LINES}: name its steps")
        for file in all_files(tree)
        for node in file.functions()
        if line_count(node) > MOST_FUNCTION_LINES
    ]


def check_handler_length(tree: Path) -> list[Violation]:
    """A door decodes, calls one use case and encodes; the docstring, which is the public description, is free."""
    message = f"at most {MOST_HANDLER_LINES}: decode, call, encode; what decides belongs in the use case"
    return [
        file.violation(node, f"{node.name} has {lines} lines without its docstring, {message}")
        for file in layer_files(tree, "app")
        for node in file.functions()
        if _is_handler(node) and (lines := line_count(node) - docstring_lines(node)) > MOST_HANDLER_LINES
    ]


def _is_handler(node: FunctionNode) -> bool:
    called = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    return any(getattr(each, "id", getattr(each, "attr", "")) in ROUTES for each in called)


def check_use_case_size(tree: Path) -> list[Violation]:
    """A use case that needs more is two use cases, or holds rules that belong in domain."""
    found: list[Violation] = []
    for file, node in use_cases(tree):
        found += [
            file.violation(
                each, f"{node.name} has {line_count(each)} lines, at most {MOST_USE_CASE_LINES}: move rules to domain"
            )
            for each in methods(node)
            if each.name == "__call__" and line_count(each) > MOST_USE_CASE_LINES
        ]
        if (ports := _dependencies(node)) > MOST_PORTS:
            message = f"{node.name} takes {ports} ports, at most {MOST_PORTS}: split it, or give one port a wider role"
            found.append(file.violation(node, message))
    return found


def _dependencies(node: ast.ClassDef) -> int:
    """Fields that are not plain settings (`limit: int`)."""
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    names = ({part.id for part in ast.walk(each.annotation) if isinstance(part, ast.Name)} for each in fields)
    return sum(1 for each in names if not each <= PLAIN_TYPES)
