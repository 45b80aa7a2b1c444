"""`{{ 'cart.items' | t: count: payload.count }}`: texts in the recipient's language."""

from collections.abc import Mapping
from typing import Any, Final

from liquid.exceptions import UndefinedError
from markupsafe import Markup

from domain.shared.json import JsonValue
from infrastructure.templates.locale_filters import decimal_of
from infrastructure.templates.scope import JobContext, JobScope, locale_of

PLURALS: Final = frozenset({"zero", "one", "two", "few", "many", "other"})


def translate(key: Any, *, context: JobContext, **arguments: Any) -> str:
    """The text under `key`, filled in with `arguments`; the key itself where there is none."""
    name = str(key)
    language, text = _found(name, context.job)
    if isinstance(text, Mapping):
        text = _plural(text, arguments.get("count"), language)
    if not isinstance(text, str):
        if context.job.strict:
            raise UndefinedError(f"there is no translation {name!r}", token=None)
        return name
    return _filled_in(text, f"translations.{language}.{name}", context, arguments)


def _found(key: str, job: JobScope) -> tuple[str, JsonValue]:
    for language in job.languages:
        found = _under(job.translations.get(language), key)
        if found is not None:
            return language, found
    return "", None


def _under(texts: JsonValue, key: str) -> JsonValue:
    """What stands under `key` as it is, or under its parts one after the other."""
    if not isinstance(texts, Mapping):
        return None
    if key in texts:
        return texts[key]
    first, dot, rest = key.partition(".")
    return _under(texts.get(first), rest) if dot else None


def _plural(forms: Mapping[str, JsonValue], count: object, language: str) -> JsonValue:
    """The form of `count` by the rules of the language it is written in; `zero` also where that has no such form."""
    number = decimal_of(count)
    if number is None:
        return forms.get("other")
    if number == 0 and "zero" in forms:
        return forms["zero"]
    return forms.get(locale_of([language]).plural_form(number), forms.get("other"))


def _filled_in(text: str, name: str, context: JobContext, arguments: Mapping[str, object]) -> str:
    if "{" not in text:
        return Markup(text) if context.autoescape else text  # noqa: S704  # As trusted as the template around it.
    template = context.env.from_string(text, name=name)
    inner = context.copy(arguments, carry_loop_iterations=True, template=template)
    buffer = context.get_buffer()
    template.render_with_context(inner, buffer, partial=True, block_scope=True)
    return Markup(buffer.getvalue()) if context.autoescape else buffer.getvalue()  # noqa: S704  # Values were escaped.
