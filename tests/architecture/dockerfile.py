"""A Dockerfile as a list of instructions for each stage."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONTINUED = re.compile(r"\\\n\s*")


@dataclass(frozen=True, slots=True)
class Instruction:
    """`RUN`, and all that stands behind it on one line."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Its arguments, those of the exec form, too."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)

    @property
    def pairs(self) -> dict[str, str]:
        """Of ENV and LABEL."""
        return dict(word.split("=", 1) for word in self.words)


@dataclass(frozen=True, slots=True)
class Stage:
    """From one FROM to the next."""

    base: str
    name: str
    instructions: Sequence[Instruction]

    def all(self, name: str) -> list[Instruction]:
        return [each for each in self.instructions if each.name == name]

    def last(self, name: str) -> Instruction:
        """What counts where an instruction stands more than once."""
        return self.all(name)[-1]

    def pairs(self, name: str) -> dict[str, str]:
        return {key: value for each in self.all(name) for key, value in each.pairs.items()}


def stages(path: Path) -> list[Stage]:
    """The stages of a Dockerfile, the image's own last."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    written = CONTINUED.sub("", "\n".join(lines)).splitlines()
    found: list[tuple[str, str, list[Instruction]]] = []
    for line in (each for each in written if each.strip()):
        name, _, text = line.partition(" ")
        if name == "FROM":
            base, *rest = text.split()
            found.append((base, rest[1] if rest else "", []))
        else:
            found[-1][2].append(Instruction(name, text.strip()))
    return [Stage(base, name, instructions) for base, name, instructions in found]
