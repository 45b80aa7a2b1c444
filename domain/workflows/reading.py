"""From JSON to a definition, with everything that is wrong told at once."""

import json
import re
from collections.abc import Mapping
from typing import Final

from domain.shared.json import JsonObject, JsonValue, problem_with_text
from domain.shared.problems import Problems
from domain.workflows.definition import (
    MAX_DEFINITION_BYTES,
    MAX_STEPS,
    ROUTINGS,
    SEVERITIES,
    DefaultPreferences,
    WorkflowDefinition,
)
from domain.workflows.errors import refuse_workflow
from domain.workflows.fields import ONE_LINE, Fields, below
from domain.workflows.step_reading import read_step
from domain.workflows.steps import CHANNEL_STEPS, Step
from domain.workflows.templates import MAX_LOCALES, is_locale

WORKFLOW_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MAX_DEPTH: Final = 128
MAX_TAGS: Final = 20
MAX_DESCRIPTION: Final = 4_000
# Room for a schema (50 levels) and a condition (50 operators, two levels each).
_LINE: Final = 255


def check_key(key: str, problems: Problems) -> None:
    """Note a key that no workflow may have."""
    problems.check(
        WORKFLOW_KEY.fullmatch(key) is not None, "key", "must be 1 to 64 of a-z, 0-9, - and _, - and _ not first"
    )


def stored_definition(document: JsonObject) -> WorkflowDefinition:
    """A definition that was checked before it was stored. Raises `WorkflowInvalid` if the rules have changed since."""
    problems = Problems()
    definition = read_definition(document, problems)
    refuse_workflow(problems)
    return definition


def read_definition(document: JsonValue, problems: Problems) -> WorkflowDefinition:
    """The definition as far as it can be read; what is wrong is in `problems`, and nothing may be stored then.

    Payload schema, templates, time zones and cron are only looked at from outside here.
    """
    if not _storable(document, problems):
        return WorkflowDefinition(name="", document={})
    fields = Fields(document, "", problems)
    definition = WorkflowDefinition(
        name=fields.text("name", required=True, least=1, most=_LINE, pattern=ONE_LINE) or "",
        description=fields.text("description", most=MAX_DESCRIPTION) or "",
        tags=fields.words("tags", MAX_TAGS),
        severity=fields.choice("severity", SEVERITIES) or "none",
        critical=fields.flag("critical", False),
        payload_schema=_read_object(fields, "payloadSchema"),
        preferences=_read_preferences(fields.inner("preferences")),
        routing=_read_routing(fields.inner("routing")),
        translations=_read_translations(fields),
        layout=fields.text("layout", least=1, most=64, pattern=ONE_LINE),
        default_locale=_read_locale(fields, "defaultLocale") or "en",
        steps=_read_steps(fields),
        document=document if isinstance(document, Mapping) else {},
    )
    fields.finish()
    return definition


def _storable(document: JsonValue, problems: Problems) -> bool:
    """Whether the JSON can be stored and walked through at all."""
    level: list[tuple[str, JsonValue]] = [("", document)]
    sound = True
    for _ in range(MAX_DEPTH):
        following: list[tuple[str, JsonValue]] = []
        for path, node in level:
            texts = [node] if isinstance(node, str) else list(node) if isinstance(node, Mapping) else []
            for words in filter(None, map(problem_with_text, texts)):
                sound = problems.check(False, path, words)
            following += _children(path, node)
        if not following:
            break
        level = following
    else:
        return problems.check(False, "", f"is nested deeper than {MAX_DEPTH} levels")
    if not sound:
        return False
    size = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    return problems.check(size <= MAX_DEFINITION_BYTES, "", f"is larger than {MAX_DEFINITION_BYTES // 1024} kB")


def _children(path: str, node: JsonValue) -> list[tuple[str, JsonValue]]:
    if isinstance(node, Mapping):
        return [(below(path, name), child) for name, child in node.items()]
    if isinstance(node, list | tuple):
        return [(f"{path}[{index}]", child) for index, child in enumerate(node)]
    return []


def _read_object(fields: Fields, name: str) -> JsonObject | None:
    found = fields.value(name)
    if found is not None and not isinstance(found, Mapping):
        fields.note(name, "must be an object")
        return None
    return found


def _read_preferences(fields: Fields | None) -> DefaultPreferences:
    if fields is None:
        return DefaultPreferences()
    enabled, channels = fields.flag("enabled", True), fields.inner("channels")
    fields.finish()
    said: dict[str, bool] = {}
    if channels is not None:
        said = {name.value: channels.flag(name, True) for name in CHANNEL_STEPS if channels.value(name) is not None}
        channels.finish()
    return DefaultPreferences(enabled=enabled, channels=said)


def _read_routing(fields: Fields | None) -> str:
    if fields is None:
        return "all"
    method = fields.choice("method", ROUTINGS)
    fields.finish()
    return method or "all"


def _read_locale(fields: Fields, name: str) -> str | None:
    found = fields.text(name, least=1)
    if found and not is_locale(found):
        fields.note(name, "is not a locale such as de-AT")
    return found


def _read_translations(fields: Fields) -> Mapping[str, JsonObject]:
    found: dict[str, JsonObject] = {}
    for locale, texts in fields.entries("translations", MAX_LOCALES):
        place = f"translations.{locale}"
        if not is_locale(locale):
            fields.note(place, "is not a locale such as de-AT")
        if not isinstance(texts, Mapping):
            fields.note(place, "must be an object")
            continue
        for path in _no_texts(place, texts):
            fields.note(path, "must be a string, or an object of them")
        found[locale] = texts
    return found


def _no_texts(path: str, texts: JsonObject) -> list[str]:
    """Where in the translations something stands that is no text."""
    found: list[str] = []
    level = _children(path, texts)
    while level:
        found += [place for place, node in level if not isinstance(node, str | Mapping)]
        level = [child for place, node in level if isinstance(node, Mapping) for child in _children(place, node)]
    return found


def _read_steps(fields: Fields) -> tuple[Step, ...]:
    steps: list[Step] = []
    keys: list[str] = []
    listed = fields.value("steps", required=True)
    for place, value in fields.items("steps", MAX_STEPS):
        step = read_step(fields.fields_of(place, value), keys)
        if step is not None:
            steps.append(step)
        keys.append(str(value.get("key")) if isinstance(value, Mapping) else "")
    if isinstance(listed, list | tuple) and not listed:
        fields.note("steps", "must not be empty")
    return tuple(steps)
