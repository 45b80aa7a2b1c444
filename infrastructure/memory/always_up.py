"""The health of a part that cannot be away."""

from application.health.ports import CheckResult, HealthCheck


class AlwaysUp(HealthCheck):
    """Lives and dies with the process."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def critical(self) -> bool:
        return True

    async def check(self) -> CheckResult:
        return CheckResult()
