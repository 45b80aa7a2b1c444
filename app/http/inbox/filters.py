"""Which items of the inbox a caller means, in a query or in a body."""

import re
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec

from app.http.idempotency import idempotency_of
from app.http.inbox.schemas import CountFiltersBody, DataFilter, InboxCountQuery, InboxFilterBody
from app.http.json_body import field_problem
from app.http.query import names_in, read_query
from app.http.requests import ApiRequest
from app.http.wire import instant
from application.inbox.mark_inbox import MarkInboxCommand
from domain.inbox.filter import InboxFilter
from domain.inbox.item import Mark
from domain.shared.errors import FieldProblem, InvalidInput
from domain.shared.json import problem_with
from domain.shared.problems import Problems

Query = TypeVar("Query", bound=InboxCountQuery)

_TAGS: Final = "tags"
_PIECE: Final = re.compile(r"\\[\\,]|.", re.DOTALL)


def asked_filter(query_string: bytes, kind: type[Query]) -> tuple[Query, InboxFilter]:
    """The query, and which items it asks for; raises what `read_query` does."""
    names_in(query_string)  # raises for what is no query string
    pairs = parse_qsl(query_string.decode(), keep_blank_values=True)
    # A list given twice is one list to other queries; here, tags given twice are two.
    query = read_query(urlencode([pair for pair in pairs if pair[0] != _TAGS]).encode(), kind)
    body = _as_body(
        {
            _TAGS: [_split(text) for name, text in pairs if name == _TAGS],
            "severity": query.severity,
            "workflow": query.workflow,
            "data": _read_data(query.data),
            "read": query.read,
            "seen": query.seen,
            "archived": query.archived,
            "snoozed": query.snoozed,
            "createdAfter": query.created_after,
            "createdBefore": query.created_before,
        }
    )
    problems = Problems()
    wanted = _filter(body, "", problems)
    problems.refuse()
    return query, wanted


def counted_filters(body: CountFiltersBody) -> list[InboxFilter]:
    """What to count."""
    problems = Problems()
    filters = [_filter(one, f"filters[{index}].", problems) for index, one in enumerate(body.filters)]
    problems.refuse()
    return filters


def mark_all_command(request: ApiRequest, mark: Mark, body: InboxFilterBody) -> MarkInboxCommand:
    """Marking everything that matches: what is archived, where a mark means that, unless the filter says otherwise."""
    problems = Problems()
    wanted = _filter(body, "", problems, archived=mark is Mark.UNARCHIVE)
    problems.refuse()
    return MarkInboxCommand(principal=request.auth, mark=mark, wanted=wanted, idempotency=idempotency_of(request, body))


def _filter(body: InboxFilterBody, path: str, problems: Problems, *, archived: bool = False) -> InboxFilter:
    if problem := problem_with(body.data):
        problems.add(f"{path}data", problem)
    return InboxFilter(
        read=body.read,
        seen=body.seen,
        archived=archived if body.archived is msgspec.UNSET else body.archived,
        snoozed=body.snoozed,
        tags=_groups(body, path, problems),
        severities=tuple(severity.value for severity in body.severity),
        workflows=tuple(body.workflow),
        data=body.data,
        created_after=instant(body.created_after, f"{path}createdAfter", problems),
        created_before=instant(body.created_before, f"{path}createdBefore", problems),
    )


def _groups(body: InboxFilterBody, path: str, problems: Problems) -> tuple[tuple[str, ...], ...]:
    flat = tuple(tag for tag in body.tags if isinstance(tag, str))
    nested = tuple(tuple(group) for group in body.tags if not isinstance(group, str))
    problems.check(not (flat and nested), path + _TAGS, "mixes tags and lists of tags")
    return nested or ((flat,) if flat else ())


def _split(text: str) -> list[str]:
    r"""`a\,b,c` as `a,b` and `c`."""
    tags = [""]
    for piece in _PIECE.findall(text):
        if piece == ",":
            tags.append("")
        else:
            tags[-1] += piece[-1]
    return tags


def _as_body(fields: dict[str, object]) -> InboxFilterBody:
    try:
        return msgspec.convert(fields, InboxFilterBody)
    except msgspec.ValidationError as error:
        raise InvalidInput("1 field is invalid", problems=[field_problem(str(error))]) from None


def _read_data(text: str | None) -> object:
    if text is None:
        return {}
    try:
        return msgspec.json.decode(text, type=DataFilter)
    except msgspec.ValidationError as error:
        problem = field_problem(str(error))
        problem = FieldProblem(f"data{problem.path}", problem.message)
    except (ValueError, RecursionError):
        problem = FieldProblem("data", "is not a JSON object")
    raise InvalidInput("1 field is invalid", problems=[problem])
