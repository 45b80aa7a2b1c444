"""What the page at `/` sends and gets."""

from typing import Annotated

from msgspec import Meta, Struct

from app.http.idempotency import fingerprint_of, idempotency_of
from app.http.notifications.commands import content_of
from app.http.notifications.schemas import ActionBody, ContentBody, FreeJson
from app.http.requests import ApiRequest
from app.http.wire import Identifier, Time
from application.notifications.request_rules import SendNotificationCommand
from domain.notifications.content import Audience, Recipient, Severity
from domain.shared.problems import Problems


class OpenSessionBody(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whose inbox to open; somebody new without."""

    subscriber_id: Identifier | None = None


class SessionBody(Struct, kw_only=True, rename="camel"):
    """A bearer token, and whose it is."""

    token: str
    expires_at: Time
    subscriber_id: str


class NoteToSelfBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """A notification to oneself."""

    title: Annotated[str, Meta(min_length=1, max_length=1_000)]
    body: Annotated[str, Meta(max_length=32_768)] = ""
    severity: Severity = Severity.NONE
    data: FreeJson = {}
    actions: Annotated[list[ActionBody], Meta(max_length=20)] = []


def note_command(request: ApiRequest, body: NoteToSelfBody) -> SendNotificationCommand:
    """The same command as for a backend, to the caller alone."""
    problems = Problems()
    content = ContentBody(title=body.title, body=body.body, data=body.data, actions=body.actions)
    converted = content_of(content, problems, path="")
    problems.refuse()
    fingerprint = fingerprint_of(body)
    return SendNotificationCommand(
        principal=request.auth,
        audience=Audience(entries=(Recipient(subscriber_id=request.auth.id),)),
        fingerprint=fingerprint,
        content=converted,
        severity=body.severity,
        trace=request.trace.carried(),
        idempotency=idempotency_of(request, fingerprint),
    )
