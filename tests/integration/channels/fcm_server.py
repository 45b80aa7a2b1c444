"""Google's token endpoint and FCM's HTTP v1 API on 127.0.0.1: what it does not know, it refuses as they do."""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integration.channels.http_sink import HttpSink, Received, Reply, answer, http_sink

PROJECT = "carillon-test"
KEY_ID = "9f2c1e"
EMAIL = "sender@carillon-test.iam.gserviceaccount.com"
DEVICE = "fcm-device-token:APA91b-A"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"

# Shapes of the reference ("REST Resource: projects.messages"), as far as anything of it is sent.
_SHAPE: dict[str, Any] = {
    "token": str,
    "notification": {"title": str, "body": str},
    "data": {"*": str},
    "android": {"priority": re.compile("HIGH|NORMAL"), "ttl": re.compile(r"\d+s"), "collapse_key": str}
    | {"notification": {"tag": str}},
    "apns": {
        "headers": {
            "apns-priority": re.compile("5|10"),
            "apns-expiration": re.compile(r"\d+"),
            "apns-collapse-id": re.compile(r"[\x21-\x7e]{1,64}"),
        },
        "payload": {"aps": {"sound": str}},
    },
    "webpush": {
        "headers": {"TTL": re.compile(r"\d+"), "Topic": re.compile(r"[\w-]{1,32}")},
        "notification": {"tag": str},
    },
}


@dataclass(slots=True)
class FcmServer:
    """`staged` and `staged_tokens` answer the next requests of their kind instead; `accepted` are messages."""

    sink: HttpSink
    now: Callable[[], datetime]
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65_537, 2_048))
    accepted: list[dict[str, Any]] = field(default_factory=list)
    staged: deque[Reply] = field(default_factory=deque)
    staged_tokens: deque[Reply] = field(default_factory=deque)
    by_device: dict[str, Reply] = field(default_factory=dict)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a message was read."""
    token_lasts: int = 3_599
    tokens: set[str] = field(default_factory=set)
    fetches: int = 0
    under_way: int = 0
    most_under_way: int = 0

    @property
    def base_url(self) -> str:
        return self.sink.url("")

    def service_account(self) -> str:
        """The key file, as the console gives it out."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": KEY_ID,
                "private_key": pem.decode(),
                "client_email": EMAIL,
                "client_id": "1",
                "token_uri": self.sink.url("/token"),
            }
        )

    async def judge(self, writer: asyncio.StreamWriter) -> None:
        request = self.sink.requests[-1]
        if request.target == "/token":
            await self._token(request)(writer)
            return
        self.asked.set()
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            await self._message(request)(writer)
        finally:
            self.under_way -= 1

    def _token(self, request: Received) -> Reply:
        self.fetches += 1
        if self.staged_tokens:
            return self.staged_tokens.popleft()
        wrong = self._wrong_grant(request)
        if wrong:
            return answer(400, json.dumps({"error": "invalid_grant", "error_description": wrong}).encode())
        token = f"ya29.secret-access-{self.fetches}"
        self.tokens.add(token)
        told = {"access_token": token, "expires_in": self.token_lasts, "token_type": "Bearer"}
        return answer(200, json.dumps(told).encode(), content_type="application/json; charset=utf-8")

    def _wrong_grant(self, request: Received) -> str | None:
        form = parse_qs(request.body.decode(), strict_parsing=True)
        if request.headers["content-type"] != "application/x-www-form-urlencoded" or set(form) != {
            "grant_type",
            "assertion",
        }:
            return "Bad Request"
        if form["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            return "Invalid grant_type"
        (assertion,) = form["assertion"]
        try:
            claims = jwt.decode(
                assertion,
                self.key.public_key(),
                algorithms=["RS256"],
                audience=self.sink.url("/token"),
                options={"verify_exp": False, "verify_iat": False, "require": ["iss", "scope", "aud", "iat", "exp"]},
            )
        except jwt.PyJWTError:
            return "Invalid JWT Signature."
        if jwt.get_unverified_header(assertion) != {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}:
            return "Invalid JWT header."
        if claims["iss"] != EMAIL or claims["scope"] != "https://www.googleapis.com/auth/firebase.messaging":
            return "Invalid issuer or scope."
        now = int(self.now().timestamp())
        return None if claims["iat"] <= now < claims["exp"] <= claims["iat"] + 3_600 else "Invalid JWT: lifetime."

    def _message(self, request: Received) -> Reply:
        if self.staged:
            return self.staged.popleft()
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if (request.method, request.target) != ("POST", f"/v1/projects/{PROJECT}/messages:send"):
            return answer(404, b"<!DOCTYPE html>")
        body = json.loads(request.body)
        wrong = _wrong_in(body.get("message"), _SHAPE, "message") or _wrong_size(request.body, body)
        if set(body) != {"message"} or wrong or not request.headers["content-type"].startswith("application/json"):
            return refusal(400, "INVALID_ARGUMENT", f"Invalid value at '{wrong}'")
        message = body["message"]
        if message["token"] in self.by_device:
            return self.by_device[message["token"]]
        self.accepted.append(message)
        name = f"projects/{PROJECT}/messages/0:{len(self.accepted)}"
        return answer(200, json.dumps({"name": name}).encode(), content_type="application/json; charset=UTF-8")


def refusal(status: int, code: str, words: str = "no", *, details: str | None = None, **headers: str) -> Reply:
    """Google's form of an error; `details` is FCM's own code."""
    error: dict[str, Any] = {"code": status, "message": words, "status": code}
    if details is not None:
        error["details"] = [{"@type": FCM_ERROR, "errorCode": details}]
    return answer(status, json.dumps({"error": error}).encode(), content_type="application/json", **headers)


@asynccontextmanager
async def fcm_server(now: Callable[[], datetime]) -> AsyncIterator[FcmServer]:
    async with http_sink() as sink:
        server = FcmServer(sink, now)
        sink.otherwise = server.judge
        yield server


def _wrong_size(raw: bytes, _body: Mapping[str, Any]) -> str | None:
    return "message (too big)" if len(raw) > 4_096 else None


def _wrong_in(value: Any, shape: Any, path: str) -> str | None:
    if isinstance(shape, re.Pattern):
        return None if isinstance(value, str) and shape.fullmatch(value) else path
    if shape is str:
        return None if isinstance(value, str) else path
    if not isinstance(value, dict):
        return path
    for name, inner in value.items():
        expected = shape.get(name, shape.get("*"))
        reserved = "*" in shape and (name in {"from", "gcm", "message_type"} or name.startswith("google"))
        wrong = f"{path}.{name}" if expected is None or reserved else _wrong_in(inner, expected, f"{path}.{name}")
        if wrong:
            return wrong
    return None
