"""The environment of this process: the one place where it is read."""

import os
from collections.abc import Mapping


def process_environment() -> Mapping[str, str]:
    """A copy, so that what changes the environment later changes no settings."""
    return dict(os.environ)
