"""Slack's words for what went wrong (developer documentation: "Sending messages using incoming webhooks", handling
errors; "chat.postMessage", errors; "Rate limits").
"""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from application.ports.http_client import HttpResponse
from application.ports.notification_channel import SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, outcome_of_status, retry_after_of
from infrastructure.channels.provider_words import quoted

_WORD = re.compile(r"[a-z][a-z_]{0,59}")
_GONE = frozenset({"no_service", "no_service_id", "no_active_hooks", "no_team", "team_disabled", "invalid_token"})
_OF_THE_RECIPIENT = _GONE | {
    "action_prohibited", "channel_is_archived", "channel_not_found", "is_archived", "messages_tab_disabled",
    "not_in_channel", "posting_to_general_channel_denied", "restricted_action",
    "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
    "restricted_action_thread_locked", "restricted_action_thread_only_channel", "user_disabled", "user_not_found",
}  # fmt: skip
_OF_THE_TOKEN = frozenset(
    {"account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_expired", "token_revoked"}
)
_OUTCOMES: Final[Mapping[str, AttemptOutcome]] = {
    "ratelimited": AttemptOutcome.THROTTLED,
    "rate_limited": AttemptOutcome.THROTTLED,
    "message_limit_exceeded": AttemptOutcome.THROTTLED,
    "rollup_error": AttemptOutcome.RETRYABLE,
    "request_timeout": AttemptOutcome.RETRYABLE,
    "service_unavailable": AttemptOutcome.RETRYABLE,
    "team_added_to_org": AttemptOutcome.RETRYABLE,
    # "It's possible some aspect of the operation succeeded before the error was raised."
    "fatal_error": AttemptOutcome.AMBIGUOUS,
    "internal_error": AttemptOutcome.AMBIGUOUS,
    **dict.fromkeys(_OF_THE_RECIPIENT, AttemptOutcome.RECIPIENT_PERMANENT),
}


def webhook_report(response: HttpResponse, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    """An incoming webhook answers `ok`, or with one word as plain text; with an HTTP status that fits."""
    if outcome_of_status(response.status) is AttemptOutcome.OK:
        return SendReport(outcome=AttemptOutcome.OK, status_code=response.status)
    word = response.body[:80].decode("utf-8", "replace").strip()
    return _report(response, word, now=now, secrets=secrets)


def api_report(response: HttpResponse, *, now: datetime, secrets: tuple[str, ...], own_token: bool) -> SendReport:
    """The Web API answers errors with status 200, `"ok": false` and a word. `own_token`: it is the recipient's."""
    answer = json_of(response)
    if answer.get("ok") is True:
        ts = answer.get("ts")
        return SendReport(
            outcome=AttemptOutcome.OK, status_code=response.status, message_id=ts if isinstance(ts, str) else None
        )
    word = str(answer.get("error") or "")
    if own_token and word in _OF_THE_TOKEN:
        return _made(AttemptOutcome.RECIPIENT_PERMANENT, word, response, now, secrets)
    return _report(response, word, now=now, secrets=secrets)


def _report(response: HttpResponse, word: str, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    by_status = outcome_of_status(response.status)
    known = word if _WORD.fullmatch(word) else f"http_{response.status}"
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _made(AttemptOutcome.THROTTLED, known, response, now, secrets)
    # A success without "ok" comes from something else than Slack, a proxy perhaps.
    otherwise = AttemptOutcome.PROVIDER_PERMANENT if by_status is AttemptOutcome.OK else by_status
    return _made(_OUTCOMES.get(word, otherwise), known, response, now, secrets)


def _made(
    outcome: AttemptOutcome, word: str, response: HttpResponse, now: datetime, secrets: tuple[str, ...]
) -> SendReport:
    return SendReport(
        outcome=outcome,
        status_code=response.status,
        error_code="slack.throttled" if outcome is AttemptOutcome.THROTTLED else f"slack.{word}",
        detail=quoted(response.body, secrets=secrets),
        retry_after=retry_after_of(response, now),
        gone=word in _GONE,
    )
