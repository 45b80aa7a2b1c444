"""CircuitBreaker. One adapter so far: its state is the process's own."""

from collections.abc import Callable

import pytest

from application.ports.circuit_breaker import Circuit, CircuitBreaker
from infrastructure.system.circuit_breaker import BreakerStates, MemoryCircuitBreaker

PAUSE = 30.0


class Time:
    """A monotonic clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def states(time: Callable[[], float]) -> BreakerStates:
    return BreakerStates(now=time)


@pytest.fixture
def breaker(states: BreakerStates) -> CircuitBreaker:
    return MemoryCircuitBreaker(states)


def fail(breaker: CircuitBreaker, times: int, name: str = "smtp-a") -> None:
    for _ in range(times):
        breaker.record(name, ok=False)


def test_it_opens_when_ten_in_a_row_failed(breaker: CircuitBreaker) -> None:
    fail(breaker, 9)
    assert breaker.allows("smtp-a")
    fail(breaker, 1)
    assert not breaker.allows("smtp-a")


def test_it_stays_closed_when_a_success_comes_in_between(breaker: CircuitBreaker) -> None:
    fail(breaker, 9)
    breaker.record("smtp-a", ok=True)
    fail(breaker, 9)

    assert breaker.allows("smtp-a")


def test_others_are_not_touched_when_one_is_open(breaker: CircuitBreaker) -> None:
    fail(breaker, 10)

    assert breaker.allows("smtp-b")


def test_one_probe_is_let_through_when_the_pause_is_over(breaker: CircuitBreaker, time: Time) -> None:
    fail(breaker, 10)
    time.now += PAUSE - 0.1
    assert not breaker.allows("smtp-a")
    time.now += 0.1
    assert [breaker.allows("smtp-a") for _ in range(3)] == [True, False, False]


def test_nobody_loses_the_probe_when_somebody_looks(breaker: CircuitBreaker, time: Time) -> None:
    seen = [breaker.circuit("smtp-a")]
    fail(breaker, 10)
    seen.append(breaker.circuit("smtp-a"))
    time.now += PAUSE
    seen += [breaker.circuit("smtp-a"), breaker.circuit("smtp-a")]

    assert seen == [Circuit.CLOSED, Circuit.OPEN, Circuit.PROBE_DUE, Circuit.PROBE_DUE]
    assert breaker.allows("smtp-a")
    assert breaker.circuit("smtp-a") is Circuit.OPEN


def test_it_closes_when_the_probe_succeeds(breaker: CircuitBreaker, time: Time) -> None:
    fail(breaker, 10)
    time.now += PAUSE
    assert breaker.allows("smtp-a")
    breaker.record("smtp-a", ok=True)

    assert [breaker.allows("smtp-a") for _ in range(3)] == [True] * 3
    fail(breaker, 9)
    assert breaker.allows("smtp-a")


def test_it_stays_open_for_another_pause_when_the_probe_fails(breaker: CircuitBreaker, time: Time) -> None:
    fail(breaker, 10)
    time.now += PAUSE
    assert breaker.allows("smtp-a")
    breaker.record("smtp-a", ok=False)
    time.now += PAUSE - 0.1
    assert not breaker.allows("smtp-a")
    time.now += 0.1
    assert breaker.allows("smtp-a")


def test_another_probe_is_let_through_when_one_never_reports_back(breaker: CircuitBreaker, time: Time) -> None:
    fail(breaker, 10)
    time.now += PAUSE
    assert breaker.allows("smtp-a")
    time.now += PAUSE
    assert breaker.allows("smtp-a")


def test_the_state_is_that_of_the_process_when_breakers_are_made_anew(states: BreakerStates) -> None:
    fail(MemoryCircuitBreaker(states), 10)

    assert not MemoryCircuitBreaker(states).allows("smtp-a")


def test_memory_stays_bounded_when_names_are_many(time: Time) -> None:
    breaker = MemoryCircuitBreaker(BreakerStates(now=time, max_names=3))
    for number in range(5):
        fail(breaker, 10, f"webhook {number}")

    assert [breaker.allows(f"webhook {number}") for number in range(5)] == [True, True, False, False, False]
