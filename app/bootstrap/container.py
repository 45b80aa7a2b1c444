"""The container of this process."""

from msgspec.structs import replace

from app.bootstrap.drivers import add_drivers
from app.bootstrap.modules import enabled_modules, idle_settings
from application.shared.reaction import Reactions
from container import Container
from infrastructure.config.settings import Settings


def build_container(settings: Settings) -> Container:
    """Every provider bound to what the settings choose, drivers of other packages included; nothing is connected yet.

    Raises ConfigurationError when the modules or the drivers that the settings name cannot be had.
    """
    modules = enabled_modules(settings.app.modules_enabled)
    container = Container(
        settings=replace(settings, warnings=(*settings.warnings, *idle_settings(settings))),
        job_names=tuple(name for module in modules for name in module.jobs),
        listener_names=tuple(name for module in modules for name in module.listeners),
        reactions=Reactions.of(reaction for module in modules for reaction in module.reactions),
        enabled_scopes=frozenset(scope for module in modules for scope in module.scopes),
    )
    add_drivers(container)
    return container
