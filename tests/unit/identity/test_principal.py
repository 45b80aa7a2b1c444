"""Who may do what."""

import pytest

from domain.identity.errors import (
    InsufficientScope,
    InvalidCredential,
    MissingCredential,
    PasswordNotAllowed,
    SubscriberRequired,
    TicketSpent,
)
from domain.identity.principal import Principal, PrincipalKind
from domain.identity.scopes import Scope, grants
from domain.shared.errors import CarillonError, Forbidden, InvalidInput, Unauthenticated

KINDS = [kind for kind in PrincipalKind if kind is not PrincipalKind.ANONYMOUS]


def caller(kind: PrincipalKind, *scopes: Scope) -> Principal:
    return Principal(kind=kind, tenant_id="acme", id="u1", scopes=frozenset(scopes))


@pytest.mark.parametrize("needed", list(Scope))
@pytest.mark.parametrize("held", list(Scope))
def test_a_scope_grants_itself_alone_when_it_is_not_the_star(held: Scope, needed: Scope) -> None:
    assert grants({held}, needed) == (held in {needed, Scope.ALL})


def test_nothing_is_granted_when_there_are_no_scopes() -> None:
    assert not any(grants((), needed) for needed in Scope)


def test_require_says_which_scope_is_missing_when_it_refuses() -> None:
    key = caller(PrincipalKind.API_KEY, Scope.NOTIFICATIONS_READ)

    key.require(Scope.NOTIFICATIONS_READ)
    with pytest.raises(InsufficientScope, match="notifications:write"):
        key.require(Scope.NOTIFICATIONS_WRITE)


@pytest.mark.parametrize("kind", [PrincipalKind.SUBSCRIBER, PrincipalKind.TICKET, PrincipalKind.USER])
def test_scopes_are_refused_when_the_caller_is_no_key(kind: PrincipalKind) -> None:
    for scope in Scope:
        with pytest.raises(InsufficientScope):
            caller(kind).require(scope)


@pytest.mark.parametrize("kind", KINDS)
def test_the_inbox_opens_for_subscribers_and_users_alone_when_asked_for(kind: PrincipalKind) -> None:
    principal = caller(kind, Scope.ALL)
    if kind in {PrincipalKind.SUBSCRIBER, PrincipalKind.USER}:
        assert principal.require_subscriber() == "u1"
    else:
        with pytest.raises(SubscriberRequired):
            principal.require_subscriber()


@pytest.mark.parametrize("kind", KINDS)
def test_the_stream_opens_for_tickets_too_when_asked_for(kind: PrincipalKind) -> None:
    principal = caller(kind, Scope.ALL)
    if kind in {PrincipalKind.SUBSCRIBER, PrincipalKind.USER, PrincipalKind.TICKET}:
        assert principal.require_stream() == "u1"
    else:
        with pytest.raises(SubscriberRequired):
            principal.require_stream()


def test_a_credential_is_asked_for_when_the_caller_is_anonymous() -> None:
    anonymous = Principal.anonymous()

    with pytest.raises(MissingCredential):
        anonymous.require(Scope.TOPICS_READ)
    with pytest.raises(MissingCredential):
        anonymous.require_subscriber()
    with pytest.raises(MissingCredential):
        anonymous.require_stream()


def test_the_system_may_do_everything_in_one_tenant_when_it_acts() -> None:
    system = Principal.system("acme")

    for scope in Scope:
        system.require(scope)
    assert system.tenant_id == "acme"


@pytest.mark.parametrize(
    ("error", "category", "code"),
    [
        (MissingCredential, Unauthenticated, "auth.missing_credential"),
        (InvalidCredential, Unauthenticated, "auth.invalid_credential"),
        (TicketSpent, Unauthenticated, "auth.ticket_spent"),
        (InsufficientScope, Forbidden, "auth.insufficient_scope"),
        (SubscriberRequired, Forbidden, "auth.subscriber_required"),
        (PasswordNotAllowed, InvalidInput, "request.invalid"),
    ],
)
def test_errors_have_their_published_code_when_raised(
    error: type[CarillonError], category: type[CarillonError], code: str
) -> None:
    raised = error()

    assert isinstance(raised, category)
    assert raised.code == code
    assert raised.detail == (error.__doc__ or "")
