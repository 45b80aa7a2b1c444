"""An inbox filter in SQL."""

from msgspec.json import encode
from sqlalchemy import ColumnElement, Text, and_, cast, func, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.inbox.filter import InboxFilter, Scalar
from infrastructure.database.tables import InboxItemRow, table_of

_TABLE = table_of(InboxItemRow)
Condition = ColumnElement[bool]


def conditions(wanted: InboxFilter, dialect: str) -> list[Condition]:
    """What `InboxFilter.matches` says, to a database by its SQLAlchemy name: how to look into JSON differs."""
    return [*_states(wanted), *_words(wanted), *_times(wanted), *_json(wanted, dialect)]


def unread() -> Condition:
    """`InboxItem.unread`"""
    return and_(_TABLE.c.read_at.is_(None), _TABLE.c.archived_at.is_(None), _TABLE.c.snoozed_until.is_(None))


def unseen() -> Condition:
    """`InboxItem.unseen`"""
    return and_(_TABLE.c.seen_at.is_(None), _TABLE.c.archived_at.is_(None), _TABLE.c.snoozed_until.is_(None))


def _states(wanted: InboxFilter) -> list[Condition]:
    asked = (
        (_TABLE.c.read_at, wanted.read),
        (_TABLE.c.seen_at, wanted.seen),
        (_TABLE.c.archived_at, wanted.archived),
        (_TABLE.c.snoozed_until, wanted.snoozed),
    )
    return [stamp.is_not(None) if there else stamp.is_(None) for stamp, there in asked if there is not None]


def _words(wanted: InboxFilter) -> list[Condition]:
    lists = ((_TABLE.c.severity, wanted.severities), (_TABLE.c.workflow, wanted.workflows))
    return [column.in_(values) for column, values in lists if values]


def _times(wanted: InboxFilter) -> list[Condition]:
    found: list[Condition] = []
    if wanted.created_after is not None:
        found.append(_TABLE.c.created_at > wanted.created_after)
    if wanted.created_before is not None:
        found.append(_TABLE.c.created_at < wanted.created_before)
    return found


def _json(wanted: InboxFilter, dialect: str) -> list[Condition]:
    has_any, equals = (_postgres_any, _postgres_equals) if dialect == "postgresql" else (_sqlite_any, _sqlite_equals)
    return [*map(has_any, wanted.tags), *(equals(name, value) for name, value in wanted.data.items())]


def _postgres_any(tags: tuple[str, ...]) -> Condition:
    carried: Condition = cast(type_coerce(_TABLE.c.tags, Text), JSONB).has_any(cast(list(tags), ARRAY(Text)))
    return carried


def _postgres_equals(name: str, value: Scalar) -> Condition:
    same: Condition = cast(type_coerce(_TABLE.c.data, Text), JSONB)[name] == cast(literal(_json_text(value)), JSONB)
    return same


def _json_text(value: Scalar) -> str:
    return encode(value).decode()


def _sqlite_any(tags: tuple[str, ...]) -> Condition:
    each = func.json_each(type_coerce(_TABLE.c.tags, Text)).table_valued("value")
    return select(each.c.value).where(each.c.value.in_(tags)).exists()


def _sqlite_equals(name: str, value: Scalar) -> Condition:
    """By type as well: SQLite reads true as 1."""
    each = func.json_each(type_coerce(_TABLE.c.data, Text)).table_valued("key", "value", "type")
    types, compared = _sqlite_kind(value)
    fits = [each.c.key == name, each.c.type.in_(types)]
    return select(each.c.key).where(*fits, *([each.c.value == value] if compared else [])).exists()


def _sqlite_kind(value: Scalar) -> tuple[tuple[str, ...], bool]:
    """The types of `json_each` that the value may have, and whether they leave anything to compare."""
    if value is None:
        return ("null",), False
    if isinstance(value, bool):
        return ("true" if value else "false",), False
    return ("text",) if isinstance(value, str) else ("integer", "real"), True
