"""The texts in a template's fields, which may be JSON of any depth."""

from collections.abc import Callable, Iterator, Mapping

from domain.shared.json import JsonValue


def texts_in(value: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its path: `subject`, `actions[0].label`. Keys are no texts."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from texts_in(child, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield from texts_in(child, f"{path}[{index}]")


def with_texts(value: JsonValue, fill_in: Callable[[str, str], str], path: str = "") -> JsonValue:
    """The same value, each text replaced by `fill_in(path, text)`."""
    if isinstance(value, str):
        return fill_in(path, value)
    if isinstance(value, Mapping):
        return {key: with_texts(each, fill_in, f"{path}.{key}" if path else str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [with_texts(each, fill_in, f"{path}[{index}]") for index, each in enumerate(value)]
    return value
