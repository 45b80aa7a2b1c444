"""What our own requests to other people's addresses may reach."""

from typing import Annotated

from infrastructure.config.parsers import cidrs, port_numbers, seconds
from infrastructure.config.section import Section, key


class EgressSettings(Section, frozen=True, kw_only=True):
    """Outgoing requests to addresses that users give us"""

    allow_cidrs: Annotated[
        tuple[str, ...],
        key(
            "EGRESS_ALLOW_CIDRS",
            "Private networks that webhooks may reach, on other ports too; none, or users could probe your network.",
            parse=cidrs,
            expects="networks such as 10.0.0.0/8",
        ),
    ] = ()
    ports: Annotated[
        tuple[int, ...],
        key(
            "EGRESS_PORTS",
            "Ports of public addresses; 8080 and 8443 are where admin consoles listen, so they are for you to add.",
            parse=port_numbers,
            min_length=1,
            expects="port numbers",
        ),
    ] = (80, 443)
    max_response_bytes: Annotated[
        int,
        key("EGRESS_MAX_RESPONSE_BYTES", "Only status and a few lines of an answer matter.", ge=1_024, le=1_048_576),
    ] = 65_536
    timeout: Annotated[
        float,
        key(
            "EGRESS_TIMEOUT",
            "Total time of a request, name look-up included; not above WORKER_SEND_TIMEOUT.",
            parse=seconds,
            depends="WORKER_SEND_TIMEOUT, 10 s at most",
            ge=0.1,
            le=120,
        ),
    ] = 10.0
    max_per_host: Annotated[
        int,
        key(
            "EGRESS_MAX_PER_HOST",
            "Requests of one process to one host and port at once; more wait within their own time.",
            ge=1,
            le=100,
        ),
    ] = 100
