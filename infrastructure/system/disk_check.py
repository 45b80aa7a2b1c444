"""Whether there is room left."""

import shutil
from pathlib import Path

from application.health.ports import CheckResult, HealthCheck, HealthStatus


class DiskCheck(HealthCheck):
    """Looks at the file system of the data folder; below `min_free` bytes writes may soon fail.

    Where rows and wake-ups are on servers, nothing makes that folder before something is written to it: then the one
    that it would be made in is looked at.
    """

    def __init__(self, folder: Path, min_free: int) -> None:
        self._folder = folder
        self._min_free = min_free

    @property
    def name(self) -> str:
        return "disk"

    @property
    def critical(self) -> bool:
        return True

    async def check(self) -> CheckResult:
        there = next(each for each in (self._folder, *self._folder.parents) if each.exists())
        free = shutil.disk_usage(there).free
        if free >= self._min_free:
            return CheckResult()
        return CheckResult(status=HealthStatus.DOWN, detail=f"{free // 1_048_576} MiB free")
