"""Matching a pattern in time that grows with pattern and text, never with their ways to fit.

Tenants write patterns and their users' data is held against them: Python's own `re` needs years for `(a+)+$` and a text
of forty letters. Here all ways are followed at once, as K. Thompson does (CACM 11(6), 1968).
"""

from collections.abc import Callable, Collection, Iterable
from typing import Final

from infrastructure.system.schemas.pattern_reader import PatternReader
from infrastructure.system.schemas.pattern_syntax import (
    WORD,
    Characters,
    Choice,
    Node,
    PatternRefused,
    Place,
    Repeat,
    Sequence,
)

MAX_STATES: Final = 2_000

# What to do in a state: take one of these characters to the next one, see where one is, or go on there without taking.
_Instruction = Characters | Place | tuple[int, ...]


class Pattern:
    """A pattern that is found anywhere in a text unless it is anchored; made from its source or `PatternRefused`."""

    __slots__ = ("_program",)

    def __init__(self, source: str) -> None:
        writer = _ProgramWriter()
        writer.write(PatternReader(source).read())
        self._program: tuple[_Instruction, ...] = tuple(writer.program)

    def found_in(self, text: str, spend: Callable[[int], None]) -> bool:
        """Whether any part of the text matches. `spend` is told how many states were visited for each character, and
        may raise: they are at most 2,000, for the most part a few.
        """
        entered: set[int] = set()
        for index in range(len(text) + 1):
            waiting, visited, ended = self._spread({0, *entered}, text, index)
            if ended:
                return True
            spend(visited)
            if index < len(text):
                entered = {state + 1 for state, characters in waiting if characters.has(text[index])}
        return False

    def _spread(self, states: Collection[int], text: str, index: int) -> tuple[list[tuple[int, Characters]], int, bool]:
        """The states that wait for a character, how many were visited, and whether the end of the pattern was."""
        visited = set(states)
        following = list(states)
        waiting: list[tuple[int, Characters]] = []
        while following:
            state = following.pop()
            if state == len(self._program):
                return waiting, len(visited), True
            instruction = self._program[state]
            if isinstance(instruction, Characters):
                waiting.append((state, instruction))
                continue
            for after in _after(instruction, state, text, index):
                if after not in visited:
                    visited.add(after)
                    following.append(after)
        return waiting, len(visited), False


def _after(instruction: Place | tuple[int, ...], state: int, text: str, index: int) -> Iterable[int]:
    if isinstance(instruction, tuple):
        return instruction
    return (state + 1,) if _is_there(instruction, text, index) else ()


def _is_there(place: Place, text: str, index: int) -> bool:
    if place is Place.START:
        return index == 0
    if place is Place.END:
        return index == len(text)
    before = index > 0 and WORD.has(text[index - 1])
    behind = index < len(text) and WORD.has(text[index])
    return (before != behind) is (place is Place.WORD_EDGE)


class _ProgramWriter:
    """Writes a pattern as instructions; a counted part is written as many times as it counts."""

    def __init__(self) -> None:
        self.program: list[_Instruction] = []
        self._nodes = 0

    def write(self, node: Node) -> None:
        self._nodes += 1
        if self._nodes > MAX_STATES or len(self.program) > MAX_STATES:
            raise PatternRefused("is too large: use minLength and maxLength in the place of counts")
        match node:
            case Sequence(parts=parts):
                for part in parts:
                    self.write(part)
            case Choice(branches=branches):
                self._write_choice(branches)
            case Repeat():
                self._write_repeat(node)
            case _:
                self.program.append(node)

    def _write_choice(self, branches: tuple[Node, ...]) -> None:
        fork = self._reserve()
        starts: list[int] = []
        ends: list[int] = []
        for branch in branches:
            starts.append(len(self.program))
            self.write(branch)
            ends.append(self._reserve())
        self.program[fork] = tuple(starts)
        for end in ends:
            self.program[end] = (len(self.program),)

    def _write_repeat(self, node: Repeat) -> None:
        for _ in range(node.least):
            self.write(node.of)
        if node.most is None:
            fork = self._reserve()
            self.write(node.of)
            self.program.append((fork,))
            self.program[fork] = (fork + 1, len(self.program))
            return
        forks: list[int] = []
        for _ in range(node.most - node.least):
            forks.append(self._reserve())
            self.write(node.of)
        for fork in forks:
            self.program[fork] = (fork + 1, len(self.program))

    def _reserve(self) -> int:
        """The place of an instruction that is known later."""
        self.program.append(())
        return len(self.program) - 1
