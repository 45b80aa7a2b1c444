"""What a process calls itself in leases."""

import os
import secrets
import socket

from application.shared.system_scope import SystemScope

# Fits the column of a lease's owner, with the process id and the random part.
LONGEST_HOST = 32


def process_scope() -> SystemScope:
    """A name no other process has: a restarted one must not take itself for the one that died with the same pid."""
    host = socket.gethostname()[:LONGEST_HOST]
    return SystemScope(owner=f"{host}:{os.getpid()}:{secrets.token_hex(6)}")
