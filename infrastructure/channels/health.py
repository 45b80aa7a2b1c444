"""Whether e-mail gets out."""

from application.health.ports import CheckResult, HealthCheck, HealthStatus
from infrastructure.channels.assembly import ConfiguredProviders
from infrastructure.system.circuit_breaker import BreakerStates


class EmailCheck(HealthCheck):
    """Degraded while this process leaves a provider alone since sending has failed again and again.

    Relays are not called for it: some lock out who connects and sends nothing. A process that sends nothing knows of
    nothing.
    """

    def __init__(self, senders: ConfiguredProviders, breakers: BreakerStates) -> None:
        self._senders = senders
        self._breakers = breakers

    @property
    def name(self) -> str:
        return "email"

    @property
    def critical(self) -> bool:
        return False

    async def check(self) -> CheckResult:
        names = [one.name for one in self._senders.providers]
        failing = [name for name in names if self._breakers.is_open(name)]
        if not failing:
            return CheckResult()
        return CheckResult(
            status=HealthStatus.DEGRADED, detail=f"{len(failing)} of {len(names)} providers fail: " + ", ".join(failing)
        )
