"""Foreign exceptions become the product's own, here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.shared.errors import Unavailable

RETRY_AFTER = 1.0
# Classes of SQLSTATE that say "not now": connection lost, no entry (28) or no such database (3D), deadlock, too many,
# shutting down or cancelled by a deadline.
TRANSIENT: Final = ("08", "28", "3D", "40", "53", "57", "55P03")


class StoreUnavailable(Unavailable):
    """The database cannot be reached now"""

    code = "system.unavailable"


class StoreBusy(Unavailable):
    """All connections to the database are in use"""

    code = "system.unavailable"


@contextmanager
def store_errors() -> Iterator[None]:
    """Map what means "not now" to `StoreUnavailable`; mistakes of ours pass unchanged and become a 500.

    What fails while a connection is made comes as the driver's own exception, or as an `OSError` or a `TimeoutError`:
    SQLAlchemy wraps none of them.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreBusy(retry_after=RETRY_AFTER) from error
    except (OperationalError, InterfaceError, OSError, TimeoutError) as error:
        raise StoreUnavailable(retry_after=RETRY_AFTER) from error
    except Exception as error:
        if _transient(error):
            raise StoreUnavailable(retry_after=RETRY_AFTER) from error
        raise


def _transient(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return isinstance(state, str) and state.startswith(TRANSIENT)
