"""The steps of docker/Dockerfile in a plain folder, and what they make as a container would run it.

Each stage has a folder that stands for its root. The finished one belongs to another user than the one that runs it.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from packaging.utils import canonicalize_name

from docker.scale import DOCKERFILE, free_port
from tests.architecture.dockerfile import Instruction, Stage, stages
from tests.e2e.processes import ROOT
from tests.e2e.topology import only_embedded

pytestmark = only_embedded("an image is tried as the one process that it starts by itself", needs=pytest.mark.service)

USER = 10001
# What a Dockerfile names by an absolute path, beside what the base image brings.
OWN = re.compile(r"(?<![\w./-])/(?=(?:opt/carillon|build|data)\b)")
SECONDS = 300.0
READY_SECONDS, END_SECONDS = 60.0, 20.0
AS_ROOT = os.geteuid() == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The image as a folder, and how a process in it starts."""

    root: Path
    stage: Stage
    scratch: Path

    def run(self, *command: str, **variables: str) -> tuple[int, str]:
        """Its exit code, and all that it has printed."""
        process = self.start(command, subprocess.PIPE, **variables)
        printed, _ = process.communicate(timeout=SECONDS)
        return process.returncode, printed.decode("utf-8", "replace")

    def start(self, command: Sequence[str], output: int | IO[bytes], **variables: str) -> "subprocess.Popen[bytes]":
        """A program of the image, as its user."""
        environment = {key: here(value, self.root) for key, value in self.stage.pairs("ENV").items()}
        return subprocess.Popen(
            [shutil.which(command[0], path=environment["PATH"]) or command[0], *command[1:]],
            cwd=here(self.stage.last("WORKDIR").text, self.root),
            env={
                **environment,
                "HOME": str(self.scratch),
                "TMPDIR": str(self.scratch),
                "LD_LIBRARY_PATH": str(self.root.parent / "lib"),
                **variables,
            },
            user=USER if AS_ROOT else None,
            group=USER if AS_ROOT else None,
            extra_groups=[] if AS_ROOT else None,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def tree(self) -> dict[str, tuple[int, int]]:
        """Every file beside the data, with its time and size."""
        found = ((each, each.lstat()) for each in (self.root / "opt").rglob("*"))
        return {str(each): (stat.st_mtime_ns, stat.st_size) for each, stat in found}


def here(text: str, root: Path) -> str:
    """The text with its absolute paths in a folder."""
    return OWN.sub(f"{root}/", text)


class Builder:
    """Does what the instructions of a stage say."""

    def __init__(self, root: Path, others: Mapping[str, Path], path: str) -> None:
        self._root, self._others = root, others
        # Which index is asked, and through which proxy, is said where the image is built.
        said = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
        self._environment = {**said, "PATH": path, "HOME": str(root), "LD_LIBRARY_PATH": str(root.parent / "lib")}
        self._workdir = root

    def do(self, instruction: Instruction) -> None:
        match instruction.name:
            case "ENV":
                # A layer should keep no cache; here it saves a download.
                said = {key: here(value, self._root) for key, value in instruction.pairs.items() if "CACHE" not in key}
                self._environment |= said
            case "WORKDIR":
                self._workdir = Path(here(instruction.text, self._root))
                self._workdir.mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(instruction.words)
            case "RUN":
                command = ["sh", "-e", "-c", here(instruction.text, self._root)]
                ran = subprocess.run(
                    command, cwd=self._workdir, env=self._environment, capture_output=True, timeout=SECONDS, check=False
                )
                assert ran.returncode == 0, (instruction.text, ran.stdout, ran.stderr)

    def _copy(self, words: Sequence[str]) -> None:
        options = dict(word.removeprefix("--").split("=") for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        source_root = self._others[options["from"]] if "from" in options else ROOT
        to = self._workdir / here(target, self._root)
        for name in sources:
            source = source_root / name.lstrip("/")
            if source.is_dir():
                # What another stage has made is linked: it is large, and the stage is removed in the end.
                copy, ignored = (shutil.copy2, ("__pycache__",)) if source_root == ROOT else (os.link, ())
                ignore = shutil.ignore_patterns(*ignored)
                shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True, ignore=ignore, copy_function=copy)
            else:
                to.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, to)
        if "chown" in options and AS_ROOT:
            user, group = options["chown"].split(":")
            shutil.chown(to, int(user), int(group))


@pytest.fixture(scope="module")
def built() -> Iterator[Built]:
    """Both stages done. In a folder that any user can go through, which those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="carillon-image-"))
    folder.chmod(0o755)
    base, *_ = stages(DOCKERFILE)
    image = stages(DOCKERFILE)[-1]
    roots = {base.name: folder / "build-root", image.name: folder / "image"}
    _base_image(folder)
    scratch = folder / "tmp"
    scratch.mkdir()
    scratch.chmod(0o777)
    try:
        for stage in (base, image):
            roots[stage.name].mkdir()
            builder = Builder(roots[stage.name], roots, f"{folder}/bin:{os.defpath}")
            for instruction in stage.instructions:
                builder.do(instruction)
        # Nothing of the first stage is there when the second one runs.
        shutil.rmtree(roots[base.name])
        yield Built(root=roots[image.name], stage=image, scratch=scratch)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _base_image(folder: Path) -> None:
    """`bin/python`, as the base image has it: a copy, since this one may lie where only root looks."""
    base = Path(sys.base_prefix)
    for each in (base / "bin" / "python3.11", *base.glob("lib/libpython3*.so*")):
        (folder / each.relative_to(base)).parent.mkdir(exist_ok=True)
        shutil.copy(each, folder / each.relative_to(base))
    left_out = shutil.ignore_patterns("test", "tests", "site-packages", "dist-packages", "__pycache__", "config-3*")
    shutil.copytree(base / "lib" / "python3.11", folder / "lib" / "python3.11", ignore=left_out)
    (folder / "bin" / "python").symlink_to("python3.11")


def test_image_holds_what_is_locked_and_no_tool_of_developers_when_it_is_built(built: Built) -> None:
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    locked = {canonicalize_name(name): version for name, version in pins.items()}
    listing = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"

    _, printed = built.run("python", "-c", listing)

    installed = {canonicalize_name(name): version for name, _, version in (w.partition("==") for w in printed.split())}
    assert installed.items() <= locked.items()
    assert {"litestar", "uvicorn", "asyncpg"} <= set(installed)
    assert not {"pytest", "mypy", "ruff", "uv", "pip", "hypothesis"} & set(installed)


def test_user_of_the_image_can_write_nothing_of_it_when_it_tries(built: Built) -> None:
    if not AS_ROOT:
        pytest.skip("only root can run it as another user")

    assert built.run("find", f"{built.root}/opt", "!", "-type", "l", "-writable") == (0, "")
    assert built.run("touch", f"{built.root}/data/here") == (0, "")


def test_it_starts_is_found_healthy_and_ends_in_order_when_its_files_are_fixed(built: Built, tmp_path: Path) -> None:
    before, port = built.tree(), str(free_port())
    check = built.stage.last("HEALTHCHECK").text.partition("CMD ")[2]
    command = Instruction("CMD", check).words
    assert built.run(*command, APP_PORT=port)[0] == 1

    log = tmp_path / "image.log"
    with log.open("wb") as output:
        process = built.start(built.stage.last("ENTRYPOINT").words, output, APP_PORT=port)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while built.run(*command, APP_PORT=port)[0] != 0:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(END_SECONDS)

    assert process.returncode == 0, log.read_text()
    assert built.tree() == before
    assert (built.root / "data" / "carillon.db").stat().st_uid == (USER if AS_ROOT else os.geteuid())


def test_nothing_is_compiled_when_it_starts(built: Built) -> None:
    """Who may not write beside the sources would compile them again at every start."""
    compiled = {each.parent.parent / f"{each.name.split('.')[0]}.py" for each in built.root.rglob("__pycache__/*.pyc")}
    sources = {each for folder in ("app", "domain") for each in (built.root / "opt/carillon" / folder).rglob("*.py")}

    assert sources
    assert sources <= compiled
