"""The whole configuration of one process; `loader.load_settings` makes it, the container hands it out."""

from msgspec import field

from infrastructure.config.app import AppSettings
from infrastructure.config.auth import AuthSettings
from infrastructure.config.broker import BrokerSettings
from infrastructure.config.database import DatabaseSettings
from infrastructure.config.docs import DocsSettings
from infrastructure.config.egress import EgressSettings
from infrastructure.config.health import HealthSettings
from infrastructure.config.http import HttpSettings
from infrastructure.config.log import LogSettings
from infrastructure.config.mail import MailSettings
from infrastructure.config.metrics import MetricsSettings
from infrastructure.config.notification import NotificationSettings
from infrastructure.config.queue import QueueSettings
from infrastructure.config.rate_limit import RateLimitSettings
from infrastructure.config.realtime import RealtimeSettings
from infrastructure.config.redis import RedisSettings
from infrastructure.config.section import Section
from infrastructure.config.sse import SseSettings
from infrastructure.config.worker import WorkerSettings


class Settings(Section, frozen=True, kw_only=True):
    """Immutable; `warnings` are for the first log lines (old spellings, settings without effect).

    `given` are the keys that somebody wrote.
    """

    app: AppSettings
    auth: AuthSettings
    database: DatabaseSettings
    redis: RedisSettings
    queue: QueueSettings
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    sse: SseSettings = field(default_factory=SseSettings)
    realtime: RealtimeSettings
    notification: NotificationSettings = field(default_factory=NotificationSettings)
    mail: MailSettings
    egress: EgressSettings = field(default_factory=EgressSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    rate_limit: RateLimitSettings = field(default_factory=RateLimitSettings)
    log: LogSettings
    docs: DocsSettings = field(default_factory=DocsSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    warnings: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
