from pathlib import Path

import pytest
from msgspec.structs import replace

from domain.identity.api_key import compose
from infrastructure.config.catalogue import catalogue, provider_leaves
from infrastructure.config.dotenv import parse_dotenv
from infrastructure.config.loader import load_settings
from infrastructure.config.render import render_env_example, render_readme
from infrastructure.config.resolution import resolve

PROJECT = Path(__file__).parents[3]
HOW = "run `python -m infrastructure.config.render`"


def test_env_example_is_what_the_structs_say_when_it_is_compared() -> None:
    assert (PROJECT / ".env.example").read_text(encoding="utf-8") == render_env_example(), HOW


def test_the_readme_is_what_the_structs_say_when_it_is_compared() -> None:
    readme = PROJECT / "infrastructure" / "config" / "README.md"
    assert readme.read_text(encoding="utf-8") == render_readme(), HOW


def _uncommented() -> str:
    lines = render_env_example().splitlines()
    return "\n".join(line.removeprefix("#") for line in lines if line.startswith("#") and not line.startswith("# "))


def test_the_example_holds_every_key_once_when_it_is_uncommented() -> None:
    entries, bad = parse_dotenv(_uncommented().removeprefix("\n"))

    assert bad == []
    assert [entry.key for entry in entries] == [*catalogue(), *provider_leaves(["smtp-a"])]


def test_the_example_changes_nothing_when_its_defaults_are_uncommented(place: Path) -> None:
    entries, _ = parse_dotenv(_uncommented())
    written = {entry.key: entry.text for entry in entries if entry.text}

    explicit = resolve(written, place)

    assert explicit.problems == ()
    assert replace(explicit.settings, warnings=(), given=frozenset()) == resolve({}, place).settings


def test_nothing_but_comments_stands_in_the_example_when_it_is_copied() -> None:
    assert parse_dotenv(render_env_example()) == ([], [])


def test_every_key_has_one_line_of_reason_when_it_is_documented() -> None:
    for leaf in (*catalogue().values(), *provider_leaves(["x"]).values()):
        assert leaf.key.why.endswith("."), leaf.key.name
        assert "\n" not in leaf.key.why
        assert leaf.key.parse is None or callable(leaf.key.parse), leaf.key.name


def test_env_test_is_fine_and_in_memory_when_tests_run() -> None:
    settings = load_settings({"APP_ENV": "test"}, PROJECT)

    assert (settings.database.driver, settings.queue.driver, settings.realtime.driver) == ("memory",) * 3
    assert settings.log.sinks == frozenset()
    assert settings.rate_limit.enabled is False


@pytest.mark.parametrize("env", ["staging", "production"])
def test_the_secret_of_the_tests_is_refused_when_people_depend_on_it(env: str, place: Path) -> None:
    entries, _ = parse_dotenv((PROJECT / ".env.test").read_text(encoding="utf-8"))
    secret = {entry.key: entry.text for entry in entries}["AUTH_SECRET"]

    assert [problem.keys[0] for problem in resolve({"APP_ENV": env, "AUTH_SECRET": secret}, place).problems] == [
        "AUTH_SECRET"
    ]


def test_a_bootstrap_key_is_taken_when_its_checksum_is_right(place: Path) -> None:
    key = compose("a1B2" * 7 + "zz").text

    assert resolve({"BOOTSTRAP_API_KEY": key}, place).settings.auth.bootstrap_api_key == key
