"""Trees with things that are too long."""

from tests.architecture.planted.case import breaks, keeps
from tests.architecture.rules.shape import (
    MOST_FILE_LINES,
    MOST_FUNCTION_LINES,
    MOST_HANDLER_LINES,
    MOST_PORTS,
    MOST_USE_CASE_LINES,
    check_file_length,
    check_function_length,
    check_handler_length,
    check_use_case_size,
)


def body(lines: int) -> str:
    """Indented statements."""
    return "        pass\n" * lines


def handler(lines: int, docstring: str = "") -> str:
    """A route whose `def` and body take so many lines."""
    return f"""from litestar import post

class Inbox:
    @post("/")
    async def mark(self) -> None:
{docstring}{body(lines - 1)}"""


def use_case(lines: int, ports: int, settings: int = 0) -> str:
    """A use case with a `__call__` of so many lines."""
    fields = "".join(f"    port_{number}: Clock\n" for number in range(ports))
    plain = "".join(f"    limit_{number}: int | None\n" for number in range(settings))
    return f"class MarkRead:\n{fields}{plain}\n    async def __call__(self) -> None:\n{body(lines - 1)}"


USE_CASE = "application/inbox/mark_read.py"
CONTROLLER = "app/http/inbox/controller.py"

CASES = [
    breaks(check_file_length, "tests/unit/test_inbox.py", "A = 1\n" * (MOST_FILE_LINES + 1), "split it"),
    keeps(check_file_length, "app/http/auth.py", "A = 1\n" * MOST_FILE_LINES, container="A = 1\n" * 500),
    breaks(check_function_length, "app/http/auth.py", "def f():\n" + body(MOST_FUNCTION_LINES), "name its steps"),
    keeps(check_function_length, "app/http/auth.py", "def f():\n" + body(MOST_FUNCTION_LINES - 1)),
    breaks(check_handler_length, CONTROLLER, handler(MOST_HANDLER_LINES + 1), "decode, call, encode"),
    keeps(check_handler_length, CONTROLLER, handler(MOST_HANDLER_LINES, '        """Says\n        what."""\n')),
    keeps(check_handler_length, "application/inbox/rules.py", handler(MOST_HANDLER_LINES + 1)),
    breaks(check_use_case_size, USE_CASE, use_case(MOST_USE_CASE_LINES + 1, 1), "move rules to domain"),
    breaks(check_use_case_size, USE_CASE, use_case(3, MOST_PORTS + 1), "split it"),
    keeps(check_use_case_size, USE_CASE, use_case(MOST_USE_CASE_LINES, MOST_PORTS, settings=2)),
]
