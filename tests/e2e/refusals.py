"""What every refusal owes its reader, and must never tell."""

import re
from typing import Any

import httpx

from tests.e2e.served import KEY, SECRET, Served

MEMBERS = {"type", "title", "status", "detail", "instance", "statusCode", "message", "code", "errors", "traceId"}
# A stack, a statement, a library, a file: nobody outside can do anything with it but harm.
TELLING = re.compile(
    r"Traceback|File \"|site-packages|\.py\b|SELECT |INSERT |UPDATE |DELETE FROM|sqlite|sqlalchemy|msgspec|litestar"
    r"|uvicorn|matching regex|codec can't",
    re.IGNORECASE,
)


def assert_refused(served: Served, response: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """A problem of the contract with this status (and code), silent about the inside, and found in the log."""
    assert response.status_code == status, (response.request.url, response.text)
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) == MEMBERS
    assert code in (None, problem["code"]), problem
    assert problem["type"] == f"urn:carillon:error:{problem['code']}"
    assert (problem["status"], problem["statusCode"], problem["title"]) == (status, status, problem["message"])
    assert all(set(error) == {"path", "message"} for error in problem["errors"])
    assert problem["traceId"] == response.headers["traceparent"].split("-")[1]
    assert response.headers["x-request-id"]
    assert_silent(served, response)
    assert_logged(served, problem["traceId"])
    return problem


def assert_silent(served: Served, response: httpx.Response) -> None:
    """Neither head nor body says anything about the inside."""
    told = "\n".join([*(f"{name}: {value}" for name, value in response.headers.items()), response.text])
    # What was sent may be quoted.
    sent = str(response.request.url.path)
    assert not TELLING.search(told.replace(sent, "")), told
    for secret in (SECRET, KEY.text, str(served.data_dir)):
        assert secret not in told


def assert_logged(served: Served, trace_id: str) -> None:
    """The log is written beside the answer, a moment later at most."""
    served.eventually(lambda: trace_id in served.process.output)


def same_but_for_the_address(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem without what differs from request to request."""
    return {name: value for name, value in problem.items() if name not in ("instance", "traceId")}
