"""`python -m app token <subscriberId>`: a browser's credential without an API call."""

import sys
from datetime import timedelta

from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings


def token(subscriber_id: str, tenant_id: str) -> int:
    """Print a bearer token for the subscriber's inbox and stream; it is not checked whether there is one."""
    settings = read_settings()
    signer = build_container(settings).token_signer()
    ttl = timedelta(seconds=settings.auth.subscriber_token_ttl)
    sys.stdout.write(f"{signer.issue_subscriber_token(tenant_id, subscriber_id, ttl).token}\n")
    return 0
