"""Other spellings: old names of keys, keys that together make an address, and keys that are no more.

Names of later capabilities have their aliases here already, so that the message about them names the key to use then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

ALIASES: Mapping[str, str] = {
    "NODE_ENV": "APP_ENV",
    "DB_PASS": "DB_PASSWORD",
    "DB_LOGGING": "DB_ECHO",
    "QUEUE_ENGINE": "QUEUE_DRIVER",
    "BULLMQ_PREFIX": "QUEUE_PREFIX",
    "RABBITMQ_URI": "RABBITMQ_URL",
    "RABBITMQ_QUEUE_NAME": "RABBITMQ_QUEUE",
    "WEBSOCKET_REDIS_URL": "REALTIME_REDIS_URL",
    "SMS_DRIVER": "NOTIFY_SMS_PROVIDERS",
    "SMS_HTTP_URL": "PROVIDER__HTTP__URL",
    "SES_REGION": "PROVIDER__SES__REGION",
    "TWILIO_ACCOUNT_SID": "PROVIDER__TWILIO__ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN": "PROVIDER__TWILIO__AUTH_TOKEN",
    "TWILIO_FROM": "PROVIDER__TWILIO__FROM",
    "TWILIO_MESSAGING_SERVICE_SID": "PROVIDER__TWILIO__MESSAGING_SERVICE_SID",
    "FCM_SERVICE_ACCOUNT": "PROVIDER__FCM__SERVICE_ACCOUNT",
    "APNS_TEAM_ID": "PROVIDER__APNS__TEAM_ID",
    "APNS_KEY_ID": "PROVIDER__APNS__KEY_ID",
    "APNS_PRIVATE_KEY": "PROVIDER__APNS__PRIVATE_KEY",
    "APNS_TOPIC": "PROVIDER__APNS__TOPIC",
    "VAPID_PRIVATE_KEY": "PROVIDER__WEBPUSH__PRIVATE_KEY",
    "VAPID_PUBLIC_KEY": "PROVIDER__WEBPUSH__PUBLIC_KEY",
    "VAPID_SUBJECT": "PROVIDER__WEBPUSH__SUBJECT",
    "SLACK_BOT_TOKEN": "PROVIDER__SLACK__BOT_TOKEN",
    "SLACK_WEBHOOK_URL": "PROVIDER__SLACK__WEBHOOK_URL",
    "DISCORD_WEBHOOK_URL": "PROVIDER__DISCORD__WEBHOOK_URL",
    "TELEGRAM_BOT_TOKEN": "PROVIDER__TELEGRAM__BOT_TOKEN",
    "WHATSAPP_ACCESS_TOKEN": "PROVIDER__WHATSAPP__ACCESS_TOKEN",
    "WHATSAPP_PHONE_NUMBER_ID": "PROVIDER__WHATSAPP__PHONE_NUMBER_ID",
}

# Set by other programs too, and for them: beside the canonical key they count for nothing, and that is no conflict.
SHARED_WITH_OTHERS = frozenset({"NODE_ENV"})

ABOLISHED: Mapping[str, str] = {
    "APP_DEBUG": "does not exist: there is no debug mode, only LOG_LEVEL=debug",
    "API_ENVELOPE": "does not exist: answers always have their envelope",
    "VALIDATION_FORBID_UNKNOWN": "does not exist: unknown fields are always refused",
    "EVENT_BUS_DRIVER": "does not exist: events go through the database",
    "WORKER_EMBEDDED": "does not exist: the sub-command decides which parts run",
    "SCHEDULER_EMBEDDED": "does not exist: the sub-command decides which parts run",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Keys that together say what one URL says; `login` is the key of the password."""

    target: str
    scheme: str
    host: str
    port: str
    default_port: int
    login: str
    user: str | None = None
    path: str | None = None

    @property
    def pieces(self) -> tuple[str, ...]:
        """The keys, the one without which there is no address first."""
        return tuple(piece for piece in (self.host, self.port, self.user, self.login, self.path) if piece)

    def compose(self, given: Mapping[str, str]) -> str:
        """The URL; names and passwords are percent-encoded."""
        user = quote(given.get(self.user or "", ""), safe="")
        password = quote(given.get(self.login, ""), safe="")
        login = f"{user}:{password}@" if password else f"{user}@" if user else ""
        path = f"/{quote(given[self.path], safe='')}" if self.path and self.path in given else ""
        return f"{self.scheme}://{login}{given[self.host]}:{given.get(self.port, self.default_port)}{path}"


ADDRESSES = (
    Address(
        target="DATABASE_URL",
        scheme="postgresql",
        host="DB_HOST",
        port="DB_PORT",
        default_port=5432,
        user="DB_USER",
        login="DB_PASSWORD",
        path="DB_NAME",
    ),
    Address(
        target="REDIS_URL",
        scheme="redis",
        host="REDIS_HOST",
        port="REDIS_PORT",
        default_port=6379,
        login="REDIS_PASSWORD",
    ),
    Address(
        target="QUEUE_REDIS_URL",
        scheme="redis",
        host="BULLMQ_REDIS_HOST",
        port="BULLMQ_REDIS_PORT",
        default_port=6379,
        login="BULLMQ_REDIS_PASSWORD",
    ),
)

PIECES: Mapping[str, Address] = {piece: address for address in ADDRESSES for piece in address.pieces}
