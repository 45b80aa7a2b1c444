"""A container whose application is built and whose every provider was used once, and what an override reaches in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shutil import copyfile

from dependency_injector import containers, providers
from litestar import Litestar
from litestar.di import Provide

from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from app.bootstrap.modules import MODULES
from infrastructure.config.loader import load_settings
from infrastructure.config.settings import Settings
from tests.integration.container.kinds import GIVEN, Provider, makers, needs, ports_and_use_cases, states, unchosen
from tests.integration.container.reach import Reach, StandIn, remembering

ROOT = Path(__file__).parents[3]

Plant = Callable[[containers.Container], Provider]


def settings_of(folder: Path, **environment: str) -> Settings:
    """Those of the tests, with the data in `folder`; a developer's own `.env` has no say in them."""
    copyfile(ROOT / ".env.test", folder / ".env.test")
    return load_settings({"APP_ENV": "test", **environment}, folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Something that outlives an override and uses providers, by their ids.

    `keeps` is what it is; `look` gives that, or, for handlers, what they are given at this moment.
    """

    name: str
    keeps: object
    look: Callable[[], object]
    needs: frozenset[int]


@dataclass
class Built:
    """What `python -m app` has made when it is ready. `products` holds what each provider has given so far, by id."""

    container: containers.Container
    app: Litestar
    products: dict[str, dict[int, object]] = field(default_factory=dict)

    @cached_property
    def in_use(self) -> list[Provider]:
        """Every provider but those of drivers that the settings did not choose, and what they are made of."""
        idle = unchosen(self.container)
        return needs(*(each for name, each in self.container.providers.items() if name not in idle))

    @cached_property
    def users(self) -> list[User]:
        """Handlers, the application around them, and every state."""
        app = self.app
        around = [app.asgi_handler, app.middleware, app.exception_handlers, app.state]
        names = {id(each): name for name, each in states(self.container).items()}
        kept = [each for each in self.in_use if isinstance(each, providers.BaseSingleton)]
        return [
            *(
                self._handlers(name, each.dependency)
                for name, each in app.dependencies.items()
                if isinstance(each, Provide)
            ),
            self._user("the application", around, lambda: around),
            *(self._user(names.get(id(each), type(each()).__name__), each(), each, each) for each in kept),
        ]

    def users_of(self, name: str) -> list[User]:
        """Who has to notice an override of the provider `name`."""
        return [user for user in self.users if id(self.container.providers[name]) in user.needs]

    def unreached(self, name: str) -> list[str]:
        """Who goes on without the stand-in while the provider `name` is overridden, and with it afterwards."""
        users, stand_in = self.users_of(name), StandIn()
        with self.container.providers[name].override(providers.Object(stand_in)):
            missed = [user for user in users if not Reach(user.look(), self._ends).holds(stand_in)]
        kept = [user for user in users if Reach(user.look(), self._ends).holds(stand_in)]
        return [
            *(f"{user.name} does not get the stand-in of {name}" for user in missed),
            *(f"{user.name} keeps the stand-in of {name}" for user in kept),
        ]

    def kept(self) -> list[str]:
        """Who holds on to something that a port or use case has given: whatever was bound at that moment."""
        return [
            f"{user.name} keeps {type(product).__name__}, made by {name}"
            for user in self.users
            for held in [Reach(user.keeps, self._ends, asking=False)]
            for name, products in self.products.items()
            for product in products.values()
            if held.holds(product)
        ]

    @cached_property
    def _ends(self) -> frozenset[int]:
        """Every state is a user of its own: what it holds is not held by those who hold it."""
        return frozenset(id(each()) for each in self.in_use if isinstance(each, providers.BaseSingleton))

    def _handlers(self, dependency: str, ask: Callable[[], object]) -> User:
        names = FACADES.get(dependency, (dependency,))
        return self._user(f"handlers with {dependency}", ask, ask, *(self.container.providers[each] for each in names))

    def _user(self, name: str, keeps: object, look: Callable[[], object], *made_by: Provider) -> User:
        held = Reach(look(), self._ends).providers
        made_of = needs(*made_by, *held, through_states=False)
        return User(name=name, keeps=keeps, look=look, needs=frozenset(map(id, made_of)))


FACADES: Mapping[str, tuple[str, ...]] = {
    name: facade.parts for module in MODULES for name, facade in module.facades.items()
}


def build(settings: Settings, **planted: Plant) -> Built:
    """Build it, and use every provider once; `planted` are states that the product does not have."""
    container = build_container(settings)
    for name, plant in planted.items():
        container.set_provider(name, plant(container))
    products = {name: _remembered(provider) for name, provider in ports_and_use_cases(container).items()}
    built = Built(container, create_app(container, container.lifecycle()), products)
    for provider in built.in_use:
        if not isinstance(provider, GIVEN):
            provider()
    return built


def _remembered(provider: Provider) -> dict[int, object]:
    products: dict[int, object] = {}

    def keep(product: object) -> None:
        products[id(product)] = product

    for maker in makers(provider):
        maker.set_provides(remembering(maker.cls, keep))
    return products
