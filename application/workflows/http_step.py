"""Steps that ask another server."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpFailureKind, HttpResponse
from application.workflows.scene import Advanced
from domain.shared.json import JsonValue, problem_with
from domain.workflows.run import Run, StepOutcome, StepRecord, Wait

# Behind the first try, the second and the third; the fourth is the last.
PAUSES: Final = (timedelta(seconds=1), timedelta(seconds=10), timedelta(seconds=60))
MAX_ANSWER_BYTES: Final = 64 * 1024
RETRY: Final = "http.retry"
FAILED: Final = "http.failed"
# Digits of what stores and clients take as an integer; a longer one is a float, as most readers of JSON have it.
_INTEGER_DIGITS: Final = 18
_GOOD: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSteps:
    """Makes the requests of `http` steps and notes what came of them; writes nothing.

    At least once: a worker that dies between the answer and the commit leaves the request to be made again, and so does
    a try whose answer never came. `Idempotency-Key` is the same each time, for servers that care. What cannot be
    reached, and any answer but 2xx, is tried four times in all; then the run goes on, and later steps find the error.
    """

    client: HttpClient
    clock: Clock

    async def perform(self, advanced: Advanced) -> None:
        """Make the request that the run has stopped for. Call it with no unit of work open."""
        assert advanced.call is not None, "it has stopped for a request"
        answer = await self.client.send(advanced.call.request)
        run, now, key = advanced.run, self.clock.now(), advanced.call.step.key
        if isinstance(answer, HttpResponse) and answer.status in _GOOD:
            record = StepRecord(outcome=StepOutcome.COMPLETED, at=now, result=_result(answer))
            advanced.run = run.passed(key, record)
            return
        pause = None if _hopeless(answer) else _pause(run)
        if pause is None:
            advanced.run = run.passed(key, _failed(answer, now))
        else:
            advanced.run = run.waiting(Wait(since=now, until=now + pause, reason=RETRY))


def _hopeless(answer: HttpResponse | HttpFailure) -> bool:
    """An address that is not allowed, or a request that is none, will be that in a minute, too."""
    if isinstance(answer, HttpResponse):
        return False
    return answer.kind is HttpFailureKind.BLOCKED or answer.reason == "invalid_request"


def _pause(run: Run) -> timedelta | None:
    """How long to wait behind this try; the pause before it tells which one it was. None behind the last."""
    waited = run.wait.until - run.wait.since if run.wait else timedelta()
    return next((pause for pause in PAUSES if pause > waited), None)


def _failed(answer: HttpResponse | HttpFailure, at: datetime) -> StepRecord:
    status = answer.status if isinstance(answer, HttpResponse) else None
    error = "http.status" if isinstance(answer, HttpResponse) else f"http.{answer.reason}"
    because = f"it was answered with {status}" if status else f"there was no answer: {error}"
    result = {"status": status, "error": error}
    return StepRecord(outcome=StepOutcome.COMPLETED, at=at, reason=FAILED, because=because, result=result)


def _result(answer: HttpResponse) -> JsonValue:
    """`body` is None, with an `error`, where the answer is no JSON that can be kept."""
    if not answer.body:
        return {"status": answer.status, "body": None}
    if not answer.complete or len(answer.body) > MAX_ANSWER_BYTES:
        return {"status": answer.status, "body": None, "error": "http.too_large"}
    try:
        body = json.loads(answer.body, parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return {"status": answer.status, "body": None, "error": "http.not_json"}
    if problem_with(body) is not None:
        return {"status": answer.status, "body": None, "error": "http.not_json"}
    return {"status": answer.status, "body": body}


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _INTEGER_DIGITS else float(digits)


def _refuse(constant: str) -> JsonValue:
    raise ValueError(f"{constant} is no JSON")
