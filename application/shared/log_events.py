"""Names of the log events that dashboards and alerts search for.

Every `job.*` line has `job_id`, `job`, `queue` and `attempt`; a line about work that ended adds `duration_ms`, one
about a failure `error_code`. Every `delivery.*` line has `delivery_id`, `notification_id`, `channel` and `attempt`, and
`delivery.attempt`, one for each provider that was asked, `provider`, `outcome`, `duration_ms` and `status_code`;
`delivery.postponed` tells that all of them are left alone for a while, and none was asked.
`http.call`, one for each outgoing request, has `method`, `host` (with the port), `outcome`, `duration_ms` and `status`:
never a path, a query, a header or a body. `stream.published` has `stream_position`, the `id:` of the frame.
"""

from typing import Final

HTTP_REQUEST: Final = "http.request"
HTTP_CALL: Final = "http.call"

JOB_QUEUED: Final = "job.queued"
JOB_STARTED: Final = "job.started"
JOB_SUCCEEDED: Final = "job.succeeded"
JOB_FAILED: Final = "job.failed"
JOB_RETRYING: Final = "job.retrying"
JOB_DEAD_LETTERED: Final = "job.dead_lettered"

STREAM_PUBLISHED: Final = "stream.published"

NOTIFICATION_UNKNOWN_TOPIC: Final = "notification.unknown_topic"

ENDPOINT_DISABLED: Final = "endpoint.disabled"
DEVICES_REMOVED: Final = "devices.removed"

DELIVERY_STARTED: Final = "delivery.started"
DELIVERY_ATTEMPT: Final = "delivery.attempt"
DELIVERY_SENT: Final = "delivery.sent"
DELIVERY_POSTPONED: Final = "delivery.postponed"
DELIVERY_RETRYING: Final = "delivery.retrying"
DELIVERY_FAILED: Final = "delivery.failed"
