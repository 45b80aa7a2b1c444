"""What importing a module may do: define names, nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import COMPOSITION_ROOT, SourceFile, Violation, product_files

# Calls that only make a value. A library stands here by the part of it that declares; what connects, opens or starts
# is listed below and wins.
DECLARES = re.compile(
    r"""^(
      (frozenset|tuple|dict|set|list|str|int|float|bytes|bool|range|len|min|max|sum|sorted|zip|map|type|object|property
        |enumerate|reversed|isinstance|getattr|round|ord|chr|super|any|all|filter)(\.\w+)?
    | (typing|typing_extensions|enum|dataclasses|operator|itertools|math|string|ipaddress|decimal|fractions)(\.\w+)+
    | collections\.(namedtuple|ChainMap|Counter|OrderedDict) | types\.MappingProxyType | functools\.partial
    | datetime\.(timedelta|timezone|date|time|datetime)(\.fromisoformat)? | uuid\.UUID | struct\.Struct | re\.compile
    | pathlib\.\w+ | email\.policy(\.\w+)+ | importlib\.resources\.files | contextvars\.ContextVar
    | logging\.getLogger | structlog(\.stdlib)?\.get_logger
    | (msgspec|sqlalchemy|advanced_alchemy|alembic\.op|dependency_injector)(\.\w+)+
    | infrastructure\.database\.tables\.table_of
    | litestar\.(Router|di|params|datastructures|enums|openapi|dto|plugins|middleware)(\.\w+)*
    )$""",
    re.VERBOSE,
)
STARTS = re.compile(
    r"""^( sqlalchemy\.(create_engine|event\.\w+|ext\.asyncio\.\w+|orm\.(sessionmaker|scoped_session|Session))
         | msgspec\.\w+\.(decode|encode) )$""",
    re.VERBOSE,
)
READS_OR_WRITES = {
    "connect", "exists", "glob", "is_dir", "is_file", "iterdir", "mkdir", "open", "read", "read_bytes", "read_text",
    "rglob", "run", "start", "stat", "touch", "unlink", "write_bytes", "write_text",
}  # fmt: skip
RUN_BY_A_TOOL = ("infrastructure/database/migrations/env.py",)  # Alembic executes this file; nobody imports it.
VALUE_BASES = {
    "enum.Enum", "enum.Flag", "enum.IntEnum", "enum.IntFlag", "enum.StrEnum", "msgspec.Struct", "typing.NamedTuple",
}  # fmt: skip
EMPTY_CONTAINERS = {
    "collections.Counter", "collections.OrderedDict", "collections.defaultdict", "collections.deque", "dict", "list",
    "set", "weakref.WeakKeyDictionary", "weakref.WeakSet", "weakref.WeakValueDictionary",
}  # fmt: skip


def check_importing_has_no_side_effects(tree: Path) -> list[Violation]:
    """A module that connects, reads or registers when it is imported decides before the container could."""
    files = product_files(tree)
    values = _value_classes(files)
    return [
        violation
        for file in files
        if not file.within(*RUN_BY_A_TOOL)
        for statement in _executed_on_import(file.module.body)
        for violation in _judge(file, statement, values)
    ]


def check_modules_hold_no_state(tree: Path) -> list[Violation]:
    """An empty container at module level waits to be filled: a singleton that no test can replace."""
    return [
        file.violation(node, "module-level state: hold it in an object that container.py makes (a Singleton provider)")
        for file in product_files(tree)
        for node in _executed_on_import(file.module.body, into_classes=False)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and _is_empty_container(file, node.value)
    ]


def _value_classes(files: list[SourceFile]) -> frozenset[str]:
    """Enums, structs and plain frozen dataclasses: making one is making a constant.

    An adapter or a use case is none, however frozen: it inherits a port, or it waits for something.
    """
    classes = [(file, node, f"{file.dotted_path}.{node.name}") for file in files for node in file.classes()]
    bases = {name: {file.dotted(base) for base in node.bases} for file, node, name in classes}
    known = {name for _, node, name in classes if _is_frozen(node) and bases[name] <= {"typing.Generic"}}
    before = -1
    while before != len(known):
        before = len(known)
        known |= {name for name, of in bases.items() if of and of <= known | VALUE_BASES}
    waiting = {name for _, node, name in classes if any(isinstance(each, ast.AsyncFunctionDef) for each in node.body)}
    return frozenset(known - waiting)


def _is_frozen(node: ast.ClassDef) -> bool:
    decorators = [ast.unparse(each) for each in node.decorator_list]
    return any("dataclass" in each and "frozen=True" in each for each in decorators)


def _executed_on_import(body: list[ast.stmt], *, into_classes: bool = True) -> Iterator[ast.stmt]:
    for node in body:
        match node:
            case ast.ClassDef(body=inner) if into_classes:
                yield from _executed_on_import(inner)
            case ast.If(test=test) if "__name__" in ast.unparse(test):
                continue
            case ast.If(body=then, orelse=otherwise):
                yield from _executed_on_import([*then, *otherwise], into_classes=into_classes)
            case ast.Try(body=tried, handlers=handlers, orelse=otherwise):
                fallback = [each for handler in handlers for each in handler.body]
                yield from _executed_on_import([*tried, *fallback, *otherwise], into_classes=into_classes)
            case _:
                yield node


def _judge(file: SourceFile, node: ast.stmt, values: frozenset[str]) -> Iterator[Violation]:
    instead = "do it in a function that container.py or the lifespan calls"
    if isinstance(node, ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith):
        yield file.violation(node, f"a {type(node).__name__.lower()} block runs on import: {instead}")
    elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield file.violation(node, f"{ast.unparse(node)} runs on import: {instead}")
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value:
        for call in _calls(node.value):
            if not _only_makes_a_value(file, call, values):
                yield file.violation(call, f"{ast.unparse(call.func)}() is called on import: {instead}")


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """Calls that evaluating an expression makes now: the body of a lambda is made later."""
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child)


def _only_makes_a_value(
    file: SourceFile, call: ast.Call, values: frozenset[str], within: frozenset[str] = frozenset()
) -> bool:
    if isinstance(call.func, ast.Attribute) and call.func.attr in READS_OR_WRITES:
        return False
    name = file.dotted(call.func)
    if name is None or name in within:
        return True  # A method of a value that was judged where it was made; or recursion.
    if STARTS.match(name):
        return False
    return (
        bool(DECLARES.match(name) or {name, name.rpartition(".")[0]} & values)
        or name.startswith("domain.")
        or (file.path == COMPOSITION_ROOT and name.startswith("container."))
        or _own_function_only_makes_values(file, name, values, within | {name})
    )


def _own_function_only_makes_values(
    file: SourceFile, name: str, values: frozenset[str], within: frozenset[str]
) -> bool:
    """A constant may be computed by a function beside it, as long as that only computes."""
    own = {f"{file.dotted_path}.{node.name}": node for node in file.module.body if isinstance(node, ast.FunctionDef)}
    return name in own and all(_only_makes_a_value(file, call, values, within) for call in _calls(own[name]))


def _is_empty_container(file: SourceFile, value: ast.expr) -> bool:
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.List):
        return not value.elts
    return isinstance(value, ast.Call) and file.dotted(value.func) in EMPTY_CONTAINERS and not value.args
