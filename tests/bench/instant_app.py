"""Carillon whose e-mail is accepted at once: `python -m tests.bench.instant_app worker`, else as `python -m app`.

What is left is what Carillon itself does with a delivery: claim, load, decide, record.
"""

import sys

from dependency_injector import providers

from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings
from app.bootstrap.logging import configure_logging
from app.bootstrap.workers import run_workers
from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.provider_chain import ProviderChain


class InstantProvider(ChannelProvider):
    """Accepts everything."""

    @property
    def name(self) -> str:
        return "instant"

    async def send(self, message: OutboundMessage) -> SendReport:
        return SendReport(outcome=AttemptOutcome.OK)


def main(part: str) -> int:
    """Work as `worker`; the exit code."""
    settings = read_settings(several_processes=True)
    logging = configure_logging(settings.log, settings.app.env)
    try:
        container = build_container(settings)
        container.email_channel.override(providers.Object(ProviderChain(Channel.EMAIL, [InstantProvider()])))
        return run_workers(container, part)
    finally:
        logging.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
