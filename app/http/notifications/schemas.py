"""Requests to notify, as JSON."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct, field

from app.http.wire import Identifier, Moment, Tags
from domain.notifications.channel import Channel
from domain.notifications.content import Severity

T = TypeVar("T")

# Any: free JSON, which the product only carries.
FreeJson = dict[str, Any]
Address = Annotated[str, Meta(min_length=1, max_length=2_048)]
Line = Annotated[str, Meta(min_length=1, max_length=255)]


class RecipientBody(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Either a subscriber, whose contact fields are merged into the stored ones, or a topic without some of its
    subscribers.
    """

    subscriber_id: Identifier | None = None
    topic: Identifier | None = None
    exclude: Annotated[list[Identifier], Meta(max_length=1_000)] = []
    email: Annotated[str, Meta(max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=64)] | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    avatar: Address | None = None
    locale: Annotated[str, Meta(max_length=64)] | None = None
    timezone: Annotated[str, Meta(max_length=64)] | None = None


class EveryoneBody(Struct, forbid_unknown_fields=True):
    """Every subscriber of the tenant."""

    all: Literal[True]


class ActionBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """A button."""

    id: Identifier
    label: Line
    url: Address | None = None


class ContentBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a notification says."""

    title: Annotated[str, Meta(min_length=1, max_length=1_000)]
    body: Annotated[str, Meta(max_length=32_768)] = ""
    data: FreeJson = {}
    actions: Annotated[list[ActionBody], Meta(max_length=20)] = []
    avatar: Address | None = None
    redirect: Address | None = None


class RoutingBody(Struct, forbid_unknown_fields=True):
    """`all`: over every channel; `single`: over the first that works."""

    method: Literal["all", "single"] = "all"


# msgspec tells Structs apart by a tag alone, so subscriber and topic are one type; the document says what they are.
RecipientEntry = Annotated[
    Identifier | RecipientBody,
    Meta(
        extra_json_schema={
            "oneOf": [
                {"type": "string"},
                {"type": "object", "required": ["subscriberId"]},
                {"type": "object", "required": ["topic"]},
            ]
        }
    ),
]


class SendNotificationBody(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A request to notify: a workflow, or content of its own."""

    to: Annotated[
        Annotated[list[RecipientEntry], Meta(max_length=1_000)] | EveryoneBody,
        Meta(description="Subscribers by id, subscribers with contact fields, topics; or everyone."),
    ]
    workflow: Annotated[Identifier | None, Meta(description="A named notification type, instead of `content`.")] = None
    payload: Annotated[FreeJson, Meta(description="Data for the templates, at most 256 kB.")] = {}
    content: Annotated[ContentBody | None, Meta(description="What to say, instead of `workflow`.")] = None
    channels: Annotated[
        list[Channel], Meta(max_length=len(Channel), description="Over which channels; in the app alone without.")
    ] = field(default_factory=lambda: [Channel.IN_APP])
    transaction_id: Annotated[
        Identifier | None, Meta(description="Makes a repeat harmless for the life of the notification.")
    ] = None
    sequence_id: Annotated[Identifier | None, Meta(description="Replaces the inbox item that bears the same one.")] = (
        None
    )
    actor: Annotated[Identifier | None, Meta(description="Who caused it.")] = None
    send_at: Annotated[Moment | None, Meta(description="When to send it; at once without.")] = None
    expires_at: Annotated[Moment | None, Meta(description="What is not sent by then is not sent at all.")] = None
    severity: Severity = Severity.NONE
    tags: Annotated[Tags, Meta(description="For filters of lists and of the inbox.")] = []
    routing: RoutingBody = field(default_factory=RoutingBody)
    overrides: Annotated[FreeJson, Meta(description="Settings for single channels and providers.")] = {}
    dry_run: Annotated[bool, Meta(description="Everything but sending: deliveries are suppressed.")] = False


class SendNotificationsBody(Struct, Generic[T], forbid_unknown_fields=True):
    """Many requests to notify, each answered on its own."""

    notifications: Annotated[list[T], Meta(min_length=1, max_length=1_000)]
