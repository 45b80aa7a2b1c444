"""From keys as they are written to keys as they are called: `<KEY>_FILE`, aliases, and addresses in pieces."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from infrastructure.config.aliases import ADDRESSES, ALIASES, PIECES, SHARED_WITH_OTHERS, Address
from infrastructure.config.catalogue import catalogue, is_known, provider_fields
from infrastructure.config.later import capability_of
from infrastructure.config.layers import Layer, Written, read_small_file
from infrastructure.config.parsers import path
from infrastructure.config.problems import Problem, Unacceptable

FILE_SUFFIX = "_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value under its canonical key, `spelled` as somebody wrote that; a layer of higher `rank` wins.

    An empty `text` takes the key back.
    """

    key: str
    text: str = field(repr=False)
    spelled: str
    place: str
    rank: int
    ours: bool

    @property
    def source(self) -> str:
        """Where it stands, for people."""
        return self.place if self.spelled == self.key else f"{self.spelled} in {self.place}"


@dataclass(slots=True)
class Spelled:
    """What the layers come to: values by canonical key, and what nobody knows, with `ours` of its layer."""

    given: dict[str, Given] = field(default_factory=dict)
    unknown: list[tuple[Written, bool]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def spell(layers: Iterable[Layer], directory: Path) -> Spelled:
    """All layers under canonical keys, the stronger value winning."""
    result = Spelled()
    for rank, layer in enumerate(layers):
        for written in layer.entries:
            _take(written, layer.ours, rank, directory, result)
    for shared in SHARED_WITH_OTHERS & result.given.keys():
        _stand_in(result.given.pop(shared), result)
    result.given = {key: given for key, given in result.given.items() if given.text}
    for address in ADDRESSES:
        _compose(address, result)
    return result


def is_recognised(name: str) -> bool:
    """True for everything that has a meaning here, be it an old or a future one."""
    return is_known(name) or name in ALIASES or name in PIECES or capability_of(name) is not None


def is_secret(key: str) -> bool:
    """True when nothing of the key's value may be shown."""
    leaf = catalogue().get(key) or provider_fields().get(key.rpartition("__")[2])
    return leaf.key.secret if leaf else key.endswith("PASSWORD")


def _take(written: Written, ours: bool, rank: int, directory: Path, result: Spelled) -> None:
    name = written.key
    in_file = name.endswith(FILE_SUFFIX) and is_recognised(name.removesuffix(FILE_SUFFIX))
    name = name.removesuffix(FILE_SUFFIX) if in_file else name
    if not is_recognised(name):
        result.unknown.append((written, ours))
        return
    key = name if name in SHARED_WITH_OTHERS else ALIASES.get(name, name)
    try:
        text = _content(written, directory) if in_file else written.text.strip()
        _refuse_empty_secret(key, text)
    except Unacceptable as error:
        result.problems.append(Problem(keys=(key,), message=str(error), source=f"{written.key} in {written.source}"))
        return
    if name != key:
        result.warnings.append(f"{name} is an old name of {key} [{written.source}]")
    _add(Given(key=key, text=text, spelled=written.key, place=written.source, rank=rank, ours=ours), result)


def _content(written: Written, directory: Path) -> str:
    try:
        content = read_small_file(directory / path(written.text.strip()))
    except Unacceptable as error:
        raise Unacceptable(f"is to be read from a file that {error}") from None
    if content is None:
        raise Unacceptable("is to be read from a file that does not exist")
    return content.rstrip("\r\n")


def _refuse_empty_secret(key: str, text: str) -> None:
    # A substitution that came to nothing must not end in a secret that is generated or missing.
    if not text and is_secret(key):
        raise Unacceptable("is empty; give it a value or remove it")


def _add(given: Given, result: Spelled) -> None:
    """A stronger layer replaces; two spellings in one layer must agree."""
    other = result.given.get(given.key)
    if other is not None and other.rank == given.rank and other.text != given.text:
        message = f"is given twice with different values, also by {other.source}"
        result.problems.append(Problem(keys=(given.key,), message=message, source=given.source))
    result.given[given.key] = given


def _stand_in(shared: Given, result: Spelled) -> None:
    """A name that other programs set for themselves counts only where the canonical one is not given."""
    key = ALIASES[shared.key]
    if key not in result.given:
        result.warnings.append(f"{shared.key} is an old name of {key} [{shared.source}]")
        result.given[key] = replace(shared, key=key)


def _compose(address: Address, result: Spelled) -> None:
    """Replaces the pieces by the address they make; beside an address of their own layer they contradict it."""
    pieces = [result.given.pop(piece) for piece in address.pieces if piece in result.given]
    if not pieces:
        return
    strongest = max(pieces, key=lambda piece: piece.rank)
    whole = result.given.get(address.target)
    if whole is not None and whole.rank > strongest.rank:
        return
    if whole is not None or pieces[0].key != address.host:
        trouble = f"and {address.target} say the same thing twice" if whole else f"needs {address.host} beside it"
        problem = Problem(keys=(strongest.key, address.target), message=trouble, source=strongest.source)
        result.problems.append(problem)
        return
    text = address.compose({piece.key: piece.text for piece in pieces})
    spelled = ", ".join(piece.spelled for piece in pieces)
    result.given[address.target] = replace(strongest, key=address.target, text=text, spelled=spelled)
    result.warnings.append(f"{address.target} replaces the older {spelled}")
