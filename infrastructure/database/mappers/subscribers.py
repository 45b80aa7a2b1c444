"""Subscribers, topics and inbox items as rows."""

from dataclasses import fields

from domain.inbox.item import InboxItem
from domain.subscribers.subscriber import Subscriber
from domain.topics.topic import Topic
from infrastructure.database.transaction import Values

_SUBSCRIBER = tuple(field.name for field in fields(Subscriber))
_TOPIC = tuple(field.name for field in fields(Topic))
_ITEM = tuple(field.name for field in fields(InboxItem))
_ITEM_LISTS = frozenset({"actions", "tags"})


def subscriber_values(subscriber: Subscriber) -> Values:
    """A subscriber as a row: its fields are the columns."""
    return {name: getattr(subscriber, name) for name in _SUBSCRIBER}


def subscriber_from(row: Values) -> Subscriber:
    """A row as a subscriber."""
    return Subscriber(**{name: row[name] for name in _SUBSCRIBER})


def topic_values(topic: Topic) -> Values:
    """A topic as a row: its fields are the columns."""
    return {name: getattr(topic, name) for name in _TOPIC}


def topic_from(row: Values) -> Topic:
    """A row as a topic."""
    return Topic(**{name: row[name] for name in _TOPIC})


def item_values(item: InboxItem) -> Values:
    """An inbox item as a row: its fields are the columns."""
    return {name: getattr(item, name) for name in _ITEM}


def item_from(row: Values) -> InboxItem:
    """A row as an inbox item."""
    columns: Values = {name: tuple(row[name]) if name in _ITEM_LISTS else row[name] for name in _ITEM}
    return InboxItem(**columns)
