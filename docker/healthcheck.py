#!/usr/bin/env python3
"""Whether the server of this container takes requests; ends with 0 or 1. The image has no curl, and needs none."""

import http.client
import os
import sys

TIMEOUT_SECONDS = 4.0
OK = 200


def main() -> int:
    """Ask `/health/ready`, which answers 503 where the store is out of reach. Proxies are not asked."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("APP_PORT") or "8000"), timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", "/health/ready")
        return 0 if connection.getresponse().status == OK else 1
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
