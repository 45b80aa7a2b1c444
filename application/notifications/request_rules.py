"""What a request to notify must satisfy, beyond its shape."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from application.ports.contact_points import ContactPoints
from application.shared.idempotency import Idempotency
from domain.identity.principal import Principal
from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content, Recipient, Severity
from domain.notifications.links import is_script
from domain.shared.errors import FieldProblem
from domain.shared.json import JsonObject, problem_with
from domain.shared.problems import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """The version of its workflow that a request is pinned to, and what speaks against the request."""

    version: int | None = None
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNotificationCommand:
    """One request to notify. `fingerprint` is the SHA-256 of the canonical body without `transactionId`.

    `triggered` is there once it was looked at what its workflow says.
    """

    principal: Principal
    audience: Audience
    fingerprint: str
    content: Content | None = None
    workflow: str | None = None
    triggered: Triggered | None = None
    payload: JsonObject = field(default_factory=dict)
    overrides: JsonObject = field(default_factory=dict)
    channels: tuple[Channel, ...] = (Channel.IN_APP,)
    transaction_id: str | None = None
    sequence_id: str | None = None
    actor: str | None = None
    send_at: datetime | None = None
    expires_at: datetime | None = None
    severity: Severity = Severity.NONE
    tags: tuple[str, ...] = ()
    routing: str = "all"
    dry_run: bool = False
    trace: str | None = None
    idempotency: Idempotency | None = None


def checked(command: SendNotificationCommand, contacts: ContactPoints, now: datetime) -> SendNotificationCommand:
    """The command with its contact points in normal form; raises `InvalidInput` with everything that is wrong."""
    problems = Problems()
    _check_what(command, problems)
    _check_times(command, now, problems)
    entries = tuple(
        _checked_entry(entry, f"to[{index}]", contacts, problems)
        for index, entry in enumerate(command.audience.entries)
    )
    problems.check(bool(entries) or command.audience.everyone, "to", "names nobody")
    problems.refuse()
    if entries == command.audience.entries:
        return command
    return replace(command, audience=replace(command.audience, entries=entries))


def _check_what(command: SendNotificationCommand, problems: Problems) -> None:
    if command.workflow is None:
        problems.check(command.content is not None, "content", "is required without a workflow")
        problems.check(bool(command.channels), "channels", "is empty")
    else:
        _check_triggered(command, problems)
    problems.check(len(set(command.channels)) == len(command.channels), "channels", "names a channel twice")
    parts = [("payload", command.payload), ("overrides", command.overrides)]
    if command.content is not None:
        parts.append(("content.data", command.content.data))
        _check_content(command.content, problems)
    for path, value in parts:
        if problem := problem_with(value):
            problems.add(path, problem)


def _check_triggered(command: SendNotificationCommand, problems: Problems) -> None:
    assert command.triggered is not None, "commands with a workflow are triggered before they are checked"
    problems.check(command.content is None, "content", "goes without a workflow")
    for found in command.triggered.problems:
        problems.add(found.path, found.message)


def _check_content(content: Content, problems: Problems) -> None:
    ids = [action.id for action in content.actions]
    problems.check(len(set(ids)) == len(ids), "content.actions", "has two actions of one id")
    links = {f"content.actions[{index}].url": action.url for index, action in enumerate(content.actions)}
    for path, link in (links | {"content.redirect": content.redirect, "content.avatar": content.avatar}).items():
        problems.check(link is None or not is_script(link), path, "is a link that runs code")


def _check_times(command: SendNotificationCommand, now: datetime, problems: Problems) -> None:
    if command.expires_at is None:
        return
    problems.check(command.expires_at > now, "expiresAt", "lies in the past")
    if command.send_at is not None:
        problems.check(command.expires_at > command.send_at, "expiresAt", "lies before sendAt")


def _checked_entry(entry: Recipient, path: str, contacts: ContactPoints, problems: Problems) -> Recipient:
    named = (entry.subscriber_id is None) + (entry.topic is None)
    problems.check(named == 1, path, "needs exactly one of subscriberId and topic")
    if entry.topic is not None:
        problems.check(not entry.contact, path, "a topic has no contact fields")
    else:
        problems.check(not entry.exclude, f"{path}.exclude", "goes with a topic")
    if not entry.contact:
        return entry
    return replace(entry, contact=normalised_contact(entry.contact, path, contacts, problems))


_WHAT = {
    "email": "is not an e-mail address",
    "phone": "is not a phone number in E.164 (+491701234567)",
    "locale": "is not a language tag (BCP 47)",
    "timezone": "is not an IANA time zone",
}


def normalised_contact(contact: JsonObject, path: str, contacts: ContactPoints, problems: Problems) -> dict[str, str]:
    """Contact fields in normal form, by their wire names; adds a problem for each that has none."""
    normal: dict[str, str] = {}
    for name, text in contact.items():
        value = text if name not in _WHAT else getattr(contacts, name)(text)
        if value is None:
            problems.add(f"{path}.{name}" if path else name, _WHAT[name])
        else:
            normal[name] = value
    return normal
