"""Telling a cancellation from an exception that looks like one."""

import asyncio


def being_cancelled() -> bool:
    """Whether somebody asked the running task to end.

    A library that mishandles its own scopes lets `CancelledError` out although nobody did: that is its failure, and
    taken for a cancellation the work would be given back and tried again at once, for ever.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
