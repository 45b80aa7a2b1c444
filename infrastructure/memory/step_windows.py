"""Windows of steps in memory: one transaction writes at a time, so that each is locked."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from application.ports.step_window_repository import (
    DigestMember,
    Gathered,
    KeptWindow,
    Membership,
    StepWindow,
    StepWindowRepository,
    WindowKey,
)
from domain.notifications.notification import Notification
from domain.workflows.run import RUN_FINAL
from infrastructure.memory.step_window_tables import MemberEntry, WindowEntry
from infrastructure.memory.transaction import Transaction


class MemoryStepWindowRepository(StepWindowRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def locked(self, tenant_id: str, keys: Collection[WindowKey]) -> dict[WindowKey, StepWindow]:
        found = ((key, self._transaction.rows.step_windows.get((tenant_id, key))) for key in keys)
        return {key: entry.kept.window for key, entry in found if entry is not None}

    async def put(self, tenant_id: str, windows: Sequence[KeptWindow]) -> None:
        for each in windows:
            self._transaction.rows.step_windows.put(WindowEntry(tenant_id=tenant_id, kept=each))

    async def memberships(self, tenant_id: str, step: str, run_ids: Collection[UUID]) -> dict[UUID, Membership]:
        found = (self._member(tenant_id, run_id, step) for run_id in run_ids)
        return {
            each.run_id: Membership(opener=each.opener, wanted=self._notification(each) is not None)
            for each in found
            if each is not None
        }

    async def locked_carriers(self, tenant_id: str, step: str, openers: Collection[UUID]) -> dict[UUID, UUID | None]:
        found = (self._member(tenant_id, opener, step) for opener in openers)
        return {each.run_id: each.carrier for each in found if each is not None}

    async def join(self, tenant_id: str, members: Sequence[DigestMember]) -> None:
        table = self._transaction.rows.digest_members
        for each in members:
            if table.get((each.run_id, each.step)) is None:
                table.put(MemberEntry(tenant_id=tenant_id, member=each))

    async def gathered(self, tenant_id: str, step: str, opener: UUID, now: datetime, most: int) -> Gathered | None:
        entries = self._transaction.rows.digest_members.where("opener", (tenant_id, opener, step))
        members = sorted((entry.member for entry in entries), key=lambda each: (each.at, each.run_id))
        counting = [
            (each, notification)
            for each in members
            if self._goes_on(each, now) and (notification := self._notification(each)) is not None
        ]
        if not counting:
            return None
        return Gathered(
            count=len(counting),
            first_at=counting[0][0].at,
            last_at=counting[-1][0].at,
            payloads=[notification.payload for _, notification in counting[:most]],
        )

    async def close(self, tenant_id: str, step: str, opener: UUID, carrier: UUID) -> None:
        member = self._member(tenant_id, opener, step)
        if member is not None:
            closed = MemberEntry(tenant_id=tenant_id, member=replace(member, carrier=carrier))
            self._transaction.rows.digest_members.put(closed)

    def _member(self, tenant_id: str, run_id: UUID, step: str) -> DigestMember | None:
        entry = self._transaction.rows.digest_members.get((run_id, step))
        return entry.member if entry is not None and entry.tenant_id == tenant_id else None

    def _notification(self, member: DigestMember) -> Notification | None:
        """Its notification, unless that is to be cancelled."""
        found = self._transaction.rows.notifications.get(member.notification_id)
        return found if found is not None and found.cancel_requested_at is None else None

    def _goes_on(self, member: DigestMember, now: datetime) -> bool:
        entry = self._transaction.rows.runs.get(member.run_id)
        if entry is None or entry.item.status in RUN_FINAL:
            return False
        return entry.item.expires_at is None or entry.item.expires_at > now
