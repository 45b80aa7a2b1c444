"""Every failure of a handler as an answer."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.exceptions import ValidationException as ParameterInvalid

from app.http.json_body import reworded
from app.http.middleware.allowed_methods import listed
from app.http.problem import MEDIA_TYPE, STATUS, Problem, headers_of, problem_of, status_of
from app.http.refusals import BodyTooLarge, MalformedRequest, MethodNotAllowed, UnsupportedMediaType
from app.http.unmatched import Addresses, addresses_by_id, what_is_missing
from application.ports.log import Log
from application.ports.trace_context import TraceContext
from domain.shared.errors import CarillonError, FieldProblem, InvalidInput, NotFound, TimedOut
from domain.shared.problems import Problems

# Any: user, auth and state play no part in an error.
AnyRequest = Request[Any, Any, Any]
Handler = Callable[[AnyRequest, Any], Response[Problem]]

_OWN_FAILURE: Final = STATUS[CarillonError]
_BY_STATUS: Mapping[int, type[CarillonError]] = {
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
}


class Failures:
    """Litestar's exception handlers. What nobody foresaw is logged here, once, and told to nobody."""

    def __init__(self, trace: TraceContext, log: Log) -> None:
        self._trace = trace
        self._log = log
        self._addresses: Addresses | None = None

    def handlers(self) -> dict[type[Exception] | int, Handler]:
        """For `Litestar(exception_handlers=…)`."""
        return {
            CarillonError: self.foreseen,
            HTTPException: self.of_framework,
            TimeoutError: self.timed_out,
            Exception: self.unforeseen,
        }

    def foreseen(self, request: AnyRequest, error: CarillonError) -> Response[Problem]:
        """An error that the product raises itself."""
        if status_of(type(error)) == _OWN_FAILURE:
            return self.unforeseen(request, error)
        return self._answer(request, error, {})

    def of_framework(self, request: AnyRequest, error: HTTPException) -> Response[Problem]:
        """An error that Litestar raises: no such route or method, a parameter that does not convert."""
        if error.status_code >= _OWN_FAILURE:
            return self.unforeseen(request, error)
        allowed = {
            name: listed(value.split(", ")) for name, value in (error.headers or {}).items() if name.lower() == "allow"
        }
        if error.status_code == STATUS[NotFound]:
            return self._answer(request, self._missing(request), allowed)
        return self._answer(request, _translated(error), allowed)

    def _missing(self, request: AnyRequest) -> NotFound:
        if self._addresses is None:
            self._addresses = addresses_by_id(request.app)
        return what_is_missing(request.scope["path"], self._addresses)

    def timed_out(self, request: AnyRequest, _error: TimeoutError) -> Response[Problem]:
        """Something inside did not answer in its time."""
        return self._answer(request, TimedOut(), {})

    def unforeseen(self, request: AnyRequest, error: Exception) -> Response[Problem]:
        """A defect, ours or of what we build on."""
        self._log.exception(
            "http.failed", error, method=request.method, route=request.scope.get("path_template") or "(unmatched)"
        )
        return self._answer(request, CarillonError(), {})

    def _answer(self, request: AnyRequest, error: CarillonError, headers: dict[str, str]) -> Response[Problem]:
        problem = problem_of(error, instance=request.url.path, trace_id=self._trace.current().trace_id)
        return Response(
            problem, status_code=problem.status, media_type=MEDIA_TYPE, headers={**headers_of(error), **headers}
        )


def _translated(error: HTTPException) -> CarillonError:
    if isinstance(error, ParameterInvalid):
        return _invalid(error)
    kind = _BY_STATUS.get(error.status_code, MalformedRequest)
    return kind(error.detail if kind is MalformedRequest else None)


def _invalid(error: ParameterInvalid) -> CarillonError:
    found = [entry for entry in error.extra or () if isinstance(entry, Mapping)]
    if any(entry.get("key") == "data" for entry in found):
        return MalformedRequest("A body of JSON is required")
    problems = Problems()
    for entry in found:
        problems.add(_camel(str(entry.get("key", ""))), reworded(str(entry.get("message", ""))))
    return InvalidInput(problems=[FieldProblem("", "is invalid")]) if not problems else _refused(problems)


def _refused(problems: Problems) -> InvalidInput:
    try:
        problems.refuse()
    except InvalidInput as refusal:
        return refusal
    raise AssertionError("problems that were found refuse")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
