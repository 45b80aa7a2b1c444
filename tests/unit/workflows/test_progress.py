"""What comes next in a run."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.json import JsonObject
from domain.shared.problems import Problems
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.progress import (
    LONGEST_LOOK,
    SHORTEST_LOOK,
    Go,
    Hold,
    Skip,
    Standing,
    Verdict,
    delay_of,
    verdict,
)
from domain.workflows.reading import read_definition
from domain.workflows.run import Run, StepOutcome, StepRecord, Wait

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INBOX = {"key": "inbox", "type": "in_app", "template": {"title": "Shipped", "body": ""}}
MAIL = {"key": "mail", "type": "email", "template": {"subject": "Shipped", "text": "On its way"}}
TEXT = {"key": "text", "type": "sms", "template": {"body": "Shipped"}}
UNSEEN = {"escalate": {"step": "inbox", "ifNot": "seen", "after": "30m"}}


def definition_of(*steps: JsonObject, method: str = "all") -> WorkflowDefinition:
    problems = Problems()
    document = {"name": "Shipped", "routing": {"method": method}, "steps": list(steps)}
    definition = read_definition(document, problems)
    problems.refuse()
    return definition


def run_at(position: int, records: Mapping[str, StepRecord] | None = None, wait: Wait | None = None) -> Run:
    return Run(
        id=UUID(int=1),
        tenant_id="default",
        notification_id=UUID(int=2),
        workflow="shipped",
        version=1,
        target="u1",
        queue="notifications",
        priority=2,
        position=position,
        steps=records or {},
        wait=wait,
        created_at=NOON,
    )


def handed_over(at: datetime = NOON) -> StepRecord:
    return StepRecord(outcome=StepOutcome.HANDED_OVER, at=at, delivery_id=UUID(int=3))


def second_of(
    definition: WorkflowDefinition,
    inbox: Standing,
    *,
    now: datetime = NOON,
    wait: Wait | None = None,
    data: JsonObject | None = None,
) -> Verdict:
    """The verdict on the second of two steps."""
    run = run_at(1, {"inbox": handed_over()}, wait)
    return verdict(definition, definition.steps[1], run, {"inbox": inbox}, data or {}, now)


SENT = Standing(status="sent")


def test_a_step_is_run_when_nothing_speaks_against_it() -> None:
    definition = definition_of(INBOX, MAIL)

    assert second_of(definition, SENT) == Go()


@pytest.mark.parametrize(
    ("condition", "skipped"),
    [
        ({"if": {"==": [{"var": "payload.vip"}, True]}}, False),
        ({"if": {"==": [{"var": "payload.vip"}, False]}}, True),
        ({"skip": {"==": [{"var": "payload.vip"}, True]}}, True),
        ({"skip": {"==": [{"var": "payload.vip"}, False]}}, False),
    ],
)
def test_a_step_is_left_out_when_its_condition_says_so(condition: JsonObject, skipped: bool) -> None:
    found = second_of(definition_of(INBOX, {**MAIL, **condition}), SENT, data={"payload": {"vip": True}})

    assert (isinstance(found, Skip) and found.reason == "condition") is skipped


def test_a_step_is_left_out_when_its_condition_takes_too_long() -> None:
    every = {"filter": [{"var": "payload.rows"}, {"some": [{"var": ""}, {"==": [{"var": ""}, -1]}]}]}
    definition = definition_of(INBOX, {**MAIL, "if": {"!!": [every]}})

    found = second_of(definition, SENT, data={"payload": {"rows": [list(range(100))] * 200}})

    assert isinstance(found, Skip)
    assert found.reason == "condition.too_costly"


def test_an_escalation_waits_from_the_moment_of_the_earlier_step() -> None:
    definition = definition_of(INBOX, {**MAIL, **UNSEEN})
    early, late = NOON + timedelta(minutes=29, seconds=59), NOON + timedelta(minutes=30)

    assert second_of(definition, SENT, now=early) == Hold(
        wait=Wait(since=NOON, until=late, reason="escalation"),
    )
    assert second_of(definition, SENT, now=late) == Go()


@pytest.mark.parametrize(
    ("wanted", "inbox", "skipped"),
    [
        ("seen", Standing(status="sent", seen=True), True),
        ("seen", Standing(status="sent", seen=True, read=True), True),
        ("seen", Standing(status="sent", read=True), True),
        ("read", Standing(status="sent", seen=True), False),
        ("read", Standing(status="sent", seen=True, read=True), True),
    ],
)
def test_an_escalation_is_over_when_the_earlier_step_was_looked_at(wanted: str, inbox: Standing, skipped: bool) -> None:
    escalation = {"escalate": {**UNSEEN["escalate"], "ifNot": wanted}}
    found = second_of(definition_of(INBOX, {**MAIL, **escalation}), inbox)

    assert isinstance(found, Skip if skipped else Hold)


@pytest.mark.parametrize("status", ["failed", "suppressed", "skipped", "cancelled"])
def test_an_escalation_does_not_wait_when_the_earlier_step_can_never_be_seen(status: str) -> None:
    definition = definition_of(INBOX, {**MAIL, **UNSEEN})

    assert second_of(definition, Standing(status=status)) == Go()


@pytest.mark.parametrize(
    ("status", "expected"), [("sent", Skip), ("pending", Hold), ("sending", Hold), ("failed", Go), ("suppressed", Go)]
)
def test_single_routing_takes_the_next_channel_when_the_one_before_did_not_work(
    status: str, expected: type[Verdict]
) -> None:
    definition = definition_of(INBOX, MAIL, method="single")

    assert isinstance(second_of(definition, Standing(status=status)), expected)


def test_single_routing_looks_less_often_when_it_has_waited_for_long() -> None:
    definition = definition_of(INBOX, MAIL, method="single")
    looks = []
    for minutes in (0, 0.1, 10):
        found = second_of(
            definition,
            Standing(status="pending"),
            now=NOON + timedelta(minutes=minutes),
            wait=Wait(since=NOON, until=NOON, reason="delivery"),
        )
        assert isinstance(found, Hold)
        looks.append(found.wait.until - NOON - timedelta(minutes=minutes))

    assert looks == [SHORTEST_LOOK, timedelta(seconds=3), LONGEST_LOOK]


def test_a_step_that_is_no_channel_is_run_when_routing_is_single() -> None:
    definition = definition_of(INBOX, {"key": "wait", "type": "delay", "delay": {"for": "1m"}}, method="single")

    assert second_of(definition, SENT) == Go()


def test_a_condition_is_not_asked_again_when_its_delay_is_under_way() -> None:
    delay = {"key": "wait", "type": "delay", "delay": {"for": "1m"}, "if": {"==": [1, 2]}}
    definition = definition_of(INBOX, delay)

    assert isinstance(second_of(definition, SENT), Skip)
    assert second_of(definition, SENT, wait=Wait(since=NOON, until=NOON, reason="delay")) == Go()


@given(length=st.timedeltas(timedelta(0), timedelta(days=365)), looks=st.lists(st.floats(0, 1), max_size=5))
def test_a_delay_ends_at_its_time_when_it_is_looked_at_in_between(length: timedelta, looks: list[float]) -> None:
    run, until = run_at(0), NOON + length
    for share in sorted(looks):
        now = NOON + length * share
        found = delay_of(run, until, now)
        assert isinstance(found, Hold) is (now < until)
        if isinstance(found, Hold):
            assert found.wait.until == until
            run = run.waiting(found.wait)

    assert delay_of(run, until, until) == Go()
