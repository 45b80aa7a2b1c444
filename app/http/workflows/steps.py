"""The steps of a workflow, as the document describes them.

Requests are read by the rules of the domain, which tell everything that is wrong at once; what stands here is looser
than those nowhere where that would refuse what they take.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from app.http.wire import Word

# Any: JSON Logic, or free JSON whose texts are templates.
FreeJson = dict[str, Any]
StepKey = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,63}\Z")]
Duration = Annotated[str, Meta(pattern=r"^[0-9]{1,9}[smhd]\Z", description="A whole number and s, m, h or d.")]
Filled = Annotated[str, Meta(min_length=1)]
KeyTemplate = Annotated[str, Meta(min_length=1, max_length=1_024)]


class ActionTemplate(Struct, kw_only=True, forbid_unknown_fields=True):
    """A button."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    label: Filled
    url: str | None = None


class InAppTemplate(Struct, kw_only=True, forbid_unknown_fields=True):
    """What the inbox shows."""

    title: Filled
    body: str
    redirect: str | None = None
    avatar: str | None = None
    data: FreeJson | None = None
    actions: Annotated[list[ActionTemplate], Meta(max_length=20)] | None = None


class EmailTemplate(Struct, kw_only=True, forbid_unknown_fields=True):
    """An e-mail; at least one of `mjml`, `html` and `text`."""

    subject: Filled
    mjml: str | None = None
    html: str | None = None
    text: str | None = None
    preheader: str | None = None


class SmsTemplate(Struct, kw_only=True, forbid_unknown_fields=True):
    """A text message."""

    body: Filled


class PushTemplate(Struct, kw_only=True, forbid_unknown_fields=True):
    """A push notification."""

    title: Filled
    body: Filled
    data: FreeJson | None = None
    image: str | None = None


class ChatTemplate(Struct, kw_only=True, forbid_unknown_fields=True):
    """A chat message."""

    title: str | None = None
    body: Filled


class WebhookTemplate(Struct, kw_only=True, forbid_unknown_fields=True):
    """What the receiver of a webhook reads."""

    title: str | None = None
    body: str | None = None
    data: FreeJson | None = None


class RetrySettings(Struct, kw_only=True, forbid_unknown_fields=True):
    """How often it is tried, and the pauses between; the channel's own without."""

    attempts: Annotated[int, Meta(ge=1, le=50)] | None = None
    backoff: Annotated[list[Duration], Meta(max_length=50)] | None = None


class EscalationSettings(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Wait so long behind an earlier step, and skip the moment it was seen or read."""

    step: str
    if_not: Literal["seen", "read"]
    after: Duration


class DelaySettings(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """So long, or until the time that a template renders to: one of both."""

    length: Duration | None = field(default=None, name="for")
    until: KeyTemplate | None = None


class DigestSettings(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A `window`, or `cron` with `timezone`; `key` is a template that tells groups apart."""

    window: Duration | None = None
    key: KeyTemplate | None = None
    look_back: Duration | None = None
    cron: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    timezone: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    max_items: Annotated[int, Meta(ge=1, le=1_000)] | None = None


class ThrottleSettings(Struct, kw_only=True, forbid_unknown_fields=True):
    """At most so many per window; `key` is a template that tells groups apart."""

    limit: Annotated[int, Meta(ge=1, le=1_000_000)]
    window: Duration
    key: KeyTemplate | None = None


class HttpSettings(Struct, kw_only=True, forbid_unknown_fields=True):
    """A request; URL, headers and body are templates. At most 60 s."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: Annotated[str, Meta(min_length=1, max_length=2_048)]
    headers: Annotated[dict[str, str], Meta(max_length=50)] | None = None
    body: Any = None
    timeout: Duration | None = None


class StepFields(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What every step may say."""

    key: StepKey
    run_if: Annotated[Any, Meta(description="JSON Logic; it runs only when true.")] = field(default=None, name="if")
    skip: Annotated[Any, Meta(description="JSON Logic; it does not run when true.")] = None


class ChannelStepFields(StepFields, kw_only=True):
    """What every step that sends may say."""

    locales: (
        Annotated[dict[str, FreeJson], Meta(max_length=100, description="Fields that replace the template's.")] | None
    ) = None
    providers: Annotated[list[Word], Meta(max_length=20)] | None = None
    retry: RetrySettings | None = None
    timeout: Duration | None = None
    escalate: EscalationSettings | None = None


class InAppStep(ChannelStepFields, kw_only=True, tag_field="type", tag="in_app"):
    """Into the inbox."""

    template: InAppTemplate


class EmailStep(ChannelStepFields, kw_only=True, tag_field="type", tag="email"):
    """By e-mail."""

    template: EmailTemplate


class SmsStep(ChannelStepFields, kw_only=True, tag_field="type", tag="sms"):
    """By text message."""

    template: SmsTemplate


class PushStep(ChannelStepFields, kw_only=True, tag_field="type", tag="push"):
    """As a push notification."""

    template: PushTemplate


class ChatStep(ChannelStepFields, kw_only=True, tag_field="type", tag="chat"):
    """As a chat message."""

    template: ChatTemplate


class WebhookStep(ChannelStepFields, kw_only=True, tag_field="type", tag="webhook"):
    """To the subscriber's webhook."""

    template: WebhookTemplate


class DelayStep(StepFields, kw_only=True, tag_field="type", tag="delay"):
    """Wait."""

    delay: DelaySettings


class DigestStep(StepFields, kw_only=True, tag_field="type", tag="digest"):
    """Gather what comes, and go on once."""

    digest: DigestSettings


class ThrottleStep(StepFields, kw_only=True, tag_field="type", tag="throttle"):
    """Stop when there was too much."""

    throttle: ThrottleSettings


class HttpStep(StepFields, kw_only=True, tag_field="type", tag="http"):
    """Ask another server; later steps may use the answer."""

    http: HttpSettings


Step = (
    InAppStep
    | EmailStep
    | SmsStep
    | PushStep
    | ChatStep
    | WebhookStep
    | DelayStep
    | DigestStep
    | ThrottleStep
    | HttpStep
)
