"""The templates of steps, as they are rendered for many."""

from collections import OrderedDict
from typing import Final

from application.ports.templates import TemplateSource
from domain.notifications.channel import Channel
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.steps import Step

MAX_SOURCES: Final = 2_000

_Key = tuple[int, str, str]


class StepSources:
    """One source for everybody who reads the same step in the same language: it travels and is parsed once."""

    def __init__(self, limit: int = MAX_SOURCES) -> None:
        self._limit = limit
        # The definition is kept beside its id, which would else be another's one day.
        self._known: OrderedDict[_Key, tuple[WorkflowDefinition, TemplateSource]] = OrderedDict()

    def of(self, definition: WorkflowDefinition, step: Step, locale: str | None) -> TemplateSource:
        """The source of a channel step."""
        assert step.message is not None, "a channel step has a message"
        key = (id(definition), step.key, locale or "")
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known[1]
        source = TemplateSource(
            channel=channel_of(step),
            fields=step.message.template_in(locale),
            translations=definition.translations,
            default_locale=definition.default_locale,
        )
        self._known[key] = (definition, source)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)
        return source


def channel_of(step: Step) -> Channel:
    """The channel of a channel step, whose type has its name."""
    return Channel(step.type.value)
