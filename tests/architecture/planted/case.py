"""A small tree that breaks a rule, or one that comes close and does not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.source import Violation

Rule = Callable[[Path], list[Violation]]


@dataclass(frozen=True, slots=True)
class Case:
    """`files` maps paths to content; `where` is the path that must be reported, None when nothing may be."""

    rule: Rule
    files: Mapping[str, str]
    where: str | None = None
    says: str = ""

    def __str__(self) -> str:
        stem = self.rule.__name__.removeprefix("check_")
        return f"{stem}-{self.says or next(iter(self.files))}"

    def write_to(self, tree: Path) -> Path:
        """Put the files there and answer the tree."""
        for path, content in self.files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content, encoding="utf-8")
        return tree


def breaks(rule: Rule, path: str, content: str, says: str, **others: str) -> Case:
    """`content` at `path` must be reported there, in words that hold `says`. Others: files the rule looks up."""
    return Case(rule, {path: content, **_unfold(others)}, where=path, says=says)


def keeps(rule: Rule, path: str, content: str, **others: str) -> Case:
    """`content` at `path` comes close to the rule and must pass."""
    return Case(rule, {path: content, **_unfold(others)})


def _unfold(others: Mapping[str, str]) -> dict[str, str]:
    """`domain__items__item` as `domain/items/item.py`."""
    return {f"{name.replace('__', '/')}.py": content for name, content in others.items()}
