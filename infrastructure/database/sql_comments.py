"""The trace of a statement as a comment in its text, after the convention of sqlcommenter."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from application.ports.trace_context import TraceContext


def comment_statements(engine: Engine, trace: Callable[[], TraceContext]) -> None:
    """Append `/*traceparent='…'*/` to every statement of the engine, for the server's own log of slow ones.

    No two statements have the same text then, so that drivers and servers prepare each of them anew: for debugging.
    """

    # Any: the driver's cursor and parameters.
    def commented(
        connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        return f"{statement} /*traceparent='{trace().traceparent()}'*/", parameters

    event.listen(engine, "before_cursor_execute", commented, retval=True)
