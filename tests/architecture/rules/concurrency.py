"""Background work has one owner, and nothing grows without a bound."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import SourceFile, Violation, product_files

SUPERVISOR = "infrastructure/system/task_supervisor.py"
FREE_TASKS = {"asyncio.create_task", "asyncio.ensure_future", "asyncio.tasks.create_task"}
# Where the bound stands, as position and keyword.
BOUNDS = {
    "asyncio.Queue": (0, "maxsize"),
    "asyncio.LifoQueue": (0, "maxsize"),
    "asyncio.PriorityQueue": (0, "maxsize"),
    "collections.deque": (1, "maxlen"),
    "multiprocessing.Queue": (0, "maxsize"),
    "queue.LifoQueue": (0, "maxsize"),
    "queue.PriorityQueue": (0, "maxsize"),
    "queue.Queue": (0, "maxsize"),
}
NEVER_BOUNDED = {"queue.SimpleQueue", "multiprocessing.SimpleQueue"}


def check_tasks_start_in_the_supervisor(tree: Path) -> list[Violation]:
    """A task that nobody holds can vanish with its error. A TaskGroup waits for its own and is fine."""
    instead = "spawn it on the TaskSupervisor port, or await it in an asyncio.TaskGroup"
    return [
        file.violation(node, f"{name}: {instead}")
        for file in product_files(tree)
        if not file.within(SUPERVISOR)
        for node, name in _tasks_started(file)
    ]


def _tasks_started(file: SourceFile) -> Iterator[tuple[ast.AST, str]]:
    groups = frozenset(_task_groups(file))
    for node in ast.walk(file.module):
        if isinstance(node, ast.ImportFrom):
            yield from ((node, each.name) for each in node.names if f"{node.module}.{each.name}" in FREE_TASKS)
        elif isinstance(node, ast.Attribute) and node.attr in {"create_task", "ensure_future"}:
            owner = ast.unparse(node.value)
            if owner not in groups:
                yield node, f"{owner}.{node.attr}"


def _task_groups(file: SourceFile) -> Iterator[str]:
    for node in ast.walk(file.module):
        if isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            made_by = node.context_expr.func if isinstance(node.context_expr, ast.Call) else node.context_expr
            if file.dotted(made_by) == "asyncio.TaskGroup":
                yield node.optional_vars.id


def check_buffers_are_bounded(tree: Path) -> list[Violation]:
    """Under load an unbounded buffer is a memory leak with a delay."""
    found: list[Violation] = []
    for file in product_files(tree):
        for node in ast.walk(file.module):
            if isinstance(node, ast.Call):
                found += _judge_buffer(file, node)
            elif isinstance(node, ast.keyword) and node.arg == "default_factory":
                found += _judge_factory(file, node)
    return found


def _judge_buffer(file: SourceFile, call: ast.Call) -> Iterator[Violation]:
    name = file.dotted(call.func) or ""
    if name in NEVER_BOUNDED:
        yield file.violation(call, f"{name} has no bound: use queue.Queue(maxsize=…) and name what happens when full")
    elif name in BOUNDS and not _has_bound(call, *BOUNDS[name]):
        keyword = BOUNDS[name][1]
        yield file.violation(call, f"{name} without a bound: give {keyword} and name what happens when it is full")


def _judge_factory(file: SourceFile, argument: ast.keyword) -> Iterator[Violation]:
    name = file.dotted(argument.value) or ""
    if name in BOUNDS or name in NEVER_BOUNDED:
        yield file.violation(argument.value, f"{name} as a factory has no bound: give a function that sets one")


def _has_bound(call: ast.Call, position: int, keyword: str) -> bool:
    given = {each.arg: each.value for each in call.keywords}
    bound = call.args[position] if len(call.args) > position else given.get(keyword)
    unbounded = isinstance(bound, ast.Constant) and bound.value in {0, None}
    return bound is not None and not unbounded
