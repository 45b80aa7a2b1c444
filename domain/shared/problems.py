"""Collecting everything that is wrong with an input before refusing it."""

from domain.shared.errors import FieldProblem, InvalidInput


class Problems:
    """Gathers field problems, so that a caller learns all of them at once."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[FieldProblem] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: str, message: str) -> None:
        """Note that the field at `path` (wire spelling) is wrong."""
        self._found.append(FieldProblem(path, message))

    def check(self, holds: bool, path: str, message: str) -> bool:
        """Add the problem unless `holds`; returns `holds`."""
        if not holds:
            self.add(path, message)
        return holds

    def refuse(self) -> None:
        """Raise `InvalidInput` with everything found; does nothing when there is nothing."""
        if self._found:
            count = len(self._found)
            raise InvalidInput(f"{count} field{'s are' if count > 1 else ' is'} invalid", problems=self._found)
