"""A workflow of Microsoft Teams that waits for webhook requests."""

from typing import Final

from tests.integration.channels.chat_server import ChatServer, Json, Refusal, body_of, strict, text
from tests.integration.channels.http_sink import Received

WORKFLOW: Final = "4f1a9c27d0e84b6f9a35b1c2d3e4f506"
SIGNATURE: Final = "kZ1-0123456789abcdefghijklmnopqrstuvwxyzABC"
PATH: Final = f"/workflows/{WORKFLOW}/triggers/manual/paths/invoke"
HOOK: Final = f"{PATH}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
_TEXT = strict(
    {"type": {"const": "TextBlock"}, "text": text(28_000), "wrap": {"const": True}},
    {"id": text(80), "weight": {"enum": ["Lighter", "Default", "Bolder"]}, "size": {"enum": ["Medium", "Large"]}},
)
_OPEN = strict(
    {"type": {"const": "Action.OpenUrl"}, "title": text(200), "url": {"type": "string", "pattern": "^https?://"}}
)
_CARD = strict(
    {
        "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
        "type": {"const": "AdaptiveCard"},
        "version": {"const": "1.4"},
        "body": {"type": "array", "items": _TEXT, "minItems": 1},
    },
    {"actions": {"type": "array", "items": _OPEN, "minItems": 1, "maxItems": 6}},
)
_ATTACHMENT = strict(
    {
        "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
        "contentUrl": {"type": "null"},
        "content": _CARD,
    }
)
_MESSAGE = strict(
    {
        "type": {"const": "message"},
        "attachments": {"type": "array", "items": _ATTACHMENT, "minItems": 1, "maxItems": 1},
    }
)


def workflow_error(code: str, message: str) -> dict[str, Json]:
    return {"error": {"code": code, "message": message}}


class TeamsServer(ChatServer):
    """One workflow; `accepted` holds the cards."""

    def judge(self, request: Received) -> tuple[int, Json]:
        path, _, query = request.target.partition("?")
        if path != PATH:
            name = path.split("/")[2]
            raise Refusal(404, workflow_error("WorkflowNotFound", f"The workflow '{name}' could not be found."))
        if f"sig={SIGNATURE}" not in query.split("&"):
            raise Refusal(
                401,
                workflow_error(
                    "DirectApiAuthorizationRequired",
                    "The request must be authenticated only by Shared Access scheme.",
                ),
            )
        mismatch = workflow_error(
            "TriggerInputSchemaMismatch",
            "The input body for trigger 'manual' of type 'Request' did not match its schema definition.",
        )
        if request.method != "POST" or request.headers.get("content-type") != "application/json":
            raise Refusal(400, mismatch)
        if len(request.body) > 28_000:
            raise Refusal(413, workflow_error("RequestEntityTooLarge", "Request Entity too large"))
        body = body_of(request, _MESSAGE, Refusal(400, mismatch))
        self.accepted.append(body["attachments"][0]["content"])
        return 202, ""
