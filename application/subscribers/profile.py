"""What a subscriber's fields must satisfy, and how they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from application.notifications.request_rules import normalised_contact
from application.ports.contact_points import ContactPoints
from application.ports.secret_box import SecretBox
from domain.shared.json import JsonObject, JsonValue, problem_with
from domain.shared.problems import Problems
from domain.subscribers.channel_points import point_problems, webhook_secret_problem, with_secrets
from domain.subscribers.endpoint_state import points_without_state
from domain.subscribers.subscriber import Subscriber

# Any: values of several types, by wire name; None clears a field.
Changes = Mapping[str, Any]

_TEXTS = {
    "email": "email",
    "phone": "phone",
    "firstName": "first_name",
    "lastName": "last_name",
    "avatar": "avatar",
    "locale": "locale",
    "timezone": "timezone",
}
FIELDS = (*_TEXTS, "data", "channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEditor:
    """Turns a caller's fields into a stored subscriber: normal forms, sealed secrets, every problem at once."""

    contacts: ContactPoints
    secrets: SecretBox

    def apply(self, subscriber: Subscriber, changes: Changes, now: datetime) -> Subscriber:
        """The subscriber with `changes` made; raises `InvalidInput` with all problems."""
        problems = Problems()
        texts = {name: text for name, text in changes.items() if name in _TEXTS and text is not None}
        normal = normalised_contact(texts, "", self.contacts, problems)
        edited: dict[str, Any] = {  # Any: see Changes
            _TEXTS[name]: normal.get(name) for name in changes if name in _TEXTS
        }
        for name in ("data", "channels"):
            if name in changes:
                edited[name] = self._checked(name, changes[name] or {}, problems)
        problems.refuse()
        if "channels" in edited:
            edited["channels"] = with_secrets(
                points_without_state(edited["channels"]),
                lambda secret: self.secrets.seal(secret, secret_place(subscriber)),
            )
        return replace(subscriber, **edited, version=subscriber.version + 1, updated_at=now)

    def _checked(self, name: str, value: JsonObject, problems: Problems) -> JsonObject:
        if problem := problem_with(value):
            problems.add(name, problem)
        if name == "channels":
            for path, words in point_problems(value):
                problems.add(f"channels.{path}", words)
            self._check_webhook(value.get("webhook"), problems)
        return value

    def _check_webhook(self, webhook: JsonValue, problems: Problems) -> None:
        if not isinstance(webhook, Mapping):
            return
        url, secret = webhook.get("url"), webhook.get("secret")
        fits = isinstance(url, str) and self.contacts.webhook_url(url) is not None
        problems.check(fits, "channels.webhook.url", "is not an http(s) URL that may be called")
        if isinstance(secret, str) and (problem := webhook_secret_problem(secret)):
            problems.add("channels.webhook.secret", problem)


def secret_place(subscriber: Subscriber) -> str:
    """Where a subscriber's secrets are stored, for the secret box; its own id (ours) makes copies useless."""
    return f"subscribers:channels:{subscriber.id}:{subscriber.tenant_id}"
