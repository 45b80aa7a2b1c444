"""Parts of an installation that run with a wrong clock."""

from datetime import timedelta

from tests.faults.scene import WITH_FAULTS, Scene
from tests.faults.shifted_clock import Shift

HOUR = timedelta(hours=1)
SHIFTS = {"fast": HOUR, "slow": -HOUR}


async def start_wrong_workers(stage: Scene) -> None:
    """One whose clock is an hour ahead, and one whose clock is an hour behind."""
    for name, by in SHIFTS.items():
        await start_wrong(stage, "worker", name, by)


async def start_wrong(stage: Scene, part: str, name: str, by: timedelta, *, port: int | None = None) -> Shift:
    """A part whose clock is wrong by so much until somebody sets it; what it looks at for that."""
    shift = Shift(stage.folder / f"{name}.shift")
    shift.set(by)
    await stage.chaos.start(part, "--clock", str(shift.file), module=WITH_FAULTS, name=name, port=port)
    return shift
