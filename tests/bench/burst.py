"""Events that a server makes by itself when it is told to, so that nothing but fanning them out is measured."""

import json
import signal
import time

BURST_SIGNAL = signal.SIGUSR1
DATA_BYTES = 200


def data_of_now() -> bytes:
    """An event's JSON, with this moment in its title; clocks of one machine agree."""
    data = {"title": f"#{time.perf_counter_ns()}", "body": ""}
    data["body"] = "x" * (DATA_BYTES - len(json.dumps(data, separators=(",", ":"))))
    return json.dumps(data, separators=(",", ":")).encode()
