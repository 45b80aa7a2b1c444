"""Seam for the message broker drivers."""

from typing import Annotated

from infrastructure.config import drivers
from infrastructure.config.section import Section, key


class BrokerSettings(Section, frozen=True, kw_only=True):
    """Message broker"""

    driver: Annotated[
        str,
        key(
            "BROKER_DRIVER",
            "Where domain events are published; memory keeps them in this process.",
            parse=drivers.BROKER,
            expects=drivers.BROKER.names,
        ),
    ] = "memory"
