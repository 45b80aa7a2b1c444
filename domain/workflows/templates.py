"""Which fields the template of each channel step has."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Final

from domain.shared.json import JsonObject, JsonValue
from domain.workflows.fields import Fields
from domain.workflows.steps import StepType

MAX_ACTIONS: Final = 20
MAX_LOCALES: Final = 100
LONGEST_LOCALE: Final = 64


class FieldKind(Enum):
    """What a field of a template holds; texts are templates themselves, and so are all texts within data."""

    REQUIRED = auto()
    MAY_BE_EMPTY = auto()
    TEXT = auto()
    DATA = auto()
    ACTIONS = auto()


TEMPLATE_FIELDS: Final[Mapping[StepType, Mapping[str, FieldKind]]] = {
    StepType.IN_APP: {
        "title": FieldKind.REQUIRED,
        "body": FieldKind.MAY_BE_EMPTY,
        "redirect": FieldKind.TEXT,
        "avatar": FieldKind.TEXT,
        "data": FieldKind.DATA,
        "actions": FieldKind.ACTIONS,
    },
    StepType.EMAIL: {
        "subject": FieldKind.REQUIRED,
        "mjml": FieldKind.TEXT,
        "html": FieldKind.TEXT,
        "text": FieldKind.TEXT,
        "preheader": FieldKind.TEXT,
    },
    StepType.SMS: {"body": FieldKind.REQUIRED},
    StepType.PUSH: {
        "title": FieldKind.REQUIRED,
        "body": FieldKind.REQUIRED,
        "data": FieldKind.DATA,
        "image": FieldKind.TEXT,
    },
    StepType.CHAT: {"title": FieldKind.TEXT, "body": FieldKind.REQUIRED},
    StepType.WEBHOOK: {"title": FieldKind.TEXT, "body": FieldKind.TEXT, "data": FieldKind.DATA},
}
_EMAIL_BODIES: Final = ("mjml", "html", "text")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")


def read_template(step_type: StepType, fields: Fields) -> JsonObject:
    """The template of a step in its default language."""
    found = _read(step_type, fields, whole=True)
    if step_type is StepType.EMAIL and not any(found.get(name) for name in _EMAIL_BODIES):
        fields.note("html", "is required, or mjml, or text")
    return found


def read_locales(step_type: StepType, step: Fields) -> Mapping[str, JsonObject]:
    """The variants by locale: each replaces some fields of the template."""
    found = {}
    for locale, value in step.entries("locales", MAX_LOCALES):
        place = f"locales.{locale}"
        if not is_locale(locale):
            step.note(place, "is not a locale such as de-AT")
        found[locale] = _read(step_type, step.fields_of(place, value), whole=False)
    return found


def is_locale(text: str) -> bool:
    """Whether the text has the shape of a language tag (BCP 47): `de`, `de-AT`, `zh_Hant_TW`."""
    return len(text) <= LONGEST_LOCALE and _LOCALE.fullmatch(text) is not None


def _read(step_type: StepType, fields: Fields, *, whole: bool) -> JsonObject:
    kinds = TEMPLATE_FIELDS[step_type]
    found = {name: _read_field(fields, name, kind, whole) for name, kind in kinds.items()}
    fields.finish()
    return {name: value for name, value in found.items() if value is not None}


def _read_field(fields: Fields, name: str, kind: FieldKind, whole: bool) -> JsonValue:
    if kind is FieldKind.DATA:
        data = fields.value(name)
        if data is not None and not isinstance(data, Mapping):
            fields.note(name, "must be an object")
        return data
    if kind is FieldKind.ACTIONS:
        return list(_read_actions(fields, name)) or None
    required = whole and kind is not FieldKind.TEXT
    return fields.text(name, required=required, least=int(kind is FieldKind.REQUIRED))


def _read_actions(fields: Fields, name: str) -> Iterator[JsonObject]:
    seen: set[str] = set()
    for place, value in fields.items(name, MAX_ACTIONS):
        action = fields.fields_of(place, value)
        key = action.text("id", required=True, least=1, most=64)
        action.text("label", required=True, least=1)
        action.text("url")
        action.finish()
        if key in seen:
            action.note("id", "is taken by an earlier action")
        seen.add(key or "")
        yield value
