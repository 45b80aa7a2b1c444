"""`python -m app keys …`: keys and secrets to copy."""

import sys

from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings
from domain.tenancy.tenant import DEFAULT_TENANT
from infrastructure.security.os_random import OsRandomSecretMint


def keys(action: str) -> int:
    """Print a new API key (for `BOOTSTRAP_API_KEY`), or the secret that webhooks without one of their own are signed
    with.
    """
    if action == "new":
        sys.stdout.write(f"{OsRandomSecretMint().api_key()}\n")
        return 0
    container = build_container(read_settings())
    chosen = container.settings().notification.webhook_signing_secret
    sys.stdout.write(f"{chosen or container.key_ring().webhook_secrets(DEFAULT_TENANT)[0]}\n")
    return 0
