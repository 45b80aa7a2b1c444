"""Tickets from the issue to the end."""

from datetime import timedelta

import pytest

from application.realtime.issue_ticket import IssueTicket
from application.realtime.redeem_ticket import RedeemTicket
from domain.identity.errors import MissingCredential, SubscriberRequired, TicketSpent
from domain.identity.principal import Principal, PrincipalKind
from infrastructure.security.os_random import OsRandomSecretMint
from tests.unit.realtime.store import NOW, Store, caller


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def issue_ticket(store: Store) -> IssueTicket:
    return IssueTicket(unit_of_work=store.unit_of_work, mint=OsRandomSecretMint(), clock=store.clock)


@pytest.fixture
def redeem_ticket(store: Store) -> RedeemTicket:
    return RedeemTicket(unit_of_work=store.unit_of_work)


@pytest.mark.parametrize("kind", [PrincipalKind.SUBSCRIBER, PrincipalKind.USER])
async def test_a_ticket_speaks_for_its_subscriber_as_long_as_the_credential_when_redeemed(
    issue_ticket: IssueTicket, redeem_ticket: RedeemTicket, kind: PrincipalKind
) -> None:
    ends = NOW + timedelta(minutes=7)
    view = await issue_ticket(caller(kind, expires_at=ends))

    principal = await redeem_ticket(view.ticket)

    assert view.expires_at == NOW + timedelta(seconds=30)
    assert principal == Principal(kind=PrincipalKind.TICKET, tenant_id="default", id="ann", expires_at=ends)


async def test_a_ticket_is_spent_when_it_was_redeemed(issue_ticket: IssueTicket, redeem_ticket: RedeemTicket) -> None:
    view = await issue_ticket(caller(PrincipalKind.SUBSCRIBER))
    await redeem_ticket(view.ticket)

    with pytest.raises(TicketSpent):
        await redeem_ticket(view.ticket)


async def test_a_ticket_is_spent_when_it_is_30_seconds_old(
    store: Store, issue_ticket: IssueTicket, redeem_ticket: RedeemTicket
) -> None:
    view = await issue_ticket(caller(PrincipalKind.SUBSCRIBER))
    store.clock.advance(30)

    with pytest.raises(TicketSpent):
        await redeem_ticket(view.ticket)


@pytest.mark.parametrize("text", ["", "x", "\x00", "\ud800", "é", "A" * 43, "A" * 1_000_000])
async def test_whatever_is_no_ticket_is_as_good_as_spent(redeem_ticket: RedeemTicket, text: str) -> None:
    with pytest.raises(TicketSpent):
        await redeem_ticket(text)


async def test_the_ticket_itself_is_stored_nowhere_and_shown_once(store: Store, issue_ticket: IssueTicket) -> None:
    view = await issue_ticket(caller(PrincipalKind.SUBSCRIBER))

    assert len(view.ticket) >= 43
    assert view.ticket not in repr(store.database.tickets.all())
    assert view.ticket not in repr(view)


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        (PrincipalKind.API_KEY, SubscriberRequired),
        (PrincipalKind.TICKET, SubscriberRequired),
        (PrincipalKind.SYSTEM, SubscriberRequired),
        (PrincipalKind.ANONYMOUS, MissingCredential),
    ],
)
async def test_no_ticket_is_issued_when_the_caller_has_no_inbox(
    issue_ticket: IssueTicket, kind: PrincipalKind, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await issue_ticket(caller(kind))
