"""`python -m app openapi`: the contract as a document."""

import json
import sys

from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings
from app.bootstrap.http import create_app
from app.http.openapi import openapi_document


def openapi() -> int:
    """Print the OpenAPI document of the enabled modules as JSON."""
    app = create_app(build_container(read_settings()))
    json.dump(openapi_document(app), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0
