"""Subscribers as JSON."""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, structs

from app.http.idempotency import idempotency_of
from app.http.json_body import read_json
from app.http.problem import Problem, item_problem
from app.http.requests import ApiRequest
from app.http.wire import Identifier, Time, check_size, shaped
from application.subscribers.put_subscriber import PutSubscriberCommand
from application.subscribers.put_subscribers import PutSubscribersCommand
from application.subscribers.views import BulkSubscriberView, SubscriberToken, SubscriberView
from domain.shared.errors import CarillonError
from domain.shared.problems import Problems
from domain.subscribers.channel_points import POINTS

T = TypeVar("T")

# Any: free JSON, which the product only carries.
FreeJson = dict[str, Any]
Line = Annotated[str, Meta(min_length=1, max_length=255)]
LARGEST_DATA = 65_536
ContactPoints = Annotated[
    dict[str, FreeJson],
    Meta(
        description="By channel; what e-mail and phone do not need.",
        extra_json_schema={"propertyNames": {"enum": sorted(POINTS)}},
    ),
]


class SubscriberFields(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Null clears a field. Secrets in `channels` are never read back."""

    email: Annotated[str, Meta(max_length=320)] | UnsetType | None = UNSET
    phone: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    first_name: Line | UnsetType | None = UNSET
    last_name: Line | UnsetType | None = UNSET
    avatar: Annotated[str, Meta(min_length=1, max_length=2_048)] | UnsetType | None = UNSET
    locale: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    timezone: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    data: FreeJson | UnsetType | None = UNSET
    channels: ContactPoints | UnsetType | None = UNSET


class PutSubscriberBody(SubscriberFields, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """All of a subscriber: a field that is left out is cleared."""


class PatchSubscriberBody(SubscriberFields, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What changes: a field that is left out stays. `data` and `channels` are replaced whole."""


class BulkSubscriberFields(SubscriberFields, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One of many subscribers: a field that is left out stays."""

    subscriber_id: Identifier


class PutSubscribersBody(Struct, Generic[T], forbid_unknown_fields=True):
    """Many subscribers, each answered on its own."""

    subscribers: Annotated[list[T], Meta(min_length=1, max_length=1_000)]


class SubscriberBody(Struct, kw_only=True, rename="camel"):
    """A subscriber without the secrets of its contact points."""

    subscriber_id: str
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    avatar: str | None
    locale: str | None
    timezone: str | None
    data: FreeJson
    channels: FreeJson
    created_at: Time
    updated_at: Time


class BulkSubscriberBody(Struct, kw_only=True, rename="camel"):
    """The answer to one item: `data` when it was stored, else `error`."""

    index: int
    status_code: int
    data: SubscriberBody | UnsetType = UNSET
    error: Problem | UnsetType = UNSET


class TokenBody(Struct, kw_only=True, rename="camel"):
    """A bearer token for a browser."""

    token: str
    expires_at: Time


def put_command(
    request: ApiRequest, subscriber_id: str, body: SubscriberFields, *, partial: bool = False
) -> PutSubscriberCommand:
    """Creating or changing one subscriber; with `partial` the fields that are left out stay."""
    fields = {
        field.encode_name: value
        for field in structs.fields(body)
        if field.name != "subscriber_id" and (value := getattr(body, field.name)) is not UNSET
    }
    problems = Problems()
    for name in ("data", "channels"):
        check_size(fields.get(name) or {}, LARGEST_DATA, name, problems)
    problems.refuse()
    return PutSubscriberCommand(principal=request.auth, subscriber_id=subscriber_id, fields=fields, partial=partial)


def bulk_command(request: ApiRequest, items: list[Raw]) -> PutSubscribersCommand:
    """Many subscribers; one that cannot be read takes its error along and spoils no other."""
    return PutSubscribersCommand(
        items=[_item(request, item) for item in items],
        idempotency=idempotency_of(request, [bytes(item).decode() for item in items]),
    )


def subscriber_body(view: SubscriberView) -> SubscriberBody:
    """A subscriber as it is answered."""
    return shaped(view, SubscriberBody)


def token_body(view: SubscriberToken) -> TokenBody:
    """A token as it is answered."""
    return shaped(view, TokenBody)


def bulk_items(request: ApiRequest, items: Sequence[BulkSubscriberView]) -> list[BulkSubscriberBody]:
    """The answers to the items of a bulk request."""
    instance, trace_id = request.url.path, request.trace.current().trace_id
    return [_bulk_item(item, instance, trace_id) for item in items]


def _item(request: ApiRequest, item: Raw) -> PutSubscriberCommand | CarillonError:
    try:
        body = read_json(item, BulkSubscriberFields)
        return put_command(request, body.subscriber_id, body, partial=True)
    except CarillonError as unreadable:
        return unreadable


def _bulk_item(item: BulkSubscriberView, instance: str, trace_id: str) -> BulkSubscriberBody:
    if item.subscriber is not None:
        status = 201 if item.created else 200
        return BulkSubscriberBody(index=item.index, status_code=status, data=subscriber_body(item.subscriber))
    problem = item_problem(
        item.code or CarillonError.code, item.detail or "", item.problems, instance=instance, trace_id=trace_id
    )
    return BulkSubscriberBody(index=item.index, status_code=problem.status, error=problem)
