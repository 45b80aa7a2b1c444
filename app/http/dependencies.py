"""The bridge from the container to Litestar's handlers."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from litestar.di import Dependency, Provide
from litestar.params import SkipValidationMarker

T = TypeVar("T")

# Without validation any stand-in may be bound, and the parameter can never be taken from a query string.
Injected = Annotated[T, Dependency(kind="named"), SkipValidationMarker()]

# Any: a provider of whatever the handler asks for by name.
Provider = Callable[[], Any]


def expose(providers: Iterable[tuple[str, Provider]]) -> dict[str, Provide]:
    """Litestar dependencies that ask their provider anew for each request, so that an override reaches a built app."""

    def ask(provider: Provider) -> Provide:
        def resolve() -> Any:  # Any: see Provider
            return provider()

        return Provide(resolve, sync_to_thread=False)

    return {name: ask(provider) for name, provider in providers}
