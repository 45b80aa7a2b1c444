"""ARCHITECTURE.md and the READMEs of the layers say what is there, and go red when it is there no longer.

Paths, names, folders, diagrams and the table of drivers are checked against the tree; the sample driver is run.
"""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.notifications.delivery_status import FINAL, TRANSITIONS
from infrastructure.config import drivers
from infrastructure.config.catalogue import catalogue
from infrastructure.config.drivers import Drivers
from tests.architecture.planted.case import Case, breaks, keeps
from tests.architecture.rules.repository import MACHINE, REGISTRY, tracked
from tests.architecture.source import LAYERS, ROOT, Violation, layer_files

ARCHITECTURE = "ARCHITECTURE.md"
READMES = tuple(f"{layer}/README.md" for layer in LAYERS)
DOCUMENTS = (ARCHITECTURE, *READMES)
# What a reader takes in at a glance; code blocks and tables are looked up, not read.
SCREEN_LINES, DECISION_LINES = 60, 40
DECISION_PARTS = ("**Context.**", "> **Decision.**", "**Consequences.**", "**Alternatives.**")

FENCE = re.compile(r"^```(?P<kind>[\w-]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.<>*-]+(?:/[\w.<>*-]+)*/?", re.ASCII)
FILE = re.compile(r"[\w<>*-][\w.<>*-]*\.(?:css|html|js|lock|md|py|toml|yml)", re.ASCII)
PLACEHOLDER = re.compile(r"<[\w -]+>")
# Two humps or an underscore: what is shorter is a word of English as often as a name.
NAME = re.compile(r"[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+|_?[a-z0-9]+(?:_[a-z0-9]+)+|[A-Z0-9]+(?:_[A-Z0-9]+)+", re.ASCII)
LINK = re.compile(r"\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
ARROW = re.compile(r"^\s*(?P<from>\[\*\]|\w+) --+> ?(?P<to>\[\*\]|\w+)(?: *: *(?P<why>\w+))?", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """One document; `path` is relative to the tree."""

    tree: Path
    path: str
    text: str

    @property
    def folder(self) -> Path:
        return (self.tree / self.path).parent

    @property
    def prose(self) -> str:
        """The text with fenced blocks emptied, line by line as it was."""
        return FENCE.sub(lambda block: "\n" * block.group().count("\n"), self.text)

    def blocks(self, kind: str) -> list[str]:
        """The fenced blocks of one kind."""
        return [block["body"] for block in FENCE.finditer(self.text) if block["kind"] == kind]

    def tokens(self) -> Iterator[str]:
        """What stands in inline code, and every word of a block of plain text."""
        yield from SPAN.findall(self.prose)
        for block in self.blocks("text"):
            yield from block.split()

    def violation(self, needle: str, message: str) -> Violation:
        """`message` at the first line that holds `needle`."""
        before, found, _ = self.text.partition(needle)
        return Violation(self.path, before.count("\n") + 1 if found else 0, message)


def documents(tree: Path, *paths: str) -> list[Document]:
    """Those of the documents that are there."""
    return [Document(tree, path, (tree / path).read_text("utf-8")) for path in paths if (tree / path).exists()]


def check_paths_exist(tree: Path) -> list[Violation]:
    """`<name>` in a path stands for any name, and at least one must be there."""
    return [
        document.violation(token, f"{token}: no such path, here or at the root; name what is there")
        for document in documents(tree, *DOCUMENTS)
        for token in document.tokens()
        if _is_path(token, document) and not _exists(token, document)
    ]


def _is_path(token: str, document: Document) -> bool:
    if not PATH.fullmatch(token):
        return False
    first, _, rest = token.partition("/")
    known = {each.name for place in (document.tree, document.folder) for each in place.iterdir() if each.is_dir()}
    return bool(rest and first in known) or token.endswith("/") or FILE.fullmatch(token.rsplit("/", 1)[-1]) is not None


def _exists(token: str, document: Document) -> bool:
    pattern = PLACEHOLDER.sub("*", token).rstrip("/")
    places = [(document.tree, pattern), (document.folder, pattern)]
    if "/" not in token:
        places += [(document.tree / layer, f"**/{pattern}") for layer in LAYERS]
    return any(match.is_dir() or not token.endswith("/") for place, glob in places for match in place.glob(glob))


def check_names_exist(tree: Path) -> list[Violation]:
    """A class, function, column or setting that was renamed leaves its old name behind in prose."""
    known = _words(tree)
    return [
        document.violation(token, f"`{name}`: nothing bears this name any more; use the one of today")
        for document in documents(tree, *DOCUMENTS)
        for token in SPAN.findall(document.prose)
        if not _is_path(token, document)
        for name in re.findall(r"\w+", token)
        if NAME.fullmatch(name) and name not in known and not any(name in code for code in document.blocks("python"))
    ]


def _words(tree: Path) -> set[str]:
    files = [
        path for root in (*LAYERS, "tests") for path in (tree / root).rglob("*.py") if path.name != Path(__file__).name
    ]
    files += [tree / name for name in ("container.py", "pyproject.toml") if (tree / name).exists()]
    return {word for path in files for word in re.findall(r"\w+", path.read_text("utf-8"))}


def check_folders_are_named_in_the_readme(tree: Path) -> list[Violation]:
    """A folder that its layer's map leaves out is found by nobody who reads the map."""
    return [
        Violation(readme.path, 0, f"`{folder}/` is missing: say in a line what it is for")
        for readme in documents(tree, *READMES)
        for folder in _folders(readme.folder)
        if f"`{folder}/`" not in readme.prose
    ]


def _folders(layer: Path) -> list[str]:
    files = [each for each in layer.rglob("*") if each.suffix != ".pyc" and each.is_file() and each.stat().st_size]
    return sorted({parent.relative_to(layer).as_posix() for file in files for parent in file.parents if parent > layer})


def check_state_diagram_equals_the_table(tree: Path) -> list[Violation]:
    """The picture of a delivery's life is `TRANSITIONS`, arrow by arrow."""
    table = {(str(status), str(to), str(trigger)) for (status, trigger), to in TRANSITIONS.items()}
    wanted = table | {(str(status), "[*]", "") for status in FINAL}
    return [
        document.violation("stateDiagram", f"{_shown(arrow)} {why}")
        for document in documents(tree, ARCHITECTURE)
        for drawn in [{arrow for arrow in _arrows(document, "stateDiagram") if arrow[0] != "[*]"}]
        for arrows, why in ((drawn - wanted, "is not in the table"), (wanted - drawn, "is missing in the diagram"))
        for arrow in sorted(arrows)
    ]


def check_layer_arrows_point_inwards(tree: Path) -> list[Violation]:
    """The picture of the layers shows no dependency that the contract `layers` would refuse."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    order = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    return [
        document.violation("flowchart", f"{_shown(arrow)} points outwards; the order is {' > '.join(order)}")
        for document in documents(tree, ARCHITECTURE)
        for arrow in _arrows(document, "flowchart")
        if {arrow[0], arrow[1]} <= set(order) and order.index(arrow[0]) > order.index(arrow[1])
    ]


def _arrows(document: Document, kind: str) -> list[tuple[str, str, str]]:
    drawings = [block for block in document.blocks("mermaid") if block.lstrip().startswith(kind)]
    return [
        (arrow["from"], arrow["to"], arrow["why"] or "") for drawing in drawings for arrow in ARROW.finditer(drawing)
    ]


def _shown(arrow: tuple[str, str, str]) -> str:
    return f"{arrow[0]} --> {arrow[1]}{f': {arrow[2]}' if arrow[2] else ''}"


def check_links_resolve(tree: Path) -> list[Violation]:
    """Of the whole repository; addresses outside must be https, and are not asked."""
    written = [path for path in tracked(tree) if path.endswith(".md")]
    return [
        document.violation(target, f"{target}: leads nowhere")
        for document in documents(tree, *written)
        for target in LINK.findall(document.prose)
        if not _leads_somewhere(target, document)
    ]


def _leads_somewhere(target: str, document: Document) -> bool:
    if "://" in target:
        return target.startswith("https://")
    path, _, anchor = target.partition("#")
    there = document.folder / path if path else document.tree / document.path
    return there.exists() and (not anchor or anchor in _anchors(there))


def _anchors(document: Path) -> set[str]:
    titles = HEADING.findall(document.read_text("utf-8")) if document.is_file() else []
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def check_no_machine_is_named(tree: Path) -> list[Violation]:
    """Documents are read on other machines than they were written on."""
    return [
        document.violation(hit.group(), f"{hit.group()}: means nothing to the reader; use a path of the repository")
        for document in documents(tree, *DOCUMENTS)
        for pattern in (MACHINE, REGISTRY)
        for hit in pattern.finditer(document.text)
    ]


def check_decisions_are_complete(tree: Path) -> list[Violation]:
    """A decision without its alternatives is a habit."""
    found: list[Violation] = []
    for document in documents(tree, ARCHITECTURE):
        for section in re.findall(r"^### ADR.*?(?=^#|\Z)", document.prose, re.MULTILINE | re.DOTALL):
            title, lines = section.splitlines()[0], section.strip().count("\n") + 1
            wrong = [f"has no {part}" for part in DECISION_PARTS if part not in section]
            wrong += [f"{lines} lines, at most {DECISION_LINES}"] if lines > DECISION_LINES else []
            found += [document.violation(title, f"{title}: {each}") for each in wrong]
    return found


def check_readmes_fit_a_screen(tree: Path) -> list[Violation]:
    """What is longer belongs in ARCHITECTURE.md, or in the docstring of the thing."""
    return [
        Violation(readme.path, 0, f"{lines} lines of prose, at most {SCREEN_LINES}")
        for readme in documents(tree, *READMES)
        if (lines := sum(1 for line in readme.prose.splitlines() if line and not line.startswith("|"))) > SCREEN_LINES
    ]


def check_every_rule_is_listed(tree: Path) -> list[Violation]:
    """The never-rules of ARCHITECTURE.md are those that are enforced: each check and each contract by its name."""
    names = [name for file in layer_files(tree, "tests/architecture/rules") for name in sorted(file.defined)]
    rules = [name for name in names if name.startswith("check_")]
    return [
        Violation(document.path, 0, f"`{rule}` is missing: add it to the never-rules, in words")
        for document in documents(tree, ARCHITECTURE)
        for rule in [*rules, *_contracts(tree)]
        if f"`{rule}`" not in document.prose
    ]


def _contracts(tree: Path) -> list[str]:
    path = tree / "pyproject.toml"
    settings = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    contracts = settings.get("tool", {}).get("importlinter", {}).get("contracts", [])
    return [contract["id"] for contract in contracts]


def check_drivers_are_those_of_the_settings(tree: Path) -> list[Violation]:
    """One row for each setting that leaves a choice, with the drivers that can be chosen and the default."""
    return [
        readme.violation(key, f"{key} is told as {told}, the settings say {default} of {sorted(served)}")
        for readme in documents(tree, "infrastructure/README.md")
        for key, served, default in _choices()
        if (told := _driver_rows(readme).get(key, "nothing")) != f"{default} of {sorted(served)}"
    ]


def _driver_rows(readme: Document) -> dict[str, str]:
    lines = [line.split("|")[1:-1] for line in readme.prose.splitlines() if line.startswith("|")]
    spans = [[SPAN.findall(cell) for cell in cells] for cells in lines if len(cells) == 4]
    return {keys[0]: f"{' '.join(default)} of {sorted(served)}" for _, default, served, keys in spans if keys}


def _choices() -> Iterator[tuple[str, tuple[str, ...], str]]:
    for name, leaf in catalogue().items():
        if isinstance(leaf.key.parse, Drivers) and len(leaf.key.parse.served) > 1:
            yield name, leaf.key.parse.served, str(leaf.default)
    yield "DATABASE_URL", drivers.DATABASE.served, "sqlite"


Rule = Callable[[Path], list[Violation]]
RULES: tuple[Rule, ...] = tuple(rule for name, rule in list(globals().items()) if name.startswith("check_"))

DOC, README = ARCHITECTURE, "app/README.md"
PATHS, NAMES, FOLDERS = check_paths_exist, check_names_exist, check_folders_are_named_in_the_readme
LIFE, LAYERING, LINKS = check_state_diagram_equals_the_table, check_layer_arrows_point_inwards, check_links_resolve
MACHINES, DECISIONS, SCREEN = check_no_machine_is_named, check_decisions_are_complete, check_readmes_fit_a_screen
LISTED, DRIVERS = check_every_rule_is_listed, check_drivers_are_those_of_the_settings

STATES = "```mermaid\nstateDiagram-v2\n{}\n```\n"
CHART = "```mermaid\nflowchart TD\n{}\n```\n"
ARROWS = [f"{status} --> {to}: {trigger}" for (status, trigger), to in TRANSITIONS.items()]
DRAWN = "\n".join([*ARROWS, *(f"{status} --> [*]" for status in FINAL)])
ADR = "### ADR 1 · It\n\n**Context.** a\n\n> **Decision.** b\n\n**Consequences.** c\n\n**Alternatives.** d\n"
TABLE = "".join(f"| a | `{default}` | `{'`, `'.join(served)}` | `{key}` |\n" for key, served, default in _choices())
QUEUE_ROW = "`file`, `memory`, `redis` | `QUEUE_DRIVER`"

CASES = [
    breaks(PATHS, DOC, "see `domain/gone.py`", "domain/gone.py"),
    breaks(PATHS, DOC, "see `CONTRACT.md`", "no such path"),
    breaks(PATHS, DOC, "```text\n→ app/gone.py  the door\n```\n", "app/gone.py"),
    breaks(PATHS, README, "`http/<module>/gone.py`", "gone.py", app__http__inbox__schemas=""),
    breaks(PATHS, README, "`sse/` streams", "sse/", app__sse=""),
    keeps(PATHS, README, "`http/<module>/schemas.py` `app/http/`", app__http__inbox__schemas=""),
    keeps(PATHS, DOC, "`text/event-stream`, `<epoch>-<seq>`, `/api/v1/inbox`, `read/write`"),
    keeps(PATHS, DOC, "```python\nopen('domain/gone.py')\n```\n"),
    breaks(NAMES, DOC, "asks `SendNotice`", "SendNotice", app__a="class SendNotification: ..."),
    breaks(NAMES, DOC, "the column `due_at`", "due_at", app__a="next_at = 1"),
    breaks(NAMES, DOC, "`uow.commit_now()`", "commit_now"),
    keeps(NAMES, DOC, "`UnitOfWork.commit`, `Clock`, `next_at`", app__a="class UnitOfWork: next_at = 1"),
    breaks(FOLDERS, README, "`http/`", "`http/inbox/`", app__http__inbox__a="x"),
    keeps(FOLDERS, README, "`http/` `http/inbox/`", app__http__inbox__a="x"),
    breaks(LIFE, DOC, STATES.format(DRAWN.replace(ARROWS[0], "")), f"{ARROWS[0]} is missing"),
    breaks(
        LIFE, DOC, STATES.format(f"{DRAWN}\nsent --> failed: bounce"), "sent --> failed: bounce is not in the table"
    ),
    breaks(LIFE, DOC, STATES.format(f"{DRAWN}\nsending --> [*]"), "sending --> [*] is not in the table"),
    breaks(LIFE, DOC, "no picture", "missing in the diagram"),
    keeps(LIFE, DOC, STATES.format(f"[*] --> pending\n{DRAWN}") + CHART.format("a --> b")),
    breaks(LAYERING, DOC, CHART.format("app --> application\ndomain --> application"), "domain --> application"),
    keeps(LAYERING, DOC, CHART.format("container --> app\ninfrastructure --> application")),
    breaks(LINKS, "CONTRIBUTING.md", "[how](docs/how.md)", "docs/how.md"),
    breaks(LINKS, DOC, "# One\n[two](#two)", "#two"),
    breaks(LINKS, DOC, "[peer](http://example.com)", "http://example.com"),
    keeps(LINKS, DOC, "# One, `two`\n[1](#one-two) [2](https://example.com) [3](ARCHITECTURE.md)"),
    breaks(MACHINES, DOC, f"as in {'/'}work/shared", f"{'/'}work/s"),
    breaks(MACHINES, README, f"`{'/'}home/ada/carillon`", "path of the repository"),
    keeps(MACHINES, DOC, "how they work/shared, `app/worker/`"),
    breaks(DECISIONS, DOC, ADR.replace("**Alternatives.** d", ""), "Alternatives"),
    breaks(DECISIONS, DOC, ADR + "more\n" * 40, "at most 40"),
    keeps(DECISIONS, DOC, f"# Decisions\n\n{ADR}\n## Words\n"),
    breaks(SCREEN, README, "line\n" * 61, "61 lines"),
    keeps(SCREEN, README, "line\n" * 60 + "| row |\n" * 9 + "```python\n" + "x\n" * 9 + "```\n"),
    breaks(LISTED, DOC, "none", "check_a", tests__architecture__rules__a="def check_a(): ..."),
    keeps(LISTED, DOC, "`check_a`", tests__architecture__rules__a="def check_a(): ...\ndef _b(): ..."),
    breaks(
        DRIVERS, "infrastructure/README.md", TABLE.replace(QUEUE_ROW, f"`nats` {QUEUE_ROW}"), "QUEUE_DRIVER is told"
    ),
    breaks(DRIVERS, "infrastructure/README.md", "| a |\n", "MAIL_DRIVER is told as nothing"),
    keeps(DRIVERS, "infrastructure/README.md", TABLE + "| logs | `a` | `b` | `X` |\n"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removeprefix("check_"))
def test_documents_keep_the_rule(rule: Rule) -> None:
    broken = [str(each) for each in rule(ROOT)]

    if broken:
        pytest.fail("\n".join(broken), pytrace=False)


@pytest.mark.parametrize("case", [case for case in CASES if case.where], ids=str)
def test_reports_the_violation_when_it_is_planted(case: Case, tmp_path: Path) -> None:
    found = case.rule(case.write_to(tmp_path))

    assert any(case.says in each.message for each in found if each.path == case.where), found


@pytest.mark.parametrize("case", [case for case in CASES if not case.where], ids=str)
def test_reports_nothing_when_the_document_only_comes_close(case: Case, tmp_path: Path) -> None:
    assert case.rule(case.write_to(tmp_path)) == []


def test_every_rule_is_planted_against_and_every_document_is_there() -> None:
    assert {case.rule for case in CASES if case.where} == set(RULES)
    assert {case.rule for case in CASES if not case.where} == set(RULES)
    assert [document.path for document in documents(ROOT, *DOCUMENTS)] == list(DOCUMENTS)


CONFTEST = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location({module!r}, {file!r})
sys.modules[spec.name] = module_from_spec(spec)
spec.loader.exec_module(sys.modules[spec.name])
"""


def _run_sample(folder: Path, change: Callable[[str], str] = str) -> subprocess.CompletedProcess[str]:
    """The suite in infrastructure/README.md, on the driver there, which need not be in the tree."""
    driver, suite, _ = documents(ROOT, "infrastructure/README.md")[0].blocks("python")
    module = driver.splitlines()[0].removeprefix("# ").removesuffix(".py").replace("/", ".")
    conftest = CONFTEST.format(module=module, file=str(folder / "driver.py"))
    for name, text in {"driver": change(driver), "test_sample": suite, "conftest": conftest}.items():
        (folder / f"{name}.py").write_text(text)
    options = ["-q", "-c", str(ROOT / "pyproject.toml"), "-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_sample_driver_passes_its_contract_when_it_is_run_as_it_is_shown(tmp_path: Path) -> None:
    result = _run_sample(tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr
    assert int(re.findall(r"(\d+) passed", result.stdout)[0]) >= 5


def test_sample_suite_fails_when_the_driver_sends_nothing(tmp_path: Path) -> None:
    result = _run_sample(tmp_path, lambda driver: driver.replace("self._write, str(", "lambda *_: None, str("))

    assert result.returncode == 1, result.stdout + result.stderr
