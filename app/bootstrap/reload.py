"""Reading the configuration again while the process runs."""

from collections.abc import Callable

from dependency_injector import providers

from app.bootstrap.modules import enabled_modules
from container import Container
from infrastructure.config.problems import ConfigurationError
from infrastructure.config.reload import applied, changes
from infrastructure.config.settings import Settings
from infrastructure.observability.logging_runtime import LoggingRuntime


class Reload:
    """Applies what can be applied while the process runs, names what waits for a restart, refuses what is wrong.

    `started` is what was written when the process began; `read` reads it again and raises ConfigurationError. The
    environment of a process never changes: what is new stands in files. One call at a time.
    """

    def __init__(
        self, container: Container, logging: LoggingRuntime, started: Settings, read: Callable[[], Settings]
    ) -> None:
        self._container = container
        self._logging = logging
        self._running = container.settings()
        container.settings.override(providers.Callable(self.current))
        self._holding = started
        self._read = read

    def current(self) -> Settings:
        """What the process runs with at this moment."""
        return self._running

    def __call__(self) -> None:
        """Nothing changes when anything is wrong; all problems are in one line of the log."""
        log = self._container.log()
        try:
            written = self._read()
            enabled_modules(written.app.modules_enabled)
        except ConfigurationError as error:
            log.error("configuration.reload_refused", problems=[str(problem) for problem in error.problems])
            return
        found = changes(self._holding, written)
        self._holding = applied(self._holding, found.live)
        self._apply(applied(self._running, found.live))
        log.info("configuration.reloaded", changed=sorted(found.live))
        if found.restart:
            log.warning("configuration.restart_needed", changed=list(found.restart))

    def _apply(self, settings: Settings) -> None:
        self._running = settings
        # Made from the settings once and handed to every batch: made anew for the next one.
        self._container.channel_policies.reset()
        self._logging.set_level(settings.log.level)
