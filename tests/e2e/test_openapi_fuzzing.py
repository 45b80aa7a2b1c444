"""The served document, tried out by a machine that believes every word of it and then does the opposite (DOC-03).

As each kind of caller: no 5xx, no status, content type or body that the document does not name, no invalid data
accepted, no credential ignored, nothing read after it was deleted, and 405 with `Allow` for methods there are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.fuzzer import Caller, Known, Run, Size, fuzz
from tests.e2e.served import API, Served, serving

QUICK = Size(examples=4, strange=1, known=0.9)
NIGHTLY = Size(examples=200, strange=200, thorough=True)
# Sequences of calls that hand on what they got. They run by themselves: after the other phases the tool believes to
# know already where its links lead, and hardly any gets from a creation past a deletion to what should be gone.
WALKS, NIGHTLY_WALKS = (Size(examples=number, strange=0, phases=("stateful",)) for number in (60, 300))
BACKENDS = ("Notifications", "Subscribers", "Preferences", "Topics", "Workflows")
WALKED = ("Subscribers", "Topics")
READER = "reader"
WORKFLOW = {"name": "Known", "steps": [{"key": "text", "type": "sms", "template": {"body": "Hello"}}]}
MANY = range(10)
# Some are deleted on the way, and what may be done to an item is tried on those that are left.
ITEMS = range(60)
ACTION = "track"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server with something in it, so that ids lead somewhere."""

    served: Served
    known: Known

    def caller(self, name: str) -> Caller:
        """One of the three, or who walks."""
        return {
            "anonymous": Caller(name="anonymous"),
            "backend": Caller(name="backend", headers=self.served.backend, tags=BACKENDS),
            # Of few operations walks come back more often to what they have deleted.
            "walker": Caller(name="backend", headers=self.served.backend, tags=WALKED),
            "subscriber": Caller(name="subscriber", headers=self.served.subscriber(READER), tags=("Inbox",)),
        }[name]

    def operations(self, *tags: str) -> set[str]:
        """As Schemathesis calls them: method and path."""
        with self.served.client() as client:
            paths = client.get("/openapi.json").json()["paths"]
        return {
            f"{method.upper()} {path}"
            for path, item in paths.items()
            for method, operation in item.items()
            if set(tags) & set(operation["tags"])
        }


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with serving(tmp_path_factory.mktemp("fuzzed")) as served:
        yield Target(served=served, known=fill(served))


def fill(served: Served) -> Known:
    """Ids of what is stored, by the name that paths give them."""
    due = {"sendAt": "2099-01-01T00:00:00Z"}
    reader = served.subscriber(READER)
    sent = [served.send(READER, **(due if number % 2 else {})) for number in MANY]
    for _ in ITEMS:
        served.send(READER, content={"title": "Parcel", "actions": [{"id": ACTION, "label": "Track"}]})
    for _ in MANY:
        served.send("unreachable", channels=["email"])
    with served.client(served.backend) as client:
        dead = [one["id"] for one in client.get(f"{API}/deliveries?status=suppressed").json()["data"]]
        for number in MANY:
            assert client.put(f"{API}/topics/topic-{number}", json={}).status_code == 201
            assert client.put(f"{API}/workflows/topic-{number}", json=WORKFLOW).status_code == 201
            assert client.post(f"{API}/workflows/topic-{number}/publish").status_code == 200
            assert client.put(f"{API}/subscribers/person-{number}", json={}).status_code == 201
    with served.client(reader) as client:
        items = [item["id"] for item in client.get(f"{API}/inbox?limit={len(ITEMS)}").json()["data"]]
    return {
        "notificationId": sent,
        "deliveryId": dead,
        "itemId": items,
        "actionId": [ACTION],
        "key": [f"topic-{number}" for number in MANY],
        "number": [1],
        "subscriberId": [f"person-{number}" for number in MANY],
    }


def assert_sound(run: Run, target: Target, name: str) -> None:
    """No check failed, every operation was tried, and those that let the caller in were really reached."""
    assert run.exit_code == 0, run.summary
    assert run.report["operations"]["tested"] == run.report["operations"]["total"], run.summary
    welcome = target.operations("Health", *target.caller(name).tags)
    assert welcome - run.accepted() == set()
    secured = target.operations("Inbox", *BACKENDS) - welcome
    assert run.accepted() & secured == set()
    failed = [line for line in target.served.logged() if line.get("event") == "http.failed"]
    assert failed == []


@pytest.mark.parametrize("name", ["anonymous", "backend", "subscriber"])
def test_keeps_to_its_document_when_a_machine_makes_up_requests(target: Target, name: str, tmp_path: Path) -> None:
    run = fuzz(target.served.process.base_url, tmp_path, target.caller(name), QUICK, target.known)

    assert_sound(run, target, name)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["anonymous", "backend", "subscriber"])
def test_keeps_to_its_document_when_a_machine_has_all_night(target: Target, name: str, tmp_path: Path) -> None:
    run = fuzz(target.served.process.base_url, tmp_path, target.caller(name), NIGHTLY, target.known)

    assert_sound(run, target, name)


@pytest.mark.parametrize("size", [WALKS, pytest.param(NIGHTLY_WALKS, marks=pytest.mark.nightly)], ids=["short", "long"])
def test_serves_nothing_that_was_deleted_when_calls_build_on_each_other(
    target: Target, size: Size, tmp_path: Path
) -> None:
    before = len(target.served.process.output)
    run = fuzz(target.served.process.base_url, tmp_path, target.caller("walker"), size, known={})

    assert run.exit_code == 0, run.summary
    seen = {(line["method"], line["route"], line["status"]) for line in target.served.logged(before) if "route" in line}
    person = f"{API}/subscribers/{{subscriber_id}}"
    assert {("GET", person, 200), ("DELETE", person, 204), ("GET", person, 404)} <= seen
