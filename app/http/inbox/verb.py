"""What a path asks to be done."""

from app.http.requests import ApiRequest


def verb_of(request: ApiRequest) -> str:
    """The last word of the route: `read` of `/inbox/{item_id}/read`."""
    return str(request.scope["path_template"]).rpartition("/")[2]
