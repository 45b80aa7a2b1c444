"""Topics as JSON."""

from typing import Annotated

from msgspec import Meta, Struct

from app.http.wire import Identifier, Time, shaped
from application.topics.views import MembershipView, TopicView


class PutTopicBody(Struct, forbid_unknown_fields=True):
    """What a topic is called; null for nothing in particular."""

    name: Annotated[str, Meta(min_length=1, max_length=255)] | None = None


class MembersBody(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Subscribers by the caller's own ids."""

    subscriber_ids: Annotated[list[Identifier], Meta(min_length=1, max_length=1_000)]


class TopicBody(Struct, kw_only=True, rename="camel"):
    """A topic and how many subscribers it has."""

    key: str
    name: str | None
    subscribers: int
    created_at: Time


class AddedMembersBody(Struct, kw_only=True):
    """How many joined, and how many had before."""

    added: int
    unchanged: int


def topic_body(view: TopicView) -> TopicBody:
    """A topic as it is answered."""
    return shaped(view, TopicBody)


def added_body(view: MembershipView) -> AddedMembersBody:
    """What joining came to."""
    return AddedMembersBody(added=view.changed, unchanged=view.unchanged)
