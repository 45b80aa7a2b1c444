"""The life of a job."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.job import (
    JOB_FINAL,
    JOB_TRANSITIONS,
    IllegalJobTransition,
    JobStatus,
    JobTrigger,
    job_after,
)

# Written out a second time by hand: whoever changes the table changes a promise, and says so here.
EXPECTED = {
    "pending": {"claim": "running", "cancel": "cancelled"},
    "running": {
        "complete": "succeeded",
        "retry": "pending",
        "release": "pending",
        "bury": "dead",
        "cancel": "cancelled",
    },
}


@pytest.mark.parametrize(("status", "trigger"), list(product(JobStatus, JobTrigger)), ids=str)
def test_the_next_status_is_the_one_of_the_table_when_triggered(status: JobStatus, trigger: JobTrigger) -> None:
    expected = EXPECTED.get(status, {}).get(trigger)
    if expected is None:
        with pytest.raises(IllegalJobTransition, match=f"a {status} job does not take {trigger}"):
            job_after(status, trigger)
    else:
        assert job_after(status, trigger) == expected


@given(st.lists(st.sampled_from(JobTrigger), max_size=30))
def test_a_final_status_never_changes_when_triggers_come_in_any_order(triggers: list[JobTrigger]) -> None:
    status = JobStatus.PENDING
    for trigger in triggers:
        try:
            following = job_after(status, trigger)
        except IllegalJobTransition:
            continue
        assert status not in JOB_FINAL
        status = following


def test_every_final_status_can_be_reached_when_a_job_is_new() -> None:
    assert set(JOB_TRANSITIONS.values()) == set(JobStatus)
