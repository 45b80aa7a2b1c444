"""Whose failures count together."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage
from domain.notifications.channel import Channel

# Far above a recipient's usual two or three hosts; breakers remember names, and recipients choose these.
LONGEST_NAME = 300


def breaker_name(provider: ChannelProvider, message: OutboundMessage) -> str:
    """The provider's name, and where the recipient says whose server is called, that: one that is down must not shut
    out all others.
    """
    places = sorted(set(_places(provider, message)))
    return " ".join([provider.name, *places])[:LONGEST_NAME]


def _places(provider: ChannelProvider, message: OutboundMessage) -> Iterator[str]:
    if message.channel is Channel.WEBHOOK:
        yield _host(message.address.get("url"))
        return
    point = message.address.get(provider.point) if provider.point else None
    if not isinstance(point, Mapping):
        return
    if point.get("webhookUrl"):
        yield _host(point["webhookUrl"])
    if isinstance(point.get("url"), str):
        # Of an Apprise URL only the scheme: the rest is a secret, and seldom a host.
        yield point["url"].partition("://")[0].lower()
    for subscription in _listed(point.get("subscriptions")):
        if isinstance(subscription, Mapping):
            yield _host(subscription.get("endpoint"))


def _host(url: JsonValue) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower() if isinstance(url, str) else ""
    except ValueError:  # a bracket without its pair
        return ""


def _listed(value: JsonValue) -> list[JsonValue]:
    return list(value) if isinstance(value, list | tuple) else []
