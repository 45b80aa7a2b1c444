"""Every failure is a problem, says as much as it should and no more (RES-02 to RES-04, RES-08)."""

import asyncio
import re
from pathlib import Path

import pytest
from httpx import AsyncClient

from app.http.options import HttpOptions
from app.http.problem import kind_of, status_of
from app.http.version import VERSION
from application.shared.cursors import InvalidCursor
from application.shared.idempotency import IdempotencyInProgress, IdempotencyKeyReused
from domain.identity.errors import TicketSpent
from domain.inbox.item import InboxItemNotFound
from domain.notifications.errors import IntakeOverloaded, NotificationNotFound, TransactionConflict
from domain.realtime.errors import TooManyStreams
from domain.shared.errors import CarillonError, Conflict, FieldProblem, InvalidInput, TimedOut, TooMany, Unavailable
from domain.subscribers.subscriber import SubscriberNotFound
from domain.topics.topic import TopicNotFound
from tests.unit.http.stand_in import BACKEND, Api

PATH = "/api/v1/notifications/0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f"

# "Error codes of the foundation" of the contract.
CONTRACT = {
    "request.malformed": 400,
    "request.invalid_cursor": 400,
    "request.unknown_parameter": 400,
    "auth.missing_credential": 401,
    "auth.invalid_credential": 401,
    "auth.ticket_spent": 401,
    "auth.insufficient_scope": 403,
    "auth.subscriber_required": 403,
    "request.not_found": 404,
    "notifications.not_found": 404,
    "subscribers.not_found": 404,
    "topics.not_found": 404,
    "inbox.not_found": 404,
    "request.method_not_allowed": 405,
    "request.not_acceptable": 406,
    "notifications.transaction_conflict": 409,
    "idempotency.in_progress": 409,
    "request.too_large": 413,
    "request.unsupported_media_type": 415,
    "request.invalid": 422,
    "idempotency.key_reused": 422,
    "rate_limit.exceeded": 429,
    "realtime.too_many_streams": 429,
    "system.internal": 500,
    "system.unavailable": 503,
    "system.overloaded": 503,
    "system.timeout": 504,
}


@pytest.mark.parametrize(("code", "status"), CONTRACT.items())
def test_every_code_of_the_contract_has_its_status(code: str, status: int) -> None:
    kind = kind_of(code)

    assert (kind.code, status_of(kind)) == (code, status)


def test_every_error_of_the_product_has_a_status() -> None:
    kinds = [CarillonError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())

    assert {kind.code for kind in kinds if status_of(kind) == 500} == {"system.internal"}


@pytest.mark.parametrize(
    "error",
    [
        InvalidCursor(),
        NotificationNotFound(),
        SubscriberNotFound(),
        TopicNotFound(),
        InboxItemNotFound(),
        TransactionConflict("it is taken"),
        IdempotencyInProgress(),
        IdempotencyKeyReused(),
        TicketSpent(),
        TooManyStreams(),
        Conflict(),
        TimedOut(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_answers_with_the_errors_own_words_when_it_is_foreseen(
    api: Api, client: AsyncClient, error: CarillonError
) -> None:
    api.get_notification.answer = error

    response = await client.get(PATH, headers=BACKEND)

    status = status_of(type(error))
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": f"urn:carillon:error:{error.code}",
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "instance": PATH,
        "statusCode": status,
        "message": error.title,
        "code": error.code,
        "errors": [],
        "traceId": response.headers["traceparent"].split("-")[1],
    }
    assert response.status_code == status
    assert not api.log.lines("http.failed")


async def test_answers_every_field_problem_when_several_were_found(api: Api, client: AsyncClient) -> None:
    api.get_notification.answer = InvalidInput(
        "2 fields are invalid",
        problems=[
            FieldProblem("to[0].email", "is not an e-mail address"),
            FieldProblem("expiresAt", "lies before sendAt"),
        ],
    )

    problem = (await client.get(PATH, headers=BACKEND)).json()

    assert (problem["title"], problem["detail"]) == ("Request is invalid", "2 fields are invalid")
    assert problem["errors"] == [
        {"path": "to[0].email", "message": "is not an e-mail address"},
        {"path": "expiresAt", "message": "lies before sendAt"},
    ]


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (TooMany(retry_after=0.2), "1"),
        (TooMany(retry_after=17.1), "18"),
        (IntakeOverloaded(retry_after=60.0), "60"),
        (Unavailable(), None),
    ],
)
async def test_says_when_to_come_again_when_it_is_known(
    api: Api, client: AsyncClient, error: CarillonError, wait: str | None
) -> None:
    api.get_notification.answer = error

    assert (await client.get(PATH, headers=BACKEND)).headers.get("Retry-After") == wait


@pytest.mark.parametrize(
    "error", [RuntimeError("password=hunter2 SELECT * FROM users"), CarillonError("hunter2"), KeyError("hunter2")]
)
async def test_tells_nothing_and_logs_once_with_the_traceback_when_nobody_foresaw_it(
    api: Api, client: AsyncClient, error: Exception
) -> None:
    api.get_notification.answer = error

    response = await client.get(PATH, headers=BACKEND)

    assert response.status_code == 500
    assert response.json()["code"] == "system.internal"
    assert not re.search("hunter2|SELECT|Traceback|Error", response.text.replace("urn:carillon:error", ""))
    [line] = api.log.lines("http.failed")
    assert line.exc is error
    assert (line.fields["method"], line.fields["route"]) == ("GET", "/api/v1/notifications/{notification_id}")


async def test_answers_504_when_something_inside_times_out(api: Api, client: AsyncClient) -> None:
    api.get_notification.answer = TimeoutError()

    response = await client.get(PATH, headers=BACKEND)

    assert (response.status_code, response.json()["code"]) == (504, "system.timeout")


async def test_answers_504_and_stops_working_when_the_handler_takes_too_long() -> None:
    api = Api(options=HttpOptions(request_seconds=0.05))
    stopped = asyncio.Event()

    async def slow(*_args: object, **_kwargs: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    api.get_notification.answer = slow
    async with api.client() as client:
        response = await client.get(PATH, headers=BACKEND)

    assert (response.status_code, response.json()["code"]) == (504, "system.timeout")
    assert stopped.is_set()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "request.not_found"),
        ("GET", "/api/v1", 404, "request.not_found"),
        ("GET", "/api/v2/notifications", 404, "request.not_found"),
        ("PUT", "/api/v1/notifications", 405, "request.method_not_allowed"),
        ("DELETE", "/health", 405, "request.method_not_allowed"),
        ("TRACE", "/health", 405, "request.method_not_allowed"),
        ("GET", "/api/v1/inbox/read-all", 405, "request.method_not_allowed"),
    ],
)
async def test_answers_a_problem_when_no_route_is_found(
    client: AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    if status == 405:
        allowed = set(response.headers["Allow"].split(", "))
        assert "OPTIONS" in allowed
        assert method not in allowed


def test_names_the_same_version_as_the_package() -> None:
    pyproject = (Path(__file__).resolve().parents[3] / "pyproject.toml").read_text()

    assert f'\nversion = "{VERSION}"\n' in pyproject
