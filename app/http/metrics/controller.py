"""/metrics"""

from hmac import compare_digest

from litestar import Controller, Response, get

from app.http.dependencies import Injected
from app.http.local import from_this_machine
from app.http.options import HttpOptions
from app.http.requests import ApiRequest
from application.metrics.export_metrics import ExportMetrics
from domain.identity.errors import InvalidCredential, MissingCredential
from domain.shared.errors import Forbidden

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class MetricsController(Controller):
    """For whoever collects numbers."""

    path = "/metrics"
    include_in_schema = False
    opt = {"public": True, "rate_limit": "exempt"}  # noqa: RUF012 - Litestar merges it into each handler

    @get(media_type="text/plain", any_query=True)
    async def export_metrics(self, request: ApiRequest, export_metrics: Injected[ExportMetrics]) -> Response[str]:
        """What this process has counted, in the text format of Prometheus."""
        _require_reader(request)
        return Response(await export_metrics(), headers={"content-type": TEXT_FORMAT})


def _require_reader(request: ApiRequest) -> None:
    """Raise unless the caller has the token or, where none is set, sits at this machine."""
    options: HttpOptions = request.app.state["options"]
    if options.metrics_token is None:
        if not from_this_machine(request):
            raise Forbidden("Without METRICS_TOKEN only the machine itself may read this")
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        raise MissingCredential
    if scheme.lower() != "bearer" or not compare_digest(token.encode(), options.metrics_token.encode()):
        raise InvalidCredential
