"""Access to Google's APIs by a service account ("Using OAuth 2.0 for Server to Server Applications")."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpFailureKind, HttpRequest, HttpResponse
from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, outcome_of_status, report_of_failure, retry_after_of
from infrastructure.channels.provider_words import quoted
from infrastructure.channels.push.devices import Deadline

_SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_GRANT_LASTS: Final = timedelta(hours=1)
_TOKEN_LASTS: Final = 3_599
_EARLY: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class FcmAccount:
    """The parts of a service account's key file that are used; `private_key` is PEM."""

    project_id: str
    client_email: str
    private_key: str = field(repr=False)
    private_key_id: str = ""
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a secret

    @classmethod
    def from_json(cls, text: str | bytes) -> "FcmAccount":
        """As the Firebase console gives the file out. ValueError, which does not quote it, when it is another one."""
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, UnicodeError):
            raise ValueError("not the key file of a service account") from None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    expires_at: datetime


class GoogleTokens:
    """Fetches an access token when there is none that lasts another minute; one fetch at a time, others wait for it.

    ValueError, which does not quote the key, when the account's key is no RSA key.
    """

    def __init__(self, account: FcmAccount, client: HttpClient, clock: Clock) -> None:
        self._account = account
        self._key = _loaded(account.private_key)
        self._client = client
        self._clock = clock
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()

    async def current(self, deadline: Deadline) -> str | SendReport:
        """A token, or why there is none: nothing has been sent to the device then."""
        try:
            async with asyncio.timeout(deadline.left()), self._fetching:
                if self._token is not None and self._clock.now() < self._token.expires_at - _EARLY:
                    return self._token.text
                return await self._fetched(deadline)
        except TimeoutError:
            return SendReport(outcome=AttemptOutcome.RETRYABLE, error_code="fcm.token_timeout")

    def forget(self, token: str) -> None:
        """It was refused. One that has been fetched since stays."""
        if self._token is not None and self._token.text == token:
            self._token = None

    async def _fetched(self, deadline: Deadline) -> str | SendReport:
        asked_at = self._clock.now()
        answer = await self._client.send(self._request(asked_at, deadline.left()))
        if isinstance(answer, HttpFailure):
            return _no_answer(answer)
        told = json_of(answer)
        text = told.get("access_token")
        if outcome_of_status(answer.status) is not AttemptOutcome.OK or not isinstance(text, str) or not text:
            return self._refused(answer)
        self._token = _Token(text, asked_at + timedelta(seconds=_seconds(told)))
        return text

    def _request(self, now: datetime, timeout: float) -> HttpRequest:
        claims = {
            "iss": self._account.client_email,
            "scope": _SCOPE,
            "aud": self._account.token_uri,
            "iat": int(now.timestamp()),
            "exp": int((now + _GRANT_LASTS).timestamp()),
        }
        headers = {"kid": self._account.private_key_id} if self._account.private_key_id else None
        assertion = jwt.encode(claims, self._key, "RS256", headers)
        return HttpRequest(
            method="POST",
            url=self._account.token_uri,
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=urlencode({"grant_type": _GRANT, "assertion": assertion}).encode("ascii"),
            timeout=timeout,
            service="fcm",
        )

    def _refused(self, answer: HttpResponse) -> SendReport:
        outcome = outcome_of_status(answer.status)
        if outcome is AttemptOutcome.OK:
            return SendReport(outcome=AttemptOutcome.RETRYABLE, error_code="fcm.token_missing")
        word = "refused" if outcome is AttemptOutcome.PROVIDER_PERMANENT else "unavailable"
        return SendReport(
            outcome=outcome,
            status_code=answer.status,
            error_code=f"fcm.token_{word}",
            detail=quoted(answer.body),
            retry_after=retry_after_of(answer, self._clock.now()),
        )


def _no_answer(failure: HttpFailure) -> SendReport:
    if failure.kind is HttpFailureKind.AMBIGUOUS:  # of the token alone: a repeat is safe
        return SendReport(outcome=AttemptOutcome.RETRYABLE, error_code=f"fcm.token_{failure.reason}")
    return report_of_failure(failure, "fcm")


def _seconds(told: Mapping[str, JsonValue]) -> int:
    lasts = told.get("expires_in")
    return min(lasts, _TOKEN_LASTS) if isinstance(lasts, int) else _TOKEN_LASTS


def _loaded(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode("utf-8"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the service account's private_key is no RSA key in PEM")
    return key
