"""Lists as one parameter, so that the text of a query does not depend on how long they are."""

from typing import Any, cast

from sqlalchemy import BindParameter, Select, String, Text, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import BinaryExpression
from sqlalchemy.sql.operators import in_op
from sqlalchemy.sql.visitors import replacement_traverse


def with_arrays(statement: Select[Any]) -> Select[Any]:  # Any: rows of whatever columns
    """The statement with each `column IN (expanding parameter)` as `column = ANY (array)`."""
    replaced: Any = replacement_traverse(statement, {}, _as_array)
    return cast("Select[Any]", replaced)


def _as_array(element: Any, **_: Any) -> Any:  # Any: whatever is within a statement, and what takes its place
    if not isinstance(element, BinaryExpression) or element.operator is not in_op:
        return None
    right, kind = element.right, element.left.type
    if not isinstance(right, BindParameter) or not right.expanding:
        return None
    # A cast to VARCHAR(n) would cut what is too long.
    item = Text() if isinstance(kind, String) else kind
    return element.left == any_(bindparam(right.key, right.value, type_=ARRAY(item)))
