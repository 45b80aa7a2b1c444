"""Whether a request to notify is taken, and what it asks for in full."""

from dataclasses import dataclass

from application.notifications.intake import IntakeGauge
from application.notifications.request_rules import SendNotificationCommand, checked
from application.ports.clock import Clock
from application.ports.contact_points import ContactPoints
from application.workflows.trigger_workflow import TriggerWorkflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Looks at the request, its workflow and the queues."""

    trigger_workflow: TriggerWorkflow
    contacts: ContactPoints
    intake: IntakeGauge
    clock: Clock

    async def triggered(self, command: SendNotificationCommand) -> SendNotificationCommand:
        """With what its workflow says of it. Call it with no unit of work open."""
        return await self.trigger_workflow(command)

    def admitted(self, command: SendNotificationCommand) -> SendNotificationCommand:
        """The triggered command in normal form; raises what speaks against it now, which a repeat of an earlier one
        outlasts.
        """
        self.intake.refuse_when_behind(command.channels)
        return checked(command, self.contacts, self.clock.now())
