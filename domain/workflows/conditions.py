"""What a condition of a step may ask for."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from domain.shared.json import JsonValue
from domain.workflows.fields import Fields
from domain.workflows.json_logic import condition_problems

_VAR: Final = "var"
_STEPS: Final = "steps."
# Their second argument sees an item of a list, and not the data of the condition.
_PER_ITEM: Final = frozenset({"map", "filter", "reduce", "all", "none", "some"})


def check_condition(step: Fields, name: str, earlier: Collection[str]) -> JsonValue:
    """The condition in a field of a step, noting what is wrong with it: its form, and steps that are not before it."""
    rule = step.value(name)
    if rule is None:
        return None
    sound = True
    for path, words in condition_problems(rule):
        sound = False
        step.note(f"{name}.{path}".replace(".[", "[").rstrip("."), words)
    # Only what has a bounded depth can be looked into.
    for key in sorted(set(steps_asked(rule)) - set(earlier)) if sound else ():
        step.note(name, f"asks for steps.{key}, which is not an earlier step")
    return rule


def steps_asked(rule: JsonValue) -> Iterator[str]:
    """The keys of the steps that a condition looks at by name."""
    if isinstance(rule, Mapping):
        for operator, arguments in rule.items():
            listed = arguments if isinstance(arguments, list | tuple) else [arguments]
            if operator == _VAR and listed and isinstance(listed[0], str) and listed[0].startswith(_STEPS):
                yield listed[0].split(".")[1]
            inner = [*listed[:1], *listed[2:]] if operator in _PER_ITEM else listed
            for argument in inner:
                yield from steps_asked(argument)
    elif isinstance(rule, list | tuple):
        for item in rule:
            yield from steps_asked(item)
