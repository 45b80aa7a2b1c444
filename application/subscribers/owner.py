"""Whether a subscriber is the one that a credential was issued to."""

from domain.identity.errors import InvalidCredential
from domain.identity.principal import Principal
from domain.subscribers.subscriber import Subscriber, SubscriberNotFound


def owned(principal: Principal, subscriber: Subscriber | None) -> Subscriber:
    """The subscriber found under the caller's id.

    Raises `SubscriberNotFound` when there is none, `InvalidCredential` when the caller's token is older than it: the
    former owner of the id was deleted, and its inbox with it.
    """
    if subscriber is None:
        raise SubscriberNotFound
    if principal.predates(subscriber.created_at):
        raise InvalidCredential
    return subscriber
