"""What went wrong, in words for whoever wrote the template."""

from typing import Final

from liquid.exceptions import LiquidError, ResourceLimitError, TemplateNotFoundError, UndefinedError

from application.ports.templates import ProblemCode, RenderProblem
from infrastructure.templates.documents import NotMjml, TooComplex
from infrastructure.templates.environment import path_of
from infrastructure.templates.limits import MEMORY_MESSAGE, TIMEOUT_MESSAGE, OutOfTime

_LONGEST_MESSAGE: Final = 500


def problem_of(error: BaseException, path: str) -> RenderProblem:
    """`path` is the field that was at work; the library may know better where it was."""
    match error:
        case LiquidError():
            return _of_liquid(error, path)
        case OutOfTime():
            code, message = ProblemCode.TIMEOUT, TIMEOUT_MESSAGE
        case MemoryError():
            code, message = ProblemCode.MEMORY, MEMORY_MESSAGE
        case RecursionError():
            code, message = ProblemCode.LIMIT, "is nested too deeply"
        case NotMjml():
            code, message = ProblemCode.MJML, str(error)
        case TooComplex():
            code, message = ProblemCode.LIMIT, str(error)
        case _:
            # Some filters let errors of Python out: of a template that asks for what cannot be computed.
            code, message = ProblemCode.SYNTAX, f"cannot be evaluated ({type(error).__name__})"
    return RenderProblem(code=code, message=_short(message), path=path)


def _of_liquid(error: LiquidError, path: str) -> RenderProblem:
    if isinstance(error.__cause__, MemoryError | RecursionError):
        return problem_of(error.__cause__, path)
    message = _short(str(error.message or type(error).__name__))
    return RenderProblem(code=_code(error), message=message, path=path_of(error, path), line=_line(error))


def _code(error: LiquidError) -> ProblemCode:
    if isinstance(error, ResourceLimitError):
        return ProblemCode.LIMIT
    if isinstance(error, UndefinedError | TemplateNotFoundError):
        return ProblemCode.UNDEFINED
    return ProblemCode.SYNTAX


def _line(error: LiquidError) -> int | None:
    token = error.token
    if token is None or token.start_index < 0:
        return None
    return token.source.count("\n", 0, token.start_index) + 1


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"
