"""/health"""

from hmac import compare_digest

from litestar import Controller, Response, get

from app.http.dependencies import Injected
from app.http.health.schemas import HealthBody, LiveBody, health_body
from app.http.local import from_this_machine
from app.http.options import HttpOptions
from app.http.requests import ApiRequest
from app.http.version import VERSION
from application.health.check_health import CheckHealth
from application.health.ports import HealthStatus


class HealthController(Controller):
    """For orchestrators, load balancers and people."""

    path = "/health"
    tags = ("Health",)
    opt = {"public": True, "rate_limit": "exempt"}  # noqa: RUF012 - Litestar merges it into each handler

    @get(["/", "/ready"], summary="Is it ready?", unhealthy=True)
    async def check_health(self, request: ApiRequest, check_health: Injected[CheckHealth]) -> Response[HealthBody]:
        """200 while work can be done, also when something is degraded; 503 when it is down. `checks` are for callers
        on this machine, and for those who send the token for details as a bearer token.
        """
        view = await check_health()
        status = 503 if view.status is HealthStatus.DOWN else 200
        return Response(health_body(view, with_checks=_may_see_checks(request)), status_code=status)

    @get("/live", summary="Is it alive?")
    async def check_liveness(self) -> LiveBody:
        """200 as long as the process answers at all; nothing is looked at."""
        return LiveBody(status=HealthStatus.UP, version=VERSION)


def _may_see_checks(request: ApiRequest) -> bool:
    options: HttpOptions = request.app.state["options"]
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if options.health_details_token and scheme.lower() == "bearer":
        return compare_digest(token.encode(), options.health_details_token.encode())
    return from_this_machine(request)
