"""Which Carillon this is."""

from typing import Final

# Beside the code and not read from package metadata: a checkout runs without being installed. A test compares it with
# pyproject.toml.
VERSION: Final = "0.1.0"
