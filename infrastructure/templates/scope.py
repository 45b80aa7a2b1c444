"""What filters and tags see of the job they run for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from liquid import RenderContext
from liquid.template import BoundTemplate

from application.ports.templates import RenderJob
from domain.shared.json import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScope:
    """A job, read once. `languages` are the locales to look for, the best first, as `de_at`."""

    now: datetime
    zone: tzinfo
    locale: Locale
    languages: Sequence[str]
    partials: Mapping[str, str]
    translations: Mapping[str, JsonValue]
    strict: bool


def scope_of(job: RenderJob) -> JobScope:
    """What `job` asks for, as far as it exists."""
    zone = _zone(job.timezone)
    languages = tuple(dict.fromkeys([*_fallbacks(job.locale), *_fallbacks(job.source.default_locale)]))
    return JobScope(
        now=job.now.astimezone(zone),
        zone=zone,
        locale=locale_of(languages),
        languages=languages,
        partials=job.source.partials,
        translations={_plain(name): texts for name, texts in job.source.translations.items()},
        strict=job.source.strict,
    )


class JobContext(RenderContext):
    """The library's context, which also knows the job and asks after its time.

    Every node looks at `disabled_tags` before it is rendered, so that is where time is asked after: a loop whose body
    neither writes nor reads cannot pass by.
    """

    job: JobScope

    @property
    def disabled_tags(self) -> list[str]:
        self.env.budget.step()  # type: ignore[attr-defined]  # Contexts are made in `TenantEnvironment` alone.
        return self._disabled

    @disabled_tags.setter
    def disabled_tags(self, tags: list[str]) -> None:
        self._disabled = tags

    def copy(
        self,
        namespace: Mapping[str, object],
        disabled_tags: list[str] | None = None,
        carry_loop_iterations: bool = False,
        template: BoundTemplate | None = None,
        block_scope: bool = False,
    ) -> RenderContext:
        made = super().copy(namespace, disabled_tags, carry_loop_iterations, template, block_scope)
        assert isinstance(made, JobContext)
        made.job = self.job
        return made


def _plain(name: str) -> str:
    return name.replace("-", "_").lower()


def _fallbacks(name: str | None) -> list[str]:
    """`de-AT` → `de_at`, `de`."""
    parts = _plain(name or "").split("_")
    return ["_".join(parts[:count]) for count in range(len(parts), 0, -1) if parts[0]]


def locale_of(languages: Sequence[str]) -> Locale:
    """The first that is known; English when none is."""
    for name in languages:
        try:
            return Locale.parse(name)
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return Locale("en")


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError):  # Also a name that leads out of the folder of zones.
        return ZoneInfo("UTC")
