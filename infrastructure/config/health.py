"""What health checks tell, and to whom."""

from typing import Annotated

from infrastructure.config.parsers import sized
from infrastructure.config.section import Section, hidden, key


class HealthSettings(Section, frozen=True, kw_only=True):
    """Health"""

    details_token: Annotated[
        str | None,
        key(
            "HEALTH_DETAILS_TOKEN",
            "Opens the details of /health/ready to callers from elsewhere; this machine always sees them.",
            parse=sized(16, 1_024),  # 16 random characters of Base64 are 96 bits, beyond guessing
            expects="16 to 1,024 characters",
            mask=hidden,
        ),
    ] = None
    disk_min_free: Annotated[
        int,
        key(
            "HEALTH_DISK_MIN_FREE",
            "Bytes; below, the disk counts as full: a write-ahead log needs room to be folded back.",
            ge=0,
            le=1_099_511_627_776,
        ),
    ] = 104_857_600
