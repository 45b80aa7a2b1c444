"""APNs on 127.0.0.1: HTTP/2, and what it does not know, it refuses as Apple does."""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.integration.channels.h2_server import Http2Server, Reply, Stream, h2_server
from tests.integration.channels.http_sink import Received

TEAM = "DEF123GHIJ"
KEY_ID = "ABC123DEFG"
TOPIC = "com.example.carillon"
DEVICE = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"
_HEADERS = {":authority", ":scheme", "authorization", "content-type", "content-length", "accept-encoding"}
_APNS_HEADERS = {"apns-topic", "apns-push-type", "apns-id", "apns-expiration", "apns-priority", "apns-collapse-id"}
_APS = {"alert", "sound", "interruption-level"}
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LEVELS = {"passive", "active", "time-sensitive"}


@dataclass(slots=True)
class ApnsServer:
    """`staged` answers the next requests, `by_device` those to one device; `accepted` are (headers, payload)."""

    http: Http2Server
    now: Callable[[], datetime]
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    accepted: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    staged: deque[Reply] = field(default_factory=deque)
    by_device: dict[str, Reply] = field(default_factory=dict)
    provider_tokens: list[str] = field(default_factory=list)
    """Each as often as it was used."""
    under_way: int = 0
    most_under_way: int = 0

    @property
    def base_url(self) -> str:
        return self.http.url("")

    def private_key(self) -> str:
        """The content of the .p8 file."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    async def judge(self, stream: Stream) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            await self._answered(stream)
        finally:
            self.under_way -= 1

    async def _answered(self, stream: Stream) -> None:
        request = stream.request
        self.provider_tokens.append(request.headers.get("authorization", "").removeprefix("bearer "))
        staged = self.staged.popleft() if self.staged else self.by_device.get(request.target.rpartition("/")[2])
        status, reason = (0, "") if staged else self._wrong(request)
        if staged:
            await staged(stream)
        elif reason:
            await refusal(status, reason)(stream)
        else:
            self.accepted.append((request.headers, json.loads(request.body)))
            stream.respond(200, b"", {"apns-id": request.headers["apns-id"].upper()})

    def _wrong(self, request: Received) -> tuple[int, str]:
        return (
            self._wrong_token(request) or _wrong_target(request) or _wrong_headers(request) or _wrong_payload(request)
        )

    def _wrong_token(self, request: Received) -> tuple[int, str] | None:
        token = self.provider_tokens[-1]
        if not token:
            return 403, "MissingProviderToken"
        try:
            claims = jwt.decode(
                token, self.key.public_key(), ["ES256"], options={"verify_iat": False, "require": ["iss", "iat"]}
            )
        except jwt.PyJWTError:
            return 403, "InvalidProviderToken"
        header = jwt.get_unverified_header(token)
        if (header.get("kid"), claims["iss"], set(claims)) != (KEY_ID, TEAM, {"iss", "iat"}):
            return 403, "InvalidProviderToken"
        age = self.now().timestamp() - claims["iat"]
        return None if -60 <= age <= 3_600 else (403, "ExpiredProviderToken")


def refusal(status: int, reason: str, *, echo: str | None = None, **headers: str) -> Reply:
    """Apple's form of an error; a 410 says since when."""
    said: dict[str, Any] = {"reason": reason}
    if status == 410:
        said["timestamp"] = 1_454_402_113_000
    if echo is not None:
        said["echo"] = echo

    async def reply(stream: Stream) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        stream.respond(status, json.dumps(said).encode(), {"apns-id": stream.request.headers["apns-id"], **named})

    return reply


@asynccontextmanager
async def apns_server(now: Callable[[], datetime]) -> AsyncIterator[ApnsServer]:
    async with h2_server() as http:
        server = ApnsServer(http, now)
        http.otherwise = server.judge
        yield server


def _wrong_target(request: Received) -> tuple[int, str] | None:
    if request.method != "POST":
        return 405, "MethodNotAllowed"
    if not request.target.startswith("/3/device/"):
        return 404, "BadPath"
    return None if re.fullmatch("[0-9a-f]{64}", request.target.removeprefix("/3/device/")) else (400, "BadDeviceToken")


def _wrong_headers(request: Received) -> tuple[int, str] | None:
    headers = request.headers
    checks = {
        "BadTopic": headers.get("apns-topic") == TOPIC,
        "InvalidPushType": headers.get("apns-push-type") == "alert",
        "BadMessageId": _UUID.fullmatch(headers.get("apns-id", "")),
        "BadExpirationDate": headers.get("apns-expiration", "").isdigit(),
        "BadPriority": headers.get("apns-priority") in {"1", "5", "10"},
        "BadCollapseId": 0 < len(headers.get("apns-collapse-id", "x").encode()) <= 64,
        "UnknownHeader": set(headers) <= _HEADERS | _APNS_HEADERS,
    }
    return next(((400, reason) for reason, passed in checks.items() if not passed), None)


def _wrong_payload(request: Received) -> tuple[int, str]:
    if len(request.body) > 4_096:
        return 413, "PayloadTooLarge"
    aps = json.loads(request.body).get("aps", {})
    known = set(aps) <= _APS and set(aps.get("alert", {})) == {"title", "body"}
    return (0, "") if known and aps.get("interruption-level") in _LEVELS else (400, "BadPayload")
