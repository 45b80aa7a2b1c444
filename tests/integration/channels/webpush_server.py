"""A push service with its browsers on 127.0.0.1: checks who sends, and decrypts with the subscription's key."""

import asyncio
import base64
import json
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.integration.channels.http_sink import HttpSink, Received, Reply, answer, http_sink

_CURVE = ec.SECP256R1()
_POINT = serialization.PublicFormat.UncompressedPoint
_HEADERS = {"host", "content-length", "accept-encoding", "content-type", "authorization", "content-encoding"}


@dataclass(slots=True)
class Browser:
    """One subscription, with the private half that never leaves a browser."""

    endpoint: str
    application_server_key: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(_CURVE))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def subscription(self) -> dict[str, Any]:
        """`PushSubscription.toJSON()`."""
        keys = {"p256dh": encoded(self.public()), "auth": encoded(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def public(self) -> bytes:
        return self.key.public_key().public_bytes(serialization.Encoding.X962, _POINT)

    def decrypted(self, record: bytes) -> bytes:
        """RFC 8291 3 and RFC 8188 2, written from the RFCs; raises when anything is off."""
        salt, size, length = record[:16], int.from_bytes(record[16:20], "big"), record[20]
        theirs, sealed = record[21 : 21 + length], record[21 + length :]
        assert length == 65
        assert len(record) <= size == 4_096
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs))
        secret = _hkdf(self.auth, shared, b"WebPush: info\x00" + self.public() + theirs, 32)
        key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert padded.endswith(b"\x02")
        return padded[:-1]


@dataclass(slots=True)
class WebPushServer:
    """`staged` answers the next requests instead; `accepted` are (headers, what the service worker gets)."""

    sink: HttpSink
    now: Callable[[], datetime]
    application_server_key: str
    browsers: dict[str, Browser] = field(default_factory=dict)
    accepted: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    staged: deque[Reply] = field(default_factory=deque)
    by_path: dict[str, Reply] = field(default_factory=dict)

    def subscribe(self) -> Browser:
        path = f"/push/{secrets.token_urlsafe(24)}"
        self.browsers[path] = Browser(self.sink.url(path), self.application_server_key)
        return self.browsers[path]

    async def judge(self, writer: asyncio.StreamWriter) -> None:
        request = self.sink.requests[-1]
        if self.staged:
            await self.staged.popleft()(writer)
        elif request.target in self.by_path:
            await self.by_path[request.target](writer)
        else:
            await self._answer(request)(writer)

    def _answer(self, request: Received) -> Reply:
        browser = self.browsers.get(request.target)
        if browser is None:
            return answer(404, b'{"code":404,"errno":102,"message":"Request did not validate: invalid token"}')
        wrong = _wrong_headers(request.headers)
        if wrong or len(request.body) > 4_096:
            return answer(413 if not wrong else 400, f'{{"errno":111,"message":"{wrong}"}}'.encode())
        wrong = self._wrong_authorization(request, browser)
        if wrong:
            return answer(403, f'{{"errno":109,"message":"{wrong}"}}'.encode())
        self.records.append(request.body)
        self.accepted.append((request.headers, json.loads(browser.decrypted(request.body))))
        return answer(201, b"", location=self.sink.url(f"/message/{len(self.accepted)}"), ttl=request.headers["ttl"])

    def _wrong_authorization(self, request: Received, browser: Browser) -> str | None:
        parts = re.fullmatch(r"vapid t=([\w.-]+), k=([\w-]+)", request.headers.get("authorization", ""))
        if parts is None:
            return "no vapid"
        if parts[2] != browser.application_server_key:
            return "VAPID public key mismatch"
        public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, decoded(parts[2]))
        try:
            claims = jwt.decode(
                parts[1],
                public,
                algorithms=["ES256"],
                audience=self.sink.url(""),
                options={"verify_exp": False, "require": ["aud", "exp", "sub"]},
            )
        except jwt.PyJWTError as error:
            return str(error)
        now = self.now().timestamp()
        if not now < claims["exp"] <= now + 86_400:
            return "exp is more than a day away, or past"
        return None if re.match(r"mailto:\S+@|https://", claims["sub"]) else "sub is no contact"


@asynccontextmanager
async def webpush_server(now: Callable[[], datetime], application_server_key: str) -> AsyncIterator[WebPushServer]:
    async with http_sink() as sink:
        server = WebPushServer(sink, now, application_server_key)
        sink.otherwise = server.judge
        yield server


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _wrong_headers(headers: dict[str, str]) -> str | None:
    checks = {
        "content-encoding": headers.get("content-encoding") == "aes128gcm",
        "ttl": re.fullmatch(r"\d+", headers.get("ttl", "")),
        "urgency": headers.get("urgency") in {"very-low", "low", "normal", "high"},
        "topic": re.fullmatch(r"[A-Za-z0-9_-]{1,32}", headers.get("topic", "x")),
        "unknown header": set(headers) <= _HEADERS | {"ttl", "urgency", "topic"},
    }
    return next((name for name, passed in checks.items() if not passed), None)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
