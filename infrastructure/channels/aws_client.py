"""Calls to Amazon Web Services and to what speaks like them, each tried once."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import aioboto3
import aiohttp
from aiobotocore.config import AioConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from application.ports.http_client import HttpFailure, HttpFailureKind
from application.ports.notification_channel import JsonValue

_CONNECT_SECONDS: Final = 3.0
_MAX_CONNECTIONS: Final = 100
# Short: an idle connection that the peer closes in the moment of a request leaves that request ambiguous.
_IDLE_SECONDS: Final = 5.0
# The library's parsers trip over answers that are well-formed and somebody else's, such as the page of a proxy.
_MISREAD = (ResponseParserError, LookupError, ValueError, TypeError, AttributeError)
_NOT_SENT, _AMBIGUOUS = HttpFailureKind.NOT_SENT, HttpFailureKind.AMBIGUOUS


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAccount:
    """Where and as whom. Without keys: as the role of the machine, which the vendor's library finds by itself.

    `endpoint_url` is for services that speak like the vendor's. ValueError for half a pair of keys.
    """

    region: str
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    endpoint_url: str | None = None

    def __post_init__(self) -> None:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("an access key needs its secret, and the other way round")

    def secrets(self) -> tuple[str, ...]:
        return tuple(each for each in (self.secret_access_key, self.session_token) if each)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRefusal:
    """An answer that is an error. `status` is 0 for what the library refused to send, and `words` are empty then."""

    code: str
    words: str = ""
    status: int = 0


class AwsClient:
    """One service of one account. Connects when first used, again after `stop`; `timeout` is the total of a call.

    Proxies, endpoints and retries that the environment or the files of the vendor's tools ask for do not count.
    """

    def __init__(self, service: str, account: AwsAccount, *, timeout: float) -> None:
        self._service = service
        self._account = account
        self._timeout = timeout
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()
        self._client: Any = None  # Any: its methods are made at run time, from the vendor's description of the service.

    async def start(self) -> None:
        """Read the description of the service from disk, which holds up the loop for a moment. Connects nowhere.

        Raises ValueError for an endpoint that is no URL.
        """
        await self._opened()

    async def stop(self) -> None:
        """Close every connection."""
        async with self._opening:
            self._client = None
            await self._open.aclose()

    async def call(
        self, operation: str, parameters: Mapping[str, JsonValue]
    ) -> Mapping[str, JsonValue] | AwsRefusal | HttpFailure:
        """`operation` as the library spells it (`send_email`). Whatever network or vendor do comes back as a value."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._answer(operation, parameters)
        except TimeoutError:
            return HttpFailure(kind=_AMBIGUOUS, reason="timeout")

    async def _answer(
        self, operation: str, parameters: Mapping[str, JsonValue]
    ) -> Mapping[str, JsonValue] | AwsRefusal | HttpFailure:
        try:
            ask = getattr(await self._opened(), operation)
        except (BotoCoreError, ValueError) as error:
            return AwsRefusal(code=type(error).__name__)
        try:
            answer: Mapping[str, JsonValue] = await ask(**parameters)
        except ClientError as error:
            return _refusal(error.response)
        except BotoCoreError as error:
            return _broken(error)
        except _MISREAD:
            return HttpFailure(kind=_AMBIGUOUS, reason="protocol")
        return answer

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                self._client = await self._open.enter_async_context(self._new_client())
            return self._client

    def _new_client(self) -> Any:
        account = self._account
        session = aioboto3.Session(
            aws_access_key_id=account.access_key_id,
            aws_secret_access_key=account.secret_access_key,
            aws_session_token=account.session_token,
            region_name=account.region,
        )
        config = AioConfig(
            connector_args={"keepalive_timeout": _IDLE_SECONDS},
            connect_timeout=min(_CONNECT_SECONDS, self._timeout / 2),
            read_timeout=self._timeout,
            max_pool_connections=_MAX_CONNECTIONS,
            retries={"total_max_attempts": 1, "mode": "standard"},
            proxies={},
            ignore_configured_endpoint_urls=True,
        )
        return session.client(self._service, endpoint_url=account.endpoint_url, config=config)


def _refusal(response: Mapping[str, JsonValue]) -> AwsRefusal:
    error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    return AwsRefusal(
        code=str(error.get("Code", "")),
        words=str(error.get("Message", "")),
        status=int(metadata.get("HTTPStatusCode", 0)),
    )


def _broken(error: BotoCoreError) -> AwsRefusal | HttpFailure:
    """What no answer came of. Messages are left out: some repeat the parameters."""
    match error:
        case ConnectTimeoutError():
            return HttpFailure(kind=_NOT_SENT, reason="timeout")
        case SSLError():
            return HttpFailure(kind=_NOT_SENT, reason="tls")
        case EndpointConnectionError() if _never_connected(error):
            return HttpFailure(kind=_NOT_SENT, reason="connect")
        case EndpointConnectionError() | ConnectionClosedError():
            return HttpFailure(kind=_AMBIGUOUS, reason="reset")
        case HTTPClientError():
            return HttpFailure(kind=_AMBIGUOUS, reason="protocol")
        case _:
            return AwsRefusal(code=type(error).__name__)


def _never_connected(error: EndpointConnectionError) -> bool:
    # The library calls a connection that broke in the middle of a request by the same name.
    return isinstance(error.kwargs.get("error"), aiohttp.ClientConnectorError)
