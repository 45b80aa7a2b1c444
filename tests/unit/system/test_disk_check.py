"""The check of the data folder's disk."""

from pathlib import Path

from application.health.ports import HealthStatus
from infrastructure.system.disk_check import DiskCheck

NO_DISK_HAS = 2**62


async def test_disk_is_looked_at_when_nothing_has_made_the_folder_yet(tmp_path: Path) -> None:
    missing = tmp_path / "not" / "yet"

    assert (await DiskCheck(missing, 1).check()).status is HealthStatus.UP
    assert (await DiskCheck(missing, NO_DISK_HAS).check()).status is HealthStatus.DOWN
    assert not missing.exists()


async def test_disk_counts_as_full_when_less_is_free_than_is_asked_for(tmp_path: Path) -> None:
    full = await DiskCheck(tmp_path, NO_DISK_HAS).check()

    assert full.status is HealthStatus.DOWN
    assert full.detail is not None
    assert full.detail.endswith("MiB free")
    assert (await DiskCheck(tmp_path, 1).check()).status is HealthStatus.UP
