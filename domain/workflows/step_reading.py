"""Reading one step of a definition."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

from domain.shared.json import JsonObject
from domain.workflows.conditions import check_condition
from domain.workflows.fields import ONE_LINE, Fields
from domain.workflows.steps import (
    CHANNEL_STEPS,
    DEFAULT_MAX_ITEMS,
    Delay,
    DigestStep,
    Escalation,
    HttpStep,
    Message,
    Retry,
    Step,
    StepType,
    ThrottleStep,
)
from domain.workflows.templates import read_locales, read_template

STEP_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
STEP_KEY_WORDS: Final = "must be 1 to 64 of a-z, 0-9, - and _, a letter first"
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_PROVIDERS: Final = 20
MAX_ATTEMPTS: Final = 50
MAX_HEADERS: Final = 50
MAX_DIGEST_ITEMS: Final = 1_000
MAX_LIMIT: Final = 1_000_000
MAX_KEY_TEMPLATE: Final = 1_024
# Longer than any request may hold up the run that waits for it.
MAX_HTTP_TIMEOUT: Final = timedelta(seconds=60)
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_WEB: Final = re.compile(r"(https?://|\{).*", re.IGNORECASE | re.DOTALL)


def read_step(fields: Fields, earlier: Sequence[str]) -> Step | None:
    """The step, or None when its type cannot be told; `earlier` are the keys of all that stand before it."""
    key = fields.text("key", required=True, pattern=STEP_KEY, least=1, otherwise=STEP_KEY_WORDS) or ""
    if key in earlier:
        fields.note("key", "is taken by an earlier step")
    conditions = {name: check_condition(fields, name, earlier) for name in ("if", "skip")}
    kind = fields.choice("type", tuple(StepType), required=True)
    if kind is None:
        return None
    step_type = StepType(kind)
    settings = read_message(step_type, fields, earlier) if step_type in CHANNEL_STEPS else _read_settings(kind, fields)
    fields.finish()
    run_if, skip_if = conditions["if"], conditions["skip"]
    return Step(key=key, type=step_type, index=len(earlier), run_if=run_if, skip_if=skip_if, **settings)


def read_message(step_type: StepType, fields: Fields, earlier: Collection[str]) -> dict[str, Message | None]:
    """What a channel step says and how."""
    template = fields.inner("template", required=True)
    locales = read_locales(step_type, fields)
    found: JsonObject = read_template(step_type, template) if template else {}
    message = Message(
        template=found,
        locales=locales,
        providers=fields.words("providers", MAX_PROVIDERS),
        retry=_read_retry(fields.inner("retry")),
        timeout=fields.duration("timeout"),
        escalation=_read_escalation(fields.inner("escalate"), earlier),
    )
    return {"message": message}


def _read_retry(fields: Fields | None) -> Retry:
    if fields is None:
        return Retry()
    attempts = fields.integer("attempts", least=1, most=MAX_ATTEMPTS)
    backoff = fields.durations("backoff", MAX_ATTEMPTS)
    fields.finish()
    return Retry(attempts=attempts, backoff=backoff)


def _read_escalation(fields: Fields | None, earlier: Collection[str]) -> Escalation | None:
    if fields is None:
        return None
    step = fields.text("step", required=True)
    if step is not None and step not in earlier:
        fields.note("step", "does not name an earlier step")
    if_not = fields.choice("ifNot", ("seen", "read"), required=True)
    after = fields.duration("after", required=True)
    fields.finish()
    if step is None or if_not is None or after is None:
        return None
    return Escalation(step=step, if_not=if_not, after=after)


# The settings of a step stand in the field that is named like its type, and so does what they are read into.
Settings = Delay | DigestStep | ThrottleStep | HttpStep


def _read_settings(kind: str, fields: Fields) -> dict[str, Settings | None]:
    inner = fields.inner(kind, required=True)
    if inner is None:
        return {kind: None}
    found = _READERS[kind](inner)
    inner.finish()
    return {kind: found}


def _read_delay(fields: Fields) -> Delay:
    length, until = fields.duration("for"), fields.text("until", least=1, most=MAX_KEY_TEMPLATE)
    if (fields.value("for") is None) is (fields.value("until") is None):
        fields.note("for", "is required, or until, and not both")
    return Delay(length=length, until=until)


def _read_digest(fields: Fields) -> DigestStep:
    found = DigestStep(
        window=fields.duration("window"),
        cron=fields.text("cron", least=1, most=255, pattern=ONE_LINE),
        timezone=fields.text("timezone", least=1, most=64, pattern=ONE_LINE),
        key=fields.text("key", least=1, most=MAX_KEY_TEMPLATE),
        look_back=fields.duration("lookBack"),
        max_items=fields.integer("maxItems", least=1, most=MAX_DIGEST_ITEMS) or DEFAULT_MAX_ITEMS,
    )
    if (fields.value("window") is None) is (fields.value("cron") is None):
        fields.note("window", "is required, or cron, and not both")
    if (fields.value("cron") is None) is not (fields.value("timezone") is None):
        fields.note("timezone", "goes together with cron, and cron with it")
    return found


def _read_throttle(fields: Fields) -> ThrottleStep | None:
    limit = fields.integer("limit", least=1, most=MAX_LIMIT, required=True)
    window = fields.duration("window", required=True)
    key = fields.text("key", least=1, most=MAX_KEY_TEMPLATE)
    return None if limit is None or window is None else ThrottleStep(limit=limit, window=window, key=key)


def _read_http(fields: Fields) -> HttpStep | None:
    method = fields.choice("method", METHODS, required=True)
    url = fields.text("url", required=True, least=1, most=2_048, pattern=_WEB, otherwise="must be an http(s) URL")
    headers: dict[str, str] = {}
    for name, value in fields.entries("headers", MAX_HEADERS):
        if not _HEADER.fullmatch(name):
            fields.note(f"headers.{name}", "is not the name of a header")
        elif not isinstance(value, str) or not ONE_LINE.fullmatch(value or " "):
            fields.note(f"headers.{name}", "must be a string on one line")
        else:
            headers[name] = value
    body, timeout = fields.value("body"), fields.duration("timeout", most=MAX_HTTP_TIMEOUT)
    if method is None or url is None:
        return None
    return HttpStep(method=method, url=url, headers=headers, body=body, timeout=timeout)


_READERS: Final[Mapping[str, Callable[[Fields], Settings | None]]] = {
    "delay": _read_delay,
    "digest": _read_digest,
    "throttle": _read_throttle,
    "http": _read_http,
}
