"""What a workflow does, as it was written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from domain.shared.json import JsonObject, JsonValue
from domain.workflows.steps import Step

MAX_DEFINITION_BYTES: Final = 512 * 1024
MAX_STEPS: Final = 50
SEVERITIES: Final = ("none", "low", "medium", "high")
ROUTINGS: Final = ("all", "single")

# What a field that is left out means, in the order of answers.
DEFAULTS: Final[JsonObject] = MappingProxyType(
    {
        "name": "",
        "description": "",
        "tags": [],
        "severity": "none",
        "critical": False,
        "payloadSchema": None,
        "preferences": {"enabled": True, "channels": {}},
        "routing": {"method": "all"},
        "translations": {},
        "layout": None,
        "defaultLocale": "en",
        "steps": [],
    }
)
_WITH_PARTS: Final = ("preferences", "routing")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultPreferences:
    """Whether people get it who said nothing else; a channel that is not named is on."""

    enabled: bool = True
    channels: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowDefinition:
    """A definition that was read; `document` is the JSON that it was read from, unchanged.

    `routing` is `all`, or `single` for the first channel step that works. `layout` is a name. `translations` are
    locale -> key -> text; a text may be nested under dotted keys or be a mapping of plural forms.
    """

    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    severity: str = "none"
    critical: bool = False
    payload_schema: JsonObject | None = None
    preferences: DefaultPreferences = field(default_factory=DefaultPreferences)
    routing: str = "all"
    translations: Mapping[str, JsonObject] = field(default_factory=dict)
    layout: str | None = None
    default_locale: str = "en"
    steps: tuple[Step, ...] = ()
    document: JsonObject

    def step(self, key: str) -> Step | None:
        """The step with that key."""
        return next((step for step in self.steps if step.key == key), None)


def completed(document: JsonObject) -> JsonObject:
    """The document with every field at the top; what was left out, or null, has its default."""
    whole = {name: default if document.get(name) is None else document[name] for name, default in DEFAULTS.items()}
    for name in _WITH_PARTS:
        said = {part: value for part, value in whole[name].items() if value is not None}
        whole[name] = {**DEFAULTS[name], **said}
    return whole


def canonical(document: JsonObject) -> bytes:
    """Equal for documents that mean the same: completed, names sorted, no blanks, in UTF-8."""
    return _text(completed(document)).encode()


def digest_of(document: JsonObject) -> str:
    """SHA-256 of the canonical document, in hex."""
    return sha256(canonical(document)).hexdigest()


def changed_names(before: JsonObject, after: JsonObject) -> tuple[str, ...]:
    """The fields at the top by which two documents differ."""
    old, new = completed(before), completed(after)
    return tuple(name for name in DEFAULTS if _text(old[name]) != _text(new[name]))


def _text(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
