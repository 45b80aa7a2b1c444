"""How a field of a settings Struct carries its environment key, its reason and the way its text is read.

    class SseSettings(Section, frozen=True, kw_only=True):
        ping_interval: Annotated[float, key("SSE_PING_INTERVAL", "why it is so", parse=seconds, ge=1, le=60)] = 15.0

The loader, `.env.example`, the README and `config show` all walk these annotations: a key exists nowhere else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, TypedDict, TypeVar, Unpack, cast, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct
from msgspec.structs import FieldInfo, fields
from msgspec.structs import replace as replace_fields

MASK = "********"
Parse = Callable[[str], object]
FieldPath = tuple[str, ...]
SectionT = TypeVar("SectionT", bound="Section")


def hidden(_text: str) -> str:
    """The mask of a secret: nothing of it, not even its length."""
    return MASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One environment key.

    `default` is a text that is read like a written one and may name other keys (`<DATA_DIR>/jobs`); `depends` tells
    readers what a computed default follows; `mask` turns the value into what may be shown. A `live` key is applied to
    processes that run, when they are told to read the configuration again (SIGHUP). The text of one with `lines` may
    have several.
    """

    name: str
    why: str
    parse: Parse | None = None
    expects: str | None = None
    default: str | None = None
    depends: str | None = None
    mask: Callable[[str], str] | None = None
    live: bool = False
    lines: bool = False

    @property
    def secret(self) -> bool:
        """True when nothing of the value may be shown."""
        return self.mask is hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Nesting:
    """A Struct inside a Struct: what its keys begin with, and which of its fields have keys at all."""

    prefix: str = ""
    only: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One field that has a key: where it sits in `Settings`, its annotated type and its default (or NODEFAULT)."""

    path: FieldPath
    key: Key
    type: Any  # Any: a typing construct, which has no useful static type.
    meta: Meta
    default: object


class Traits(TypedDict, total=False):
    """msgspec's limits on numbers, on lengths and on the form of a text; whether the key is `live`, or has `lines`."""

    live: bool
    lines: bool

    ge: float
    le: float
    min_length: int
    max_length: int
    pattern: str


def key(
    name: str,
    why: str,
    *,
    parse: Parse | None = None,
    expects: str | None = None,
    default: str | None = None,
    depends: str | None = None,
    mask: Callable[[str], str] | None = None,
    **traits: Unpack[Traits],
) -> Meta:
    """Annotates a field with its environment key; bounds are msgspec's, `why` is one line for readers."""
    entry = Key(
        name=name,
        why=why,
        parse=parse,
        expects=expects,
        default=default,
        depends=depends,
        mask=mask,
        live=traits.pop("live", False),
        lines=traits.pop("lines", False),
    )
    # Any: msgspec declares one overload for each combination of bounds that makes sense for some type.
    return Meta(description=why, extra={"key": entry}, **cast(dict[str, Any], traits))


def nested(prefix: str, only: tuple[str, ...] | None = None) -> Meta:
    """Annotates a field that holds another section, whose keys begin with `prefix`."""
    return Meta(extra={"nesting": Nesting(prefix=prefix, only=only)})


class Section(Struct, frozen=True, kw_only=True):
    """One concern of the configuration; its `repr` masks secrets, so that a logged section leaks nothing."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # msgspec's own, with its signature, would show everything
        masked = _masked_fields(type(self))
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, MASK if value and name in masked else value) for name, value in values]


def leaves(section: type[Section], *, prefix: str = "") -> Iterator[Leaf]:
    """Every key of a section and of those inside it, in the order of declaration."""
    yield from _leaves(section, Nesting(prefix=prefix), (), None)


def _leaves(section: type[Section], nesting: Nesting, path: FieldPath, defaults: Section | None) -> Iterator[Leaf]:
    for name, annotated, default in _fields(section):
        value = default if defaults is None else getattr(defaults, name)
        metas = [part for part in get_args(annotated) if isinstance(part, Meta)]
        inner = inner_section(annotated)
        if inner is not None:
            below = _nesting(metas)
            combined = replace(below, prefix=nesting.prefix + below.prefix)
            yield from _leaves(inner, combined, (*path, name), value if isinstance(value, Section) else None)
        elif (entry := _key(metas)) and (nesting.only is None or name in nesting.only):
            full = replace(entry, name=nesting.prefix + entry.name)
            yield Leaf(path=(*path, name), key=full, type=annotated, meta=metas[0], default=value)


def inner_section(annotated: object) -> type[Section] | None:
    """The section that a field holds, or None for a plain field."""
    plain = get_args(annotated)[0] if get_origin(annotated) is Annotated else annotated
    return plain if isinstance(plain, type) and issubclass(plain, Section) else None


def assemble(
    section: type[SectionT], values: Mapping[FieldPath, object], base: Section | None = None, path: FieldPath = ()
) -> SectionT:
    """Builds a section from values by path; a field without a value keeps what `base` or its Struct says."""
    chosen: dict[str, object] = {}
    for name, annotated, default in _fields(section):
        here = (*path, name)
        inner = inner_section(annotated)
        if here in values:
            chosen[name] = values[here]
        elif inner is not None:
            chosen[name] = assemble(inner, values, default if isinstance(default, Section) else None, here)
    return section(**chosen) if not isinstance(base, section) else replace_fields(base, **chosen)


@cache
def _fields(section: type[Section]) -> tuple[tuple[str, object, object], ...]:
    hints = get_type_hints(section, include_extras=True)
    return tuple((field.name, hints[field.name], _default(field)) for field in fields(section))


def _default(field: FieldInfo) -> object:
    return field.default_factory() if callable(field.default_factory) else field.default


@cache
def _masked_fields(section: type[Section]) -> frozenset[str]:
    own = [leaf for leaf in leaves(section) if len(leaf.path) == 1]
    return frozenset(leaf.path[0] for leaf in own if leaf.key.mask is not None)


def _key(metas: list[Meta]) -> Key | None:
    return next((meta.extra["key"] for meta in metas if meta.extra and "key" in meta.extra), None)


def _nesting(metas: list[Meta]) -> Nesting:
    return next((meta.extra["nesting"] for meta in metas if meta.extra and "nesting" in meta.extra), Nesting())
