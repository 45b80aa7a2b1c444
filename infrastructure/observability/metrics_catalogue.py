"""What each of our metrics tells, for those who read them elsewhere, and how several processes tell it as one."""

from collections.abc import Callable, Mapping
from operator import add
from types import MappingProxyType
from typing import Final

# By name; a test holds this against every name that the product records.
HELP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "child_processes": "Processes that serve or work under this parent; none where one process does it alone.",
        "child_processes_lost_total": "Processes that ended without being told to, and were started again.",
        "database_pool_connections": "Connections of a pool by state: in_use or idle.",
        "database_pool_size": "Connections that a pool keeps at most.",
        "deliveries_recorded_total": "Deliveries that ended, by channel and final status, whoever ended them.",
        "delivery_attempts_total": "Tries of deliveries by channel, provider and outcome.",
        "delivery_lag_seconds": "How long the oldest due delivery of a channel waits, as intake has measured it.",
        "delivery_queue_depth": "Deliveries by state: due, later or leased. Of the whole installation: take max().",
        "delivery_queue_oldest_seconds": "How long the oldest due delivery waits. Of the whole installation.",
        "endpoints_disabled_total": "Endpoints of subscribers that were given up.",
        "event_loop_lag_seconds": "How much later than asked for the event loop came back.",
        "http_client_request_duration_seconds": "Calls to others, by who is called for what they came to.",
        "http_request_duration_seconds": "From the first byte of a request to the beginning of its answer.",
        "job_queue_depth": "Jobs by state: due, later or leased. Of the whole installation: take max().",
        "job_queue_oldest_seconds": "How long the oldest due job waits. Of the whole installation.",
        "jobs_settled_total": "Tries of jobs by what they came to.",
        "lease_lost_total": "Leases that ran out before their work was done, by kind of row.",
        "log_lines_lost_total": "Log lines that a sink could not take, by reason.",
        "message_broker_dropped_total": "Messages that a subscriber could not take in time.",
        "metrics_source_up": "1 when what is measured at a scrape could be measured at the last one.",
        "rate_limit_refusals_total": "Requests beyond a limit.",
        "rate_limit_unavailable_total": "Requests that were let pass because the limiter did not answer.",
        "rows_expired_total": "Rows that were removed since they had served their time.",
        "stream_connections": "Streams open now.",
        "stream_connections_ended_total": "Streams that are over by reason; slow and lost ones were dropped.",
        "stream_connections_opened_total": "Streams that were opened.",
        "stream_connections_refused_total": "Streams that were refused since too many were open.",
        "stream_events_written_total": "Events that were written to open streams as they happened.",
        "stream_hints_lost_total": "Hints to other processes that were lost; their streams catch up from the log.",
        "stream_resets_total": "Streams that were told to fetch anew, since what they had missed was gone.",
        "wake_ups_failed_total": "Wake-ups of other processes that were lost; their sweep finds the work.",
        "wake_ups_sent_total": "Wake-ups of other processes that were sent.",
    }
)

# What one level is made of those of several processes. Of the whole installation each process tells the same, a moment
# older or younger.
LEVELS: Final[Mapping[str, Callable[[float, float], float]]] = MappingProxyType(
    {
        "child_processes": add,
        "database_pool_connections": add,
        "database_pool_size": add,
        "delivery_lag_seconds": max,
        "delivery_queue_depth": max,
        "delivery_queue_oldest_seconds": max,
        "job_queue_depth": max,
        "job_queue_oldest_seconds": max,
        # Good when it is with all.
        "metrics_source_up": min,
        "process_max_fds": min,
        "process_open_fds": add,
        "process_resident_memory_bytes": add,
        # When the first one began, which is their parent.
        "process_start_time_seconds": min,
        "process_virtual_memory_bytes": add,
        "stream_connections": add,
    }
)

# Upper bounds in seconds: from an answer out of a cache to the longest total that a request may have.
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
