"""Leases, problems, errors and events: what every module uses."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import pytest

from domain.shared.errors import (
    CarillonError,
    Conflict,
    FieldProblem,
    Forbidden,
    InvalidInput,
    NotFound,
    TimedOut,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from domain.shared.events import DomainEvent
from domain.shared.lease import POISON_CRASHES, Suspicion, after_crash, poisonous
from domain.shared.problems import Problems


def test_a_row_is_poisonous_when_it_crashed_three_times_alone() -> None:
    state = (Suspicion.NONE, 0)
    seen = []
    while not poisonous(state[1]):
        state = after_crash(*state)
        seen.append(state)

    assert seen == [
        (Suspicion.GROUP, 0),
        (Suspicion.FEW, 0),
        (Suspicion.ALONE, 0),
        (Suspicion.ALONE, 1),
        (Suspicion.ALONE, 2),
        (Suspicion.ALONE, POISON_CRASHES),
    ]


def test_nothing_is_refused_when_no_problem_was_found() -> None:
    problems = Problems()
    assert problems.check(True, "to", "is empty")
    assert not problems
    problems.refuse()


def test_every_problem_is_told_when_several_were_found() -> None:
    problems = Problems()
    assert not problems.check(False, "to[0].email", "is not an e-mail address")
    problems.add("expiresAt", "lies before sendAt")

    assert problems
    with pytest.raises(InvalidInput, match="2 fields are invalid") as refused:
        problems.refuse()
    assert refused.value.problems == (
        FieldProblem("to[0].email", "is not an e-mail address"),
        FieldProblem("expiresAt", "lies before sendAt"),
    )


def test_one_field_is_in_the_singular_when_only_one_is_wrong() -> None:
    problems = Problems()
    problems.add("to", "is empty")
    with pytest.raises(InvalidInput, match="1 field is invalid"):
        problems.refuse()


class OrderNotFound(NotFound):
    """Order not found.

    More that callers do not see.
    """

    code = "orders.not_found"


def test_the_title_is_the_first_line_when_an_error_has_a_docstring() -> None:
    plain, detailed = OrderNotFound(), OrderNotFound("no order 42")
    assert (plain.title, plain.detail, str(plain), plain.code) == (
        "Order not found",
        "Order not found",
        "Order not found",
        "orders.not_found",
    )
    assert (detailed.title, detailed.detail, str(detailed)) == ("Order not found", "no order 42", "no order 42")


def test_the_wait_is_told_when_an_error_passes_by_itself() -> None:
    assert TooMany(retry_after=1.5).retry_after == 1.5
    assert Unavailable("away").retry_after is None


def test_every_error_has_a_dotted_code_of_its_own_when_raised() -> None:
    kinds: list[type[CarillonError]] = [
        CarillonError,
        Conflict,
        Forbidden,
        InvalidInput,
        NotFound,
        TimedOut,
        TooMany,
        Unauthenticated,
        Unavailable,
    ]
    codes = [kind.code for kind in kinds]
    assert len(codes) == len(set(codes))
    assert all("." in code and code == code.lower() for code in codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShipped(DomainEvent):
    """An event with fields of its own."""

    type: ClassVar[str] = "order.shipped"

    order: str
    parcels: int = 1


def test_its_own_fields_alone_are_the_payload_when_an_event_is_stored() -> None:
    event = OrderShipped(
        id=UUID(int=1),
        tenant_id="default",
        aggregate_id="order:1",
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        order="1",
    )
    assert event.payload() == {"order": "1", "parcels": 1}
    assert event.schema_version == 1
