"""Python files as the rules see them: parsed once, with every name traced back to where it comes from."""

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("app", "application", "domain", "infrastructure")
COMPOSITION_ROOT = "container.py"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule, with what to do instead; `path` is relative to the tree, line 0 means the file as a whole."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class SourceFile:
    """One parsed file; `path` is relative to the tree, with forward slashes."""

    path: str
    text: str
    module: ast.Module

    def violation(self, node: ast.AST | None, message: str) -> Violation:
        """`message` at the node's line."""
        return Violation(self.path, getattr(node, "lineno", 0), message)

    def within(self, *folders_or_files: str) -> bool:
        """Whether the file is one of these, or lies in one of these folders (given with a trailing slash)."""
        return any(
            self.path == each or (each.endswith("/") and self.path.startswith(each)) for each in folders_or_files
        )

    @cached_property
    def dotted_path(self) -> str:
        """`application/ports/clock.py` as `application.ports.clock`; a package without its `__init__`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def imported(self) -> Mapping[str, str]:
        """Each imported name of the file, wherever the import stands, with the dotted name it stands for."""
        names: dict[str, str] = {}
        for node in ast.walk(self.module):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    names[bound] = alias.name if alias.asname else bound
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
        return names

    @cached_property
    def defined(self) -> frozenset[str]:
        """Classes and functions defined at module level."""
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        return frozenset(node.name for node in self.module.body if isinstance(node, kinds))

    def dotted(self, node: ast.AST) -> str | None:
        """What a name or attribute chain refers to (`asyncio.Queue`), or None when it is a local value or no name."""
        if isinstance(node, ast.Subscript):
            return self.dotted(node.value)
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return f"{owner}.{node.attr}" if owner else None
        if not isinstance(node, ast.Name):
            return None
        if node.id in self.imported:
            return self.imported[node.id]
        if node.id in self.defined:
            return f"{self.dotted_path}.{node.id}"
        return node.id if hasattr(builtins, node.id) else None

    def references(self) -> Iterator[tuple[ast.AST, str]]:
        """Every use of an imported or defined name, longest chain first, and every name of a `from` import."""
        for node in ast.walk(self.module):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.Name | ast.Attribute) and (name := self.dotted(node)):
                yield node, name

    def imports(self) -> Iterator[tuple[ast.AST, str]]:
        """Every module named by an import statement."""
        for node in ast.walk(self.module):
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node, node.module

    def classes(self) -> Iterator[ast.ClassDef]:
        """Every class, nested ones included."""
        return (node for node in ast.walk(self.module) if isinstance(node, ast.ClassDef))

    def functions(self) -> Iterator[FunctionNode]:
        """Every function and method, nested ones included."""
        return (node for node in ast.walk(self.module) if isinstance(node, FunctionNode))

    def bases(self, node: ast.ClassDef) -> frozenset[str]:
        """The last part of the name of each base: `Protocol` for `typing.Protocol[T]`."""
        names = (self.dotted(base) or getattr(base, "id", "") for base in node.bases)
        return frozenset(name.rsplit(".", 1)[-1] for name in names)


@lru_cache(maxsize=4096)
def _parsed(path: Path, relative: str, _modified: int) -> SourceFile:
    text = path.read_text(encoding="utf-8")
    return SourceFile(relative, text, ast.parse(text, filename=relative))


def _files_in(tree: Path, *roots: str) -> Iterator[SourceFile]:
    for root in roots:
        start = tree / root
        found = [start] if start.is_file() else sorted(start.rglob("*.py"))
        for path in found:
            relative = path.relative_to(tree).as_posix()
            yield _parsed(path, relative, path.stat().st_mtime_ns)


def product_files(tree: Path) -> list[SourceFile]:
    """The four layers and the composition root."""
    return list(_files_in(tree, *LAYERS, COMPOSITION_ROOT))


def all_files(tree: Path) -> list[SourceFile]:
    """The product and its tests."""
    return [*product_files(tree), *_files_in(tree, "tests")]


def layer_files(tree: Path, *layers: str) -> list[SourceFile]:
    """One or more layers, or folders below them."""
    return list(_files_in(tree, *layers))


def docstring_lines(node: FunctionNode) -> int:
    """How many lines the docstring takes; 0 without one."""
    first = node.body[0]
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return (first.end_lineno or first.lineno) - first.lineno + 1 if is_docstring else 0


def line_count(node: FunctionNode) -> int:
    """Lines from `def` to the end, decorators excluded."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def methods(node: ast.ClassDef) -> list[FunctionNode]:
    """The methods of a class, in order."""
    return [each for each in node.body if isinstance(each, FunctionNode)]


def snake_case(name: str) -> str:
    """`SendNotification` as `send_notification`, `OpenSSEStream` as `open_sse_stream`."""
    out = ""
    for index, letter in enumerate(name):
        before, after = name[index - 1 : index], name[index + 1 : index + 2]
        starts_word = letter.isupper() and before and (before.islower() or before.isdigit() or after.islower())
        out += f"_{letter.lower()}" if starts_word else letter.lower()
    return out
