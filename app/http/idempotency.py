"""`Idempotency-Key`: a repeated POST is answered as the first one was."""

from hashlib import sha256
from typing import Any, Final

from msgspec.json import Encoder

from app.http.requests import ApiRequest
from application.shared.idempotency import Idempotency
from domain.shared.errors import FieldProblem, InvalidInput

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 255
_CANONICAL: Final = Encoder(order="deterministic")


def fingerprint_of(body: object) -> str:
    """SHA-256 of the body in canonical order, in hex."""
    return sha256(_CANONICAL.encode(body)).hexdigest()


def idempotency_of(request: ApiRequest, body: object = None) -> Idempotency | None:
    """What makes a repeat of this request recognisable; None without the header.

    The key belongs to the caller and the route. Ids in the path count as part of the request: the same key for another
    item is refused, and never answered with the first one's answer. Raises `InvalidInput` for a key that is empty,
    longer than 255 characters or not visible ASCII.
    """
    keys = request.headers.getall(HEADER, [])
    if not keys:
        return None
    key = ",".join(keys)
    if not 0 < len(key) <= LONGEST or not all("!" <= character <= "~" for character in key):
        problem = FieldProblem(HEADER, f"must be 1 to {LONGEST} visible ASCII characters")
        raise InvalidInput("1 field is invalid", problems=[problem])
    caller = request.auth
    return Idempotency(
        tenant_id=caller.tenant_id,
        key=key,
        scope=f"{caller.kind}:{caller.id}:{request.method}:{_template(request)}",
        fingerprint=fingerprint_of([sorted(_texts(request.path_params)), body]),
    )


def _template(request: ApiRequest) -> str:
    return str(request.scope.get("path_template", ""))


def _texts(parameters: dict[str, Any]) -> list[tuple[str, str]]:  # Any: Litestar's
    return [(name, str(value)) for name, value in parameters.items()]
