"""What can be reached from an object: what it holds, and what it gets when it asks the providers it holds."""

from collections.abc import Callable, Iterator, Mapping, Set
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from dependency_injector import containers, providers
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

OURS = ("app.", "application.", "container", "domain.", "infrastructure.", "tests.")
FOREIGN = (Provide, DefineMiddleware, State)
ENDS = (str, bytes, int, float, type, containers.DynamicContainer, containers.DeclarativeContainer)


class StandIn:
    """Bound in place of a provider's product; whatever it is asked for is itself, so that it survives a constructor."""

    def __getattr__(self, name: str) -> "StandIn":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_arguments: object, **_named: object) -> "StandIn":
        return self

    def __getitem__(self, _key: object) -> "StandIn":
        return self

    def __iter__(self) -> Iterator["StandIn"]:
        return iter([self])


class Spied:
    """Something real, bound as a stand-in where a constructor would choke on one; tells whether it was used."""

    def __init__(self, real: Any) -> None:  # Any: whatever a provider gives
        self._real = real
        self.used = False

    def __getattr__(self, name: str) -> Any:
        self.used = True
        return getattr(self._real, name)

    def __getitem__(self, key: object) -> Any:
        self.used = True
        return self._real[key]


class Reach:
    """Every object within reach of `root`; asks providers as the code that holds them would, unless told not to.

    `ends` are ids of objects that are looked at by themselves: what lies behind them does not count.
    """

    def __init__(self, root: object, ends: Set[int] = frozenset(), *, asking: bool = True) -> None:
        # By id, and kept: an id is only good for as long as its object lives.
        self.objects: dict[int, object] = {}
        self._ends = ends - {id(root)}
        self._asking = asking
        self._waiting: list[object] = [root]
        while self._waiting:
            self._look(self._waiting.pop())

    def holds(self, thing: object) -> bool:
        return id(thing) in self.objects

    @property
    def providers(self) -> list[providers.Provider[object]]:
        return [each for each in self.objects.values() if isinstance(each, providers.Provider)]

    def _look(self, thing: object) -> None:
        if thing is None or isinstance(thing, ENDS) or self.holds(thing):
            return
        self.objects[id(thing)] = thing
        if isinstance(thing, providers.Provider):
            self._waiting += [thing()] if self._asking else []
        elif not isinstance(thing, StandIn | Spied) and id(thing) not in self._ends:
            self._waiting += _contents(thing)


def _contents(thing: object) -> Iterator[object]:
    match thing:
        case FunctionType():
            yield from (cell.cell_contents for cell in thing.__closure__ or () if _is_filled(cell))
            yield from (*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values())
        case MethodType():
            yield from (thing.__self__, thing.__func__)
        case partial():
            yield from (thing.func, *thing.args, *thing.keywords.values())
        case Mapping():
            yield from (*thing.keys(), *thing.values())
        case list() | tuple() | set() | frozenset():
            yield from thing
        case _ if type(thing).__module__.startswith(OURS) or isinstance(thing, FOREIGN):
            yield from _attributes(thing)


def _attributes(thing: Any) -> Iterator[object]:  # Any: whatever has attributes
    slots = [name for kind in type(thing).__mro__ for name in _slots(kind)]
    yield from (getattr(thing, name) for name in slots if hasattr(thing, name))
    yield from getattr(thing, "__dict__", {}).values()


def _slots(kind: type) -> Iterator[str]:
    for name in vars(kind).get("__slots__", ()):
        yield f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name


def _is_filled(cell: Any) -> bool:  # Any: cells have no public type
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def remembering(make: Callable[..., Any], made: Callable[[Any], None]) -> Callable[..., Any]:
    """`make`, telling `made` of every product; with its marks, since a job is known by them."""

    def build(*arguments: Any, **named: Any) -> Any:  # Any: whatever the class takes and makes
        product = make(*arguments, **named)
        made(product)
        return product

    # Not functools.wraps: a class has more in its dictionary than a function should get.
    vars(build).update({name: value for name, value in vars(make).items() if name == "__job_spec__"})
    build.__name__ = getattr(make, "__name__", "build")
    return build
