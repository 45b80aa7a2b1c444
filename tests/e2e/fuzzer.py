"""Schemathesis against a running server, as one caller.

    run = fuzz(address, folder, Caller(name="backend", headers=…, tags=("Topics",)), QUICK, known={"key": ["news"]})

The tool runs in a process of its own: its command line and its configuration are what it promises to keep.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

SECONDS = 3_600.0
LINES_SHOWN = 200
ANYWHERE = ("405", "414", "431")
# Beyond Schemathesis' own list: what is refused before anybody looks at the data.
REFUSALS = (400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 431)

Known = Mapping[str, Sequence[str | int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many `examples` for each operation, and `strange` where the caller is not let in: there only a `thorough` run
    also tries everything that a schema lets one think of, and none of them is called when it is 0. `known` is how often
    an id is one that exists.
    """

    examples: int
    strange: int
    known: float = 0.5
    thorough: bool = False
    phases: tuple[str, ...] = ("examples", "coverage", "fuzzing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and under which tags the operations are that let them in."""

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of it."""

    exit_code: int
    output: str
    report: dict[str, Any]

    @property
    def summary(self) -> str:
        """What a person needs to know of a failure."""
        return "\n".join(self.output.splitlines()[-LINES_SHOWN:])

    def accepted(self) -> set[str]:
        """The operations that answered 2xx to something: the others were never really tried."""
        rates: dict[str, dict[str, dict[str, int]]] = self.report["valid_rates"]
        return {name for name, phases in rates.items() if any(phase["accepted"] for phase in phases.values())}


def fuzz(address: str, folder: Path, caller: Caller, size: Size, known: Known) -> Run:
    """Every operation of the served document; `known` are values by parameter name that lead to something."""
    configuration, report = folder / f"{caller.name}.toml", folder / f"{caller.name}.json"
    document = folder / "openapi.json"
    document.write_bytes(json.dumps(_taken_at_its_word(address)).encode())
    configuration.write_text(_configuration(caller, size, known), "utf-8")
    command = [
        sys.executable,
        *("-W", "ignore", "-m", "schemathesis.cli", "--config-file", str(configuration)),
        *("--no-color", "run", str(document), "--url", address, "--phases", ",".join(size.phases)),
        *("--report", "json", "--report-json-path", str(report)),
    ]
    ended = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    found = json.loads(report.read_text("utf-8")) if report.exists() else {}
    return Run(exit_code=ended.returncode, output=ended.stdout + ended.stderr, report=found)


def _taken_at_its_word(address: str) -> dict[str, Any]:
    """The served document without `default`, which would excuse every status; but for what may happen to any request
    before it is known what it is for.
    """
    document: dict[str, Any] = httpx.get(f"{address}/openapi.json", trust_env=False).json()
    for item in document["paths"].values():
        for operation in item.values():
            otherwise = operation["responses"].pop("default")
            operation["responses"] |= dict.fromkeys(ANYWHERE, otherwise)
    return document


def _configuration(caller: Caller, size: Size, known: Known) -> str:
    strange = {"include-tag": _not(caller.tags)} if caller.tags else {"include-path-regex": "^/(api|sse)"}
    parts = [
        _GENERAL.format(examples=size.examples, refusals=list(REFUSALS)),
        "[headers]\n" + "".join(f"{_text(name)} = {_text(value)}\n" for name, value in caller.headers.items()),
        *(_dictionary(name, values) for name, values in known.items()),
        "[parameters]\n"
        + "".join(_KNOWN.format(key=_text(f"path.{name}"), name=_text(name), often=size.known) for name in known),
        _EXCEPTIONS.format(with_bulk=[202, *REFUSALS]),
    ]
    if not size.strange:
        parts.append(_LEFT_OUT.format(key=next(iter(strange)), value=_text(*strange.values())))
    elif not size.thorough:
        parts.append(_STRANGE.format(key=next(iter(strange)), value=_text(*strange.values()), examples=size.strange))
    return "\n".join(parts)


def _not(tags: tuple[str, ...]) -> list[str]:
    return sorted({"Inbox", "Notifications", "Preferences", "Subscribers", "Topics", "Workflows"} - set(tags))


def _dictionary(name: str, values: Sequence[str | int]) -> str:
    return f"[dictionaries.{name}]\nvalues = {_text(list(values))}\n"


def _text(value: object) -> str:
    """Texts and lists of them are written alike in JSON and in TOML."""
    return json.dumps(value)


_KNOWN = "{key} = {{dictionary = {name}, probability = {often}}}\n"

_GENERAL = """
seed = 20_261_120
workers = 1
continue-on-failure = true
request-timeout = 20.0
# A stream has no end: what stands before the first event, and that one, are its shape.
max-stream-events = 1
warnings = false

[generation]
mode = "all"
max-examples = {examples}
deterministic = true
allow-x00 = true
database = "none"

# Addresses must exist, times must be in order, topics must be known: no schema says so.
[checks.positive_data_acceptance]
enabled = false

[checks.negative_data_rejection]
expected-statuses = {refusals}
"""

_EXCEPTIONS = """
# One item that is refused does not touch the others: the refusal stands at its index.
[[operations]]
include-operation-id = ["sendNotifications", "putSubscribers"]
[operations.checks.negative_data_rejection]
expected-statuses = {with_bulk}

# DELETE cancels what waits; the notification stays and tells of it.
[[operations]]
include-operation-id = ["getNotification", "listDeliveries"]
[operations.checks.use_after_free]
enabled = false
"""

_LEFT_OUT = """
[[operations]]
{key} = {value}
enabled = false
"""

_STRANGE = """
[[operations]]
{key} = {value}
[operations.generation]
max-examples = {examples}
[operations.phases.coverage]
enabled = false
"""
