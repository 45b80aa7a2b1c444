"""Reads and judges a configuration; changes nothing anywhere."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from infrastructure.config.advice import advise
from infrastructure.config.catalogue import catalogue, is_known
from infrastructure.config.chain import driver_leaves, named_option_leaves, providers, undescribed
from infrastructure.config.checks import contradictions
from infrastructure.config.draft import Draft
from infrastructure.config.drivers import Brought, nothing_brought
from infrastructure.config.layers import read_layers
from infrastructure.config.problems import Problem, Unacceptable
from infrastructure.config.secrets import kept_secret, secret_file
from infrastructure.config.section import assemble
from infrastructure.config.settings import Settings
from infrastructure.config.spelling import Given, Spelled, spell
from infrastructure.config.unknown import judge, judge_later

SECRET_KEY = "AUTH_SECRET"  # noqa: S105 - the name of a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key as it came out; `text` is masked where it must be, `source` is a place, `default` or a file."""

    key: str
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a configuration comes to.

    `settings.auth.secret` is empty where it is still to be made. With problems, `settings` hold defaults in place of
    what could not be used: good for nothing but looking at.
    """

    settings: Settings
    problems: tuple[Problem, ...]
    rows: tuple[Row, ...]


@dataclass(slots=True)
class _Findings:
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def take(self, found: Iterable[Problem | str | None]) -> None:
        for each in found:
            if isinstance(each, Problem):
                self.problems.append(each)
            elif each:
                self.warnings.append(each)

    @property
    def broken(self) -> set[str]:
        """Keys about which enough is said."""
        return {key for problem in self.problems for key in problem.keys}


def resolve(environ: Mapping[str, str], directory: Path, *, brought: Brought = nothing_brought) -> Resolution:
    """All layers to settings, problems and rows; relative paths start from `directory`.

    `brought` gives the names of the drivers that other packages bring.
    """
    root = directory.absolute()
    layers, unreadable = read_layers(environ, root)
    spelled = spell(layers, root)
    findings = _Findings([*unreadable, *spelled.problems], [*spelled.warnings])
    findings.take(judge(written, ours) for written, ours in spelled.unknown)
    findings.take(judge_later(given) for key, given in spelled.given.items() if not is_known(key))
    draft = _drafted(spelled.given, Draft(catalogue(), root, brought), findings)
    settings = _settled(draft, spelled.given, findings)
    findings.take(_contradictions(settings, spelled, findings.broken))
    findings.take(advise(settings, spelled.given.keys()))
    return Resolution(
        settings=replace(settings, warnings=tuple(findings.warnings), given=_known(spelled)),
        problems=_ordered(findings.problems),
        rows=tuple(_rows(draft, spelled.given, settings)),
    )


def _known(spelled: Spelled) -> frozenset[str]:
    return frozenset(key for key in spelled.given if is_known(key))


def _drafted(given: Mapping[str, Given], draft: Draft, findings: _Findings) -> Draft:
    """All values that could be read; the keys of providers are known once their names are."""
    findings.take(_read(draft, given))
    for described in (driver_leaves, named_option_leaves):
        found = described(draft, given.keys())
        draft.leaves = {**draft.leaves, **found}
        findings.take(_read(draft, {key: given[key] for key in found if key in given}))
    findings.take(undescribed(draft, given.keys()))
    return draft


def _read(draft: Draft, given: Mapping[str, Given]) -> Iterator[Problem]:
    for key in draft.leaves.keys() & given.keys():
        try:
            draft.give(key, given[key].text)
        except Unacceptable as error:
            yield Problem(keys=(key,), message=str(error), source=given[key].source)


def _settled(draft: Draft, given: Mapping[str, Given], findings: _Findings) -> Settings:
    settings = assemble(Settings, draft.by_path(catalogue()))
    notification = replace(settings.notification, **providers(draft, settings.mail, given.keys()))
    settings = replace(settings, notification=notification)
    if settings.auth.secret or SECRET_KEY in findings.broken or not settings.database.embedded:
        return settings
    try:
        return replace(settings, auth=replace(settings.auth, secret=kept_secret(settings.app.data_dir) or ""))
    except Unacceptable as error:
        findings.take([Problem(keys=(SECRET_KEY,), message=str(error))])
        return settings


def _contradictions(settings: Settings, spelled: Spelled, broken: set[str]) -> Iterator[Problem]:
    for problem in contradictions(settings, spelled.given.keys()):
        if broken.isdisjoint(problem.keys):
            given = spelled.given.get(problem.keys[0])
            yield Problem(keys=problem.keys, message=problem.message, source=given.source if given else None)


def _ordered(problems: list[Problem]) -> tuple[Problem, ...]:
    """In the order of the documentation, what has no place there last."""
    position = {key: index for index, key in enumerate(catalogue())}
    return tuple(sorted(problems, key=lambda problem: (position.get(problem.keys[0], len(position)), str(problem))))


def _rows(draft: Draft, given: Mapping[str, Given], settings: Settings) -> Iterator[Row]:
    for key, leaf in draft.leaves.items():
        text, source = draft.text(key), given[key].source if key in given else "default"
        if key == SECRET_KEY and key not in given:
            text = settings.auth.secret
            source = str(secret_file(settings.app.data_dir)) if text else "made at first start"
        yield Row(key=key, text=leaf.key.mask(text) if leaf.key.mask and text else text, source=source)
