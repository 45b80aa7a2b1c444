"""Capabilities that this version does not have are refused by name, never taken in silence."""

from collections.abc import Callable, Mapping

import pytest

from infrastructure.config.problems import Problem
from infrastructure.config.resolution import Resolution


@pytest.mark.parametrize(("key", "capability"), [("CACHE_DRIVER", "cache drivers"), ("FILE_STORAGE_DRIVER", "files")])
@pytest.mark.parametrize("in_file", [True, False], ids=["in a file", "in the environment"])
def test_driver_is_refused_by_name_when_its_capability_is_not_there_yet(
    key: str,
    capability: str,
    in_file: bool,
    write: Callable[[str, str], None],
    problems: Callable[..., Mapping[str, Problem]],
) -> None:
    write(".env", f"{key}=memory\n" if in_file else "")
    found = problems() if in_file else problems(**{key: "memory"})

    expected = f"belongs to {capability}, which this version does not have yet, and has no effect; remove it"
    assert found[key].message == expected


def test_other_keys_are_mentioned_when_the_process_names_them_and_nothing_reads_them(
    resolved: Callable[..., Resolution],
) -> None:
    (warning,) = resolved(CACHE_PREFIX="x").settings.warnings

    assert warning.startswith("CACHE_PREFIX belongs to cache drivers, which this version does not have yet")
