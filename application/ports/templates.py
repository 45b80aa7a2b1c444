"""Texts that tenants write, filled in for one recipient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from domain.notifications.channel import Channel
from domain.shared.json import JsonObject, JsonValue

# Of each source (a text of a field, a layout, a partial, a translation) and of each rendered field, in bytes of UTF-8.
MAX_TEMPLATE_BYTES: Final = 256 * 1024


class ProblemCode(StrEnum):
    """What a tenant's template can suffer from; `TIMEOUT` and `MEMORY` also when it took its process down."""

    SYNTAX = "template.syntax"
    UNDEFINED = "template.undefined"
    LIMIT = "template.limit"
    TIMEOUT = "template.timeout"
    MEMORY = "template.memory"
    MJML = "template.mjml"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSource:
    """What is the same for every recipient. Rendering many, share one object: it travels and is parsed once.

    `fields` are the template's fields by name (`subject`, `mjml`, `body`, `actions`, …). Every text in them, at any
    depth, is a Liquid template; keys and other values stay as they are. `channel` None: values of other steps, such as
    a digest's key, a time or a URL.
    `layout` is its source: one with the root `<mjml>` goes around `mjml` fields that are no document of their own,
    any other around `html`, each where it says `{{ content }}`. Its name was resolved by the caller.
    `partials` are what `{% render 'name' %}` and `{% include 'name' %}` find, by name.
    `translations` are locale -> key -> text; a text may be nested under dotted keys (`cart.title`), and one with
    plural forms is a mapping of CLDR's categories (`one`, `other`, …). Texts are Liquid over the arguments of `t`.
    `strict`: a variable or translation that does not exist is a problem; otherwise it is empty, or the key.
    """

    channel: Channel | None
    fields: JsonObject
    layout: str | None = None
    partials: Mapping[str, str] = field(default_factory=dict)
    translations: Mapping[str, JsonObject] = field(default_factory=dict)
    default_locale: str = "en"
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderJob:
    """One source for one recipient.

    `data` holds `payload`, `subscriber`, `actor`, `steps`, `digest`, `brand`, …, each a name in the templates. `locale`
    (`de-AT`, `de_AT`) falls back to `de`, then to the source's default; a zone that does not exist is UTC. `now` is
    what `now`, `today` and `relative` mean, with zone.
    """

    source: TemplateSource
    data: JsonObject
    now: datetime
    locale: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The fields under their names, their texts filled in.

    Of an e-mail: `mjml` has become `html`, whose styles are inlined; `text` is there whenever `html` is, made from it
    where none was given; `preheader` is in the `html`, too; `subject` is one line without control characters.
    """

    fields: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderProblem:
    """Why a template cannot be used, in words for whoever wrote it.

    `path` is the field (`mjml`, `actions[0].label`), or `layout`, `partials.<name>`, `translations.<locale>.<key>`;
    empty where it could not be told. `line` counts from 1, where known.
    """

    code: ProblemCode
    message: str
    path: str = ""
    line: int | None = None


class Templates(Protocol):
    """Renders Liquid, MJML and HTML that is not trusted.

    No template reaches the disk, the network, another tenant's data or anything that its job does not carry. It gets
    200 ms of CPU, 256 kB of output for each field and 64 MiB of memory (as far as the adapter can hold it to that);
    whatever a tenant wrote, the answer is a value and never an exception. In `html` and `mjml` values are escaped,
    elsewhere they are not. Filters beyond Liquid's own: `t`, `date`, `time`, `datetime`, `number`, `currency`,
    `percent` and `relative`, in the recipient's locale and zone.
    Raises `Unavailable` when too much is waiting already, or when nothing can be rendered now.
    """

    async def check(self, source: TemplateSource) -> Sequence[RenderProblem]:
        """Say everything that is wrong with the source without data; nothing when it may be stored.

        Finds syntax, unknown tags and filters, partials that do not exist, MJML that cannot be read, and sizes. What
        depends on data (`{{ payload.x }}` in an attribute, say) shows only when it is rendered.
        """
        ...

    async def render(self, job: RenderJob) -> Rendered | RenderProblem:
        """Render every field, or tell the first problem."""
        ...

    async def render_many(self, jobs: Sequence[RenderJob]) -> Sequence[Rendered | RenderProblem]:
        """What `render` answers to each, in their order. A problem of one does not touch the others."""
        ...
