"""Who is who: every port with its adapters, every use case with its ports.

Three kinds of provider. *State* (engines, clients, pools, live connections, loops) is a Singleton and takes settings,
other state and `<port>.provider`, never a port instance: a cached Singleton would keep what an override replaces.
*Adapters* and *use cases* are Factories and take anything; a Selector picks the driver that the settings name. What is
started and stopped stands in `lifecycle`, in that order.

Override on an instance, never on the class: `with container.email_channel.override(providers.Object(fake)): …`.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib import import_module
from operator import truediv
from typing import Any, cast

from dependency_injector import containers
from dependency_injector import providers as P  # noqa: N812 - a table reads better with a short name

from application.audit.verify_audit import VerifyAudit
from application.health.check_health import CheckHealth, LatestHealth
from application.identity.authenticate_caller import AuthenticateCaller, KnownKeys
from application.inbox.delete_item import DeleteItem
from application.inbox.forget_inbox import ForgetInbox
from application.inbox.mark_action import MarkAction
from application.inbox.mark_inbox import MarkInbox
from application.inbox.mark_item import MarkItem
from application.inbox.queries import CountInbox, CountInboxFilters, ListInbox
from application.inbox.snooze_item import SnoozeItem
from application.inbox.surface_item import SurfaceItem
from application.jobs.claim_jobs import ClaimJobs
from application.jobs.claim_suspect_jobs import ClaimSuspectJobs
from application.jobs.held_lease import HeldLease
from application.jobs.job_work import JobUseCases
from application.jobs.lease_keeper import LeaseKeeper
from application.jobs.loop_ports import LoopPorts
from application.jobs.periodic import Periodic
from application.jobs.registry import JobEntry, JobRegistry
from application.jobs.run_job import RunJob
from application.jobs.settle_job import SettleJob
from application.jobs.wake_bus import WakeBus
from application.jobs.worker import Worker, WorkKinds
from application.maintenance.sweep_expired import SweepExpired
from application.metrics.backlog_source import BacklogSource
from application.metrics.export_metrics import ExportMetrics, LatestMeasurement
from application.notifications.address_book import AddressBook
from application.notifications.admission import Admission
from application.notifications.audience_writer import AudienceWriter
from application.notifications.cancel_for_recipient import CancelForRecipient
from application.notifications.cancel_notification import CancelNotification
from application.notifications.cancel_pending_deliveries import CancelPendingDeliveries
from application.notifications.claim_deliveries import ClaimDeliveries
from application.notifications.claim_suspect_deliveries import ClaimSuspectDeliveries
from application.notifications.compose_messages import ComposeMessages
from application.notifications.courier import Courier
from application.notifications.deliver_batch import DeliverBatch
from application.notifications.delivery_work import DeliveryUseCases
from application.notifications.expand_notification import ExpandNotification
from application.notifications.get_delivery import GetDelivery
from application.notifications.get_timeline import GetTimeline
from application.notifications.intake import IntakeGauge
from application.notifications.list_dead_letters import ListDeadLetters
from application.notifications.lost_tries import LostTries
from application.notifications.measure_intake_lag import MeasureIntakeLag
from application.notifications.outcome_recorder import OutcomeRecorder
from application.notifications.packer import Packer
from application.notifications.queries import GetNotification, ListDeliveries, ListNotifications
from application.notifications.readiness import Readiness
from application.notifications.recipients import RecipientWriter
from application.notifications.redrive_deliveries import RedriveDeliveries
from application.notifications.redrive_delivery import RedriveDelivery
from application.notifications.release_deliveries import ReleaseDeliveries
from application.notifications.replay_deliveries import ReplayDeliveries
from application.notifications.send_notification import SendNotification
from application.notifications.send_notifications import SendNotifications
from application.preferences.patch_preferences import PatchPreferences
from application.preferences.put_preference_defaults import PutPreferenceDefaults
from application.preferences.queries import (
    GetEffectivePreferences,
    GetPreferenceDefaults,
    GetPreferences,
    ListPreferenceChanges,
)
from application.realtime.issue_ticket import IssueTicket
from application.realtime.open_stream import OpenStream
from application.realtime.redeem_ticket import RedeemTicket
from application.realtime.review_streams import ReviewStreams
from application.relay.event_consumers import BrokerConsumer, EventListener, ListenersConsumer
from application.relay.event_interest import EventInterest
from application.relay.fold_tallies import FoldTallies
from application.relay.redeliver_event import RedeliverEvent
from application.relay.relay_events import RelayEvents
from application.relay.relay_loop import RelayLoop
from application.relay.relay_state import RelayState
from application.shared.job_spec import JobDefaults, spec_of
from application.shared.listener import listener_spec_of
from application.shared.reaction import Reactions
from application.subscribers.delete_subscriber import DeleteSubscriber
from application.subscribers.issue_subscriber_token import IssueSubscriberToken
from application.subscribers.patch_subscriber import PatchSubscriber
from application.subscribers.profile import ProfileEditor
from application.subscribers.put_subscriber import PutSubscriber
from application.subscribers.put_subscribers import PutSubscribers
from application.subscribers.queries import GetSubscriber, ListSubscribers
from application.tenancy.install_default_tenant import InstallDefaultTenant
from application.topics.add_topic_subscribers import AddTopicSubscribers
from application.topics.delete_topic import DeleteTopic
from application.topics.put_topic import PutTopic
from application.topics.queries import GetTopic
from application.topics.remove_topic_subscribers import RemoveTopicSubscribers
from application.workflows.advance_runs import AdvanceRuns
from application.workflows.claim_runs import ClaimRuns
from application.workflows.claim_suspect_runs import ClaimSuspectRuns
from application.workflows.definition_checks import DefinitionChecks
from application.workflows.definitions import Definitions
from application.workflows.delete_workflow import DeleteWorkflow
from application.workflows.digests import Digests
from application.workflows.handovers import Handovers
from application.workflows.http_step import HttpSteps
from application.workflows.load_runs import RunLoader
from application.workflows.patch_workflow import PatchWorkflow
from application.workflows.preview_workflow import PreviewWorkflow
from application.workflows.publish_workflow import PublishWorkflow
from application.workflows.put_workflow import PutWorkflow
from application.workflows.queries import (
    CompareWorkflow,
    GetWorkflow,
    GetWorkflowVersion,
    ListWorkflows,
    ListWorkflowVersions,
)
from application.workflows.release_runs import ReleaseRuns
from application.workflows.roll_back_workflow import RollBackWorkflow
from application.workflows.run_work import RunUseCases
from application.workflows.run_writer import RunWriter
from application.workflows.start_runs import RunStarter
from application.workflows.step_asks import StepAsks
from application.workflows.step_runner import StepRunner
from application.workflows.step_sources import StepSources
from application.workflows.step_windows import StepWindows
from application.workflows.trigger_workflow import TriggerWorkflow
from domain.notifications.channel import Channel
from infrastructure.channels.assembly import ConfiguredProviders, channel_means, or_stand_in
from infrastructure.channels.console import ConsoleProvider
from infrastructure.channels.health import EmailCheck
from infrastructure.channels.policies import channel_policies
from infrastructure.channels.provider_chain import ProviderChain
from infrastructure.channels.webhook.standard import StandardWebhookProvider
from infrastructure.config.settings import Settings
from infrastructure.database.health import MigrationsCheck
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.monitored import MonitoredHttpClient
from infrastructure.http_client.provided import ProvidedHttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.always_up import AlwaysUp
from infrastructure.memory.audit import MemoryAuditReader
from infrastructure.memory.backlog import MemoryBacklogReader
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.dead_letters import MemoryDeadLetterReader
from infrastructure.memory.inbox import MemoryInboxReader
from infrastructure.memory.installation import MemoryCredentialReader
from infrastructure.memory.no_metric_source import NoMetricSource
from infrastructure.memory.no_migrator import NoMigrator
from infrastructure.memory.notification_reader import MemoryNotificationReader
from infrastructure.memory.preferences import MemoryStoredPreferencesReader
from infrastructure.memory.streams import MemoryStreamReader
from infrastructure.memory.subscribers import MemorySubscriberReader
from infrastructure.memory.timeline import MemoryTimelineReader
from infrastructure.memory.topics import MemoryTopicReader
from infrastructure.memory.unit_of_work import MemoryUnitOfWork
from infrastructure.memory.workflows import MemoryWorkflowReader, MemoryWorkflowVersions
from infrastructure.message_broker.memory import MemoryMessageBroker, MessageBus
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.loop_lag_metrics import LoopLagMonitor
from infrastructure.observability.null_metrics import NullMetrics
from infrastructure.observability.prometheus_metrics import PrometheusMetrics
from infrastructure.observability.sensitive_text import redact_text
from infrastructure.observability.structlog_log import StructlogLog
from infrastructure.queue.file import file_broker
from infrastructure.queue.health import QueueCheck
from infrastructure.queue.listener import WakeListener
from infrastructure.queue.memory import memory_broker
from infrastructure.queue.plans import job_defaults, retention_rules, worker_plan
from infrastructure.queue.taskiq import TaskiqWakeUps, WakeSender
from infrastructure.rate_limiter.memory import Buckets, MemoryRateLimiter
from infrastructure.security.aes_gcm import AesGcmSecretBox
from infrastructure.security.argon2 import Argon2PasswordHasher
from infrastructure.security.hmac_cursors import HmacCursorSigner
from infrastructure.security.jwt import JwtTokenSigner
from infrastructure.security.jwt_keys import JwtKeys
from infrastructure.security.keyring import KeyRing
from infrastructure.security.os_random import OsRandomSecretMint
from infrastructure.streams.file_hints import FileHints, HintFile
from infrastructure.streams.hub import ProcessStreamHub
from infrastructure.streams.memory_hints import HintBus, MemoryHints
from infrastructure.system.bounded_executor import BoundedExecutor
from infrastructure.system.circuit_breaker import BreakerStates, MemoryCircuitBreaker
from infrastructure.system.clock import SystemClock
from infrastructure.system.contact_points import LocalContactPoints
from infrastructure.system.disk_check import DiskCheck
from infrastructure.system.ids import UuidV7Ids
from infrastructure.system.jitter import RandomJitter
from infrastructure.system.json_schemas import CompiledSchemas, Draft202012JsonSchemas
from infrastructure.system.nothing_to_run import NothingToRun
from infrastructure.system.payload_codec import JsonPayloadCodec
from infrastructure.system.process_scope import process_scope
from infrastructure.system.provided_clock import ProvidedClock
from infrastructure.system.recurrences import CronsimRecurrences
from infrastructure.system.schemas.formats import formats
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from infrastructure.templates.pooled import PooledTemplates
from infrastructure.templates.process_pool import RenderPool


def driver(path: str) -> Callable[..., Any]:  # Any: whatever the driver's class makes
    """A factory that imports its class when it is first called: an extra that is absent fails only when selected."""
    module, _, name = path.partition(":")

    @cache
    def loaded() -> Callable[..., Any]:
        return cast("Callable[..., Any]", getattr(import_module(module), name))

    def build(*args: Any, **kwargs: Any) -> Any:
        return loaded()(*args, **kwargs)

    return build


def calling(use_case: Callable[[], Callable[[], Awaitable[object]]]) -> Callable[[], Awaitable[object]]:
    """A turn of a loop that asks for its use case anew each time, so that an override reaches a running loop."""

    async def turn() -> object:
        return await use_case()()

    return turn


def job_registry(container: containers.Container, names: Sequence[str], defaults: JobDefaults) -> JobRegistry:
    """The jobs of the enabled modules by name: what the use cases' own marks say, and where to get them."""
    registry: dict[str, JobEntry] = {}
    for name in names:
        provider = getattr(container, name)
        spec = spec_of(provider.cls)
        registry[spec.name] = JobEntry(spec=spec, handler=provider, defaults=defaults)
    return registry


def event_listeners(container: containers.Container, names: Sequence[str]) -> Sequence[EventListener]:
    """The listeners of the enabled modules; raises ValueError for two of one name, which is stored."""
    listeners: dict[str, EventListener] = {}
    for name in names:
        provider = getattr(container, name)
        spec = listener_spec_of(provider.cls)
        if spec.name in listeners:
            raise ValueError(f"two listeners are named {spec.name}")
        listeners[spec.name] = EventListener(name=spec.name, pattern=spec.pattern, handler=provider)
    return tuple(listeners.values())


class Container(containers.DeclarativeContainer):
    """Needs `settings`, and what the enabled modules bring: names of jobs and listeners, reactions and scopes."""

    # -- settings and state ---------------------------------------------------------------------------------------
    settings = P.Dependency(instance_of=Settings)
    job_names = P.Dependency(instance_of=tuple)
    listener_names = P.Dependency(instance_of=tuple)
    reactions = P.Dependency(instance_of=Reactions)
    enabled_scopes = P.Dependency(instance_of=frozenset)
    itself: P.Self[containers.Container] = P.Self()

    scope = P.Singleton(process_scope)
    metrics = P.Selector(
        settings.provided.metrics.driver, prometheus=P.Singleton(PrometheusMetrics), none=P.Singleton(NullMetrics)
    )
    log = P.Factory(StructlogLog)
    ids = P.Factory(UuidV7Ids)
    trace_context = P.Factory(ContextvarsTraceContext, ids)
    clock = P.Factory(SystemClock)
    lasting_clock = P.Singleton(ProvidedClock, clock.provider)
    jitter = P.Factory(RandomJitter)
    supervisor = P.Singleton(AsyncioTaskSupervisor, drain_timeout=settings.provided.app.shutdown_timeout)
    loop_lag = P.Singleton(LoopLagMonitor, supervisor, metrics=metrics.provider, log=log.provider)

    key_ring = P.Singleton(KeyRing, settings.provided.auth.secret, settings.provided.auth.secret_previous)
    jwt_keys = P.Singleton(JwtKeys, key_ring, settings.provided.auth.algorithm)
    known_keys = P.Singleton(KnownKeys)
    password_threads = P.Singleton(BoundedExecutor, "passwords", threads=2, waiting=32)
    rate_buckets = P.Singleton(Buckets, settings.provided.rate_limit.max_keys)
    compiled_schemas = P.Singleton(CompiledSchemas)
    render_pool = P.Singleton(RenderPool, processes=2, waiting=256)
    intake_gauge = P.Singleton(IntakeGauge, max_lag=settings.provided.notification.intake_max_lag)
    latest_health = P.Singleton(LatestHealth)
    latest_measurement = P.Singleton(LatestMeasurement)
    breaker_states = P.Singleton(BreakerStates)
    event_interest = P.Singleton(EventInterest)
    relay_state = P.Singleton(RelayState, interest=event_interest)
    scheduler_lease = P.Singleton(HeldLease, "scheduler")
    message_bus = P.Singleton(MessageBus, supervisor=supervisor, log=log.provider, metrics=metrics.provider)
    wake_bus = P.Singleton(WakeBus)
    queue_redis = P.Singleton(
        driver("infrastructure.system.redis:RedisLink"), settings.provided.queue.redis_url, supervisor=supervisor
    )
    task_broker = P.Selector(
        settings.provided.queue.driver,
        memory=P.Singleton(memory_broker, wake_bus),
        file=P.Singleton(file_broker, settings.provided.queue.jobs_dir, settings.provided.queue.prefix, wake_bus),
        redis=P.Singleton(
            driver("infrastructure.queue.redis:redis_broker"),
            queue_redis,
            settings.provided.queue.prefix,
            wake_bus,
            log=log.provider,
        ),
    )
    wake_sender = P.Singleton(
        WakeSender, task_broker, supervisor=supervisor, metrics=metrics.provider, log=log.provider
    )
    channel_policies = P.Singleton(
        channel_policies,
        settings.provided.notification,
        console=settings.provided.app.env.in_development,
    )

    memory_database = P.Singleton(MemoryDatabase)
    sqlite_engines = P.Singleton(
        driver("infrastructure.database.sqlite:SqliteEngines"),
        settings.provided.database.url,
        readers=settings.provided.database.readers,
        busy_timeout_ms=settings.provided.database.busy_timeout_ms,
        echo=settings.provided.database.echo,
        trace=trace_context.provider,
    )
    postgres_engines = P.Singleton(
        driver("infrastructure.database.postgres:PostgresEngines"),
        settings.provided.database.url,
        pool_size=settings.provided.database.pool_size,
        max_overflow=settings.provided.database.max_overflow,
        pool_timeout=settings.provided.database.pool_timeout,
        statement_timeout=settings.provided.database.statement_timeout,
        echo=settings.provided.database.echo,
    )
    engines = P.Selector(
        settings.provided.database.driver,
        memory=P.Singleton(NothingToRun),
        sqlite=sqlite_engines,
        postgres=postgres_engines,
    )
    hint_bus = P.Singleton(HintBus, log.provider)
    hint_file = P.Singleton(
        HintFile,
        settings.provided.realtime.streams_dir,
        hint_bus,
        metrics=metrics.provider,
        log=log.provider,
        supervisor=supervisor,
    )
    realtime_redis = P.Singleton(
        driver("infrastructure.system.redis:RedisLink"), settings.provided.realtime.redis_url, supervisor=supervisor
    )
    hint_channel = P.Singleton(
        driver("infrastructure.streams.redis_hints:HintChannel"),
        realtime_redis,
        settings.provided.realtime.prefix,
        scope.provided.owner,
        hint_bus,
        metrics=metrics.provider,
        log=log.provider,
        supervisor=supervisor,
    )
    resolver = P.Singleton(SystemResolver)
    http_client = P.Singleton(Httpx2HttpClient, settings.provided.egress, resolver, log=log.provider)
    channel_threads = P.Singleton(BoundedExecutor, "channels", threads=4, waiting=64)

    # -- ports ----------------------------------------------------------------------------------------------------
    secret_mint = P.Factory(OsRandomSecretMint)
    secret_box = P.Factory(AesGcmSecretBox, key_ring)
    cursor_signer = P.Factory(HmacCursorSigner, key_ring)
    token_signer = P.Factory(JwtTokenSigner, jwt_keys, settings.provided.auth.issuer, clock)
    password_hasher = P.Factory(Argon2PasswordHasher, password_threads)
    contact_points = P.Factory(LocalContactPoints, http_client.provided.check_url)
    rate_limiter = P.Selector(settings.provided.rate_limit.store, memory=P.Factory(MemoryRateLimiter, rate_buckets))
    address_book = P.Factory(
        AddressBook,
        secrets=secret_box,
        webhook_secrets=key_ring.provided.webhook_secrets,
        webhook_secret=settings.provided.notification.webhook_signing_secret,
    )

    hints = P.Selector(
        settings.provided.realtime.driver,
        memory=P.Factory(MemoryHints, hint_bus),
        file=P.Factory(FileHints, hint_bus, hint_file),
        redis=P.Factory(driver("infrastructure.streams.redis_hints:RedisHints"), hint_bus, hint_channel),
    )
    wake_ups = P.Factory(TaskiqWakeUps, wake_bus, wake_sender)
    message_broker = P.Selector(settings.provided.broker.driver, memory=P.Factory(MemoryMessageBroker, message_bus))
    payload_codec = P.Factory(JsonPayloadCodec)
    json_schemas = P.Factory(Draft202012JsonSchemas, compiled_schemas, P.Callable(formats, contact_points))
    recurrences = P.Factory(CronsimRecurrences)
    templates = P.Factory(PooledTemplates, render_pool)
    circuit_breaker = P.Factory(MemoryCircuitBreaker, breaker_states)

    migrator = P.Selector(
        settings.provided.database.driver,
        memory=P.Factory(NoMigrator),
        sqlite=P.Factory(
            driver("infrastructure.database.sqlite_migrator:SqliteMigrator"),
            settings.provided.database.url_of_migrations,
        ),
        postgres=P.Factory(
            driver("infrastructure.database.postgres_migrator:PostgresMigrator"),
            settings.provided.database.url_of_migrations,
        ),
    )
    unit_of_work = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(
            MemoryUnitOfWork,
            database=memory_database,
            clock=clock,
            hints=hints,
            wake_ups=wake_ups,
            reactions=reactions,
            interest=event_interest,
            ids=ids,
            trace=trace_context,
            log=log,
            metrics=metrics,
        ),
        sql=P.Factory(
            driver("infrastructure.database.unit_of_work:SqlUnitOfWork"),
            engines=engines,
            hints=hints,
            wake_ups=wake_ups,
            reactions=reactions,
            interest=event_interest,
            ids=ids,
            trace=trace_context,
            log=log,
            metrics=metrics,
        ),
    )
    notification_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryNotificationReader, database=memory_database, clock=clock),
        sql=P.Factory(driver("infrastructure.database.readers.notifications:SqlNotificationReader"), engines=engines),
    )
    dead_letter_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryDeadLetterReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.dead_letters:SqlDeadLetterReader"), engines=engines),
    )
    timeline_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryTimelineReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.timeline:SqlTimelineReader"), engines=engines),
    )
    inbox_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryInboxReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.inbox:SqlInboxReader"), engines=engines),
    )
    subscriber_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemorySubscriberReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.subscribers:SqlSubscriberReader"), engines=engines),
    )
    topic_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryTopicReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.subscribers:SqlTopicReader"), engines=engines),
    )
    preferences_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryStoredPreferencesReader, database=memory_database),
        sql=P.Factory(
            driver("infrastructure.database.readers.preferences:SqlStoredPreferencesReader"), engines=engines
        ),
    )
    workflow_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryWorkflowReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.workflows:SqlWorkflowReader"), engines=engines),
    )
    workflow_versions = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryWorkflowVersions, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.workflows:SqlWorkflowVersions"), engines=engines),
    )
    credential_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryCredentialReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.credentials:SqlCredentialReader"), engines=engines),
    )
    audit_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryAuditReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.audit:SqlAuditReader"), engines=engines),
    )
    backlog_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryBacklogReader, database=memory_database, clock=clock),
        sql=P.Factory(driver("infrastructure.database.readers.backlog:SqlBacklogReader"), engines=engines),
    )
    stream_reader = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(MemoryStreamReader, database=memory_database),
        sql=P.Factory(driver("infrastructure.database.readers.streams:SqlStreamReader"), engines=engines),
    )

    review_streams = P.Factory(ReviewStreams, subscribers=subscriber_reader)
    stream_hub = P.Singleton(
        ProcessStreamHub,
        settings.provided.sse,
        reader=stream_reader.provider,
        hints=hints.provider,
        access=review_streams.provider,
        clock=clock.provider,
        jitter=jitter.provider,
        metrics=metrics.provider,
        log=log.provider,
        supervisor=supervisor,
    )

    monitored_http_client = P.Factory(MonitoredHttpClient, http_client, metrics)
    channel_means = P.Singleton(
        channel_means,
        settings.provided.mail,
        P.Singleton(ProvidedHttpClient, monitored_http_client.provider),
        lasting_clock,
        channel_threads,
        trace_context.provider,
        P.Object(redact_text),
    )
    email_providers = P.Singleton(ConfiguredProviders, settings.provided.notification.email_providers, channel_means)
    sms_providers = P.Singleton(ConfiguredProviders, settings.provided.notification.sms_providers, channel_means)
    push_providers = P.Singleton(ConfiguredProviders, settings.provided.notification.push_providers, channel_means)
    chat_providers = P.Singleton(ConfiguredProviders, settings.provided.notification.chat_providers, channel_means)
    webhook_provider = P.Factory(
        StandardWebhookProvider,
        "webhook",
        monitored_http_client,
        clock,
        traceparent=trace_context.provided.traceparent,
        timeout=settings.provided.worker.send_timeout,
    )
    email_channel = P.Factory(ProviderChain, Channel.EMAIL, email_providers.provided.providers)
    webhook_channel = P.Factory(ProviderChain, Channel.WEBHOOK, P.List(webhook_provider))
    console_provider = P.Factory(ConsoleProvider, mask=P.Object(redact_text))
    sms_channel = P.Factory(
        ProviderChain,
        Channel.SMS,
        P.Callable(
            or_stand_in, sms_providers.provided.providers, console_provider, settings.provided.app.env.in_development
        ),
    )
    push_channel = P.Factory(
        ProviderChain,
        Channel.PUSH,
        P.Callable(
            or_stand_in, push_providers.provided.providers, console_provider, settings.provided.app.env.in_development
        ),
    )
    chat_channel = P.Factory(
        ProviderChain,
        Channel.CHAT,
        P.Callable(
            or_stand_in, chat_providers.provided.providers, console_provider, settings.provided.app.env.in_development
        ),
    )
    channels = P.Dict(
        {
            Channel.EMAIL: email_channel,
            Channel.WEBHOOK: webhook_channel,
            Channel.SMS: sms_channel,
            Channel.PUSH: push_channel,
            Channel.CHAT: chat_channel,
        }
    )

    # -- use cases ------------------------------------------------------------------------------------------------
    install_default_tenant = P.Factory(
        InstallDefaultTenant,
        unit_of_work=unit_of_work.provider,
        hasher=password_hasher,
        mint=secret_mint,
        clock=clock,
        ids=ids,
    )
    authenticate_caller = P.Factory(
        AuthenticateCaller,
        credentials=credential_reader,
        tokens=token_signer,
        clock=clock,
        known=known_keys,
        enabled=enabled_scopes,
    )

    recipient_writer = P.Factory(RecipientWriter, policies=channel_policies, ids=ids)
    audience_writer = P.Factory(AudienceWriter, recipients=recipient_writer, runs=P.Factory(RunStarter, ids=ids))
    workflow_definitions = P.Singleton(Definitions, workflow_versions.provider)
    trigger_workflow = P.Factory(
        TriggerWorkflow,
        versions=workflow_versions.provider,
        definitions=workflow_definitions,
        schemas=json_schemas.provider,
    )
    send_notification = P.Factory(
        SendNotification,
        unit_of_work=unit_of_work.provider,
        writer=audience_writer,
        admission=P.Factory(
            Admission, trigger_workflow=trigger_workflow, contacts=contact_points, intake=intake_gauge, clock=clock
        ),
        clock=clock,
        ids=ids,
        rows_per_transaction=settings.provided.database.write_rows,
    )
    send_notifications = P.Factory(SendNotifications, unit_of_work=unit_of_work.provider, send=send_notification)
    get_notification = P.Factory(GetNotification, notifications=notification_reader)
    list_notifications = P.Factory(ListNotifications, notifications=notification_reader, cursors=cursor_signer)
    list_deliveries = P.Factory(ListDeliveries, notifications=notification_reader, cursors=cursor_signer)
    cancel_notification = P.Factory(CancelNotification, unit_of_work=unit_of_work.provider, clock=clock, ids=ids)
    get_timeline = P.Factory(
        GetTimeline,
        notifications=notification_reader,
        timelines=timeline_reader,
        cursors=cursor_signer,
        clock=clock,
    )
    get_delivery = P.Factory(GetDelivery, dead_letters=dead_letter_reader)
    list_dead_letters = P.Factory(ListDeadLetters, dead_letters=dead_letter_reader, cursors=cursor_signer)
    redrive_delivery = P.Factory(
        RedriveDelivery,
        unit_of_work=unit_of_work.provider,
        dead_letters=dead_letter_reader,
        clock=clock,
        ids=ids,
    )
    redrive_deliveries = P.Factory(
        RedriveDeliveries,
        unit_of_work=unit_of_work.provider,
        dead_letters=dead_letter_reader,
        clock=clock,
        ids=ids,
    )
    replay_deliveries = P.Factory(
        ReplayDeliveries,
        unit_of_work=unit_of_work.provider,
        dead_letters=dead_letter_reader,
        clock=clock,
        ids=ids,
    )
    cancel_pending_deliveries = P.Factory(CancelPendingDeliveries, unit_of_work=unit_of_work.provider, clock=clock)
    cancel_for_recipient = P.Factory(CancelForRecipient, unit_of_work=unit_of_work.provider, clock=clock)
    expand_notification = P.Factory(
        ExpandNotification,
        unit_of_work=unit_of_work.provider,
        writer=audience_writer,
        clock=clock,
        ids=ids,
        log=log,
        rows_per_transaction=settings.provided.database.write_rows,
    )

    profile_editor = P.Factory(ProfileEditor, contacts=contact_points, secrets=secret_box)
    put_subscriber = P.Factory(
        PutSubscriber, unit_of_work=unit_of_work.provider, profile=profile_editor, clock=clock, ids=ids
    )
    put_subscribers = P.Factory(PutSubscribers, unit_of_work=unit_of_work.provider, put=put_subscriber)
    patch_subscriber = P.Factory(
        PatchSubscriber, unit_of_work=unit_of_work.provider, profile=profile_editor, clock=clock
    )
    delete_subscriber = P.Factory(DeleteSubscriber, unit_of_work=unit_of_work.provider, clock=clock, ids=ids)
    get_subscriber = P.Factory(GetSubscriber, subscribers=subscriber_reader)
    list_subscribers = P.Factory(ListSubscribers, subscribers=subscriber_reader, cursors=cursor_signer)
    issue_subscriber_token = P.Factory(
        IssueSubscriberToken,
        unit_of_work=unit_of_work.provider,
        subscribers=subscriber_reader,
        signer=token_signer,
        clock=clock,
        ttl_seconds=settings.provided.auth.subscriber_token_ttl,
    )

    put_topic = P.Factory(PutTopic, unit_of_work=unit_of_work.provider, topics=topic_reader, clock=clock, ids=ids)
    get_topic = P.Factory(GetTopic, topics=topic_reader)
    delete_topic = P.Factory(DeleteTopic, unit_of_work=unit_of_work.provider, clock=clock)
    add_topic_subscribers = P.Factory(AddTopicSubscribers, unit_of_work=unit_of_work.provider, clock=clock, ids=ids)
    remove_topic_subscribers = P.Factory(RemoveTopicSubscribers, unit_of_work=unit_of_work.provider, clock=clock)

    get_preferences = P.Factory(GetPreferences, subscribers=subscriber_reader, preferences=preferences_reader)
    get_effective_preferences = P.Factory(
        GetEffectivePreferences,
        subscribers=subscriber_reader,
        preferences=preferences_reader,
        versions=workflow_versions,
        definitions=workflow_definitions,
        clock=clock,
    )
    patch_preferences = P.Factory(PatchPreferences, unit_of_work=unit_of_work.provider, clock=clock, ids=ids)
    list_preference_changes = P.Factory(
        ListPreferenceChanges, subscribers=subscriber_reader, preferences=preferences_reader, cursors=cursor_signer
    )
    get_preference_defaults = P.Factory(GetPreferenceDefaults, preferences=preferences_reader)
    put_preference_defaults = P.Factory(PutPreferenceDefaults, unit_of_work=unit_of_work.provider, clock=clock, ids=ids)

    definition_checks = P.Factory(
        DefinitionChecks,
        schemas=json_schemas,
        templates=templates,
        recurrences=recurrences,
        contacts=contact_points,
    )
    put_workflow = P.Factory(
        PutWorkflow, unit_of_work=unit_of_work.provider, checks=definition_checks, clock=clock, ids=ids
    )
    patch_workflow = P.Factory(
        PatchWorkflow,
        unit_of_work=unit_of_work.provider,
        workflows=workflow_reader,
        checks=definition_checks,
        clock=clock,
        ids=ids,
    )
    publish_workflow = P.Factory(
        PublishWorkflow,
        unit_of_work=unit_of_work.provider,
        workflows=workflow_reader,
        checks=definition_checks,
        clock=clock,
        ids=ids,
    )
    roll_back_workflow = P.Factory(RollBackWorkflow, unit_of_work=unit_of_work.provider, clock=clock, ids=ids)
    delete_workflow = P.Factory(DeleteWorkflow, unit_of_work=unit_of_work.provider, clock=clock, ids=ids)
    get_workflow = P.Factory(GetWorkflow, workflows=workflow_reader)
    list_workflows = P.Factory(ListWorkflows, workflows=workflow_reader, cursors=cursor_signer)
    list_workflow_versions = P.Factory(ListWorkflowVersions, workflows=workflow_reader, cursors=cursor_signer)
    get_workflow_version = P.Factory(GetWorkflowVersion, workflows=workflow_reader)
    compare_workflow = P.Factory(CompareWorkflow, workflows=workflow_reader)
    step_sources = P.Singleton(StepSources)
    preview_workflow = P.Factory(
        PreviewWorkflow,
        workflows=workflow_reader,
        subscribers=subscriber_reader,
        schemas=json_schemas,
        templates=templates,
        sources=step_sources,
        clock=clock,
    )

    list_inbox = P.Factory(ListInbox, inbox=inbox_reader, subscribers=subscriber_reader, cursors=cursor_signer)
    count_inbox = P.Factory(CountInbox, inbox=inbox_reader, subscribers=subscriber_reader)
    count_inbox_filters = P.Factory(CountInboxFilters, inbox=inbox_reader, subscribers=subscriber_reader)
    mark_item = P.Factory(MarkItem, unit_of_work=unit_of_work.provider, clock=clock)
    mark_action = P.Factory(MarkAction, unit_of_work=unit_of_work.provider, clock=clock)
    delete_item = P.Factory(DeleteItem, unit_of_work=unit_of_work.provider)
    mark_inbox = P.Factory(MarkInbox, unit_of_work=unit_of_work.provider, clock=clock)
    snooze_item = P.Factory(SnoozeItem, unit_of_work=unit_of_work.provider, clock=clock, ids=ids)
    surface_item = P.Factory(SurfaceItem, unit_of_work=unit_of_work.provider, clock=clock)
    forget_inbox = P.Factory(ForgetInbox, unit_of_work=unit_of_work.provider)

    open_stream = P.Factory(OpenStream, hub=stream_hub, subscribers=subscriber_reader, clock=clock)
    issue_ticket = P.Factory(
        IssueTicket,
        unit_of_work=unit_of_work.provider,
        mint=secret_mint,
        clock=clock,
        ttl_seconds=settings.provided.auth.ticket_ttl,
    )
    redeem_ticket = P.Factory(RedeemTicket, unit_of_work=unit_of_work.provider)

    verify_audit = P.Factory(VerifyAudit, audit=audit_reader)

    database_check = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(AlwaysUp, "database"),
        sql=P.Factory(driver("infrastructure.database.health:DatabaseCheck"), engines=engines),
    )
    migrations_check = P.Singleton(MigrationsCheck, P.Callable(calling, migrator.provided.at_head.provider))
    queue_check = P.Factory(QueueCheck, wake_sender, task_broker)
    email_check = P.Factory(EmailCheck, email_providers, breaker_states)
    disk_check = P.Factory(DiskCheck, settings.provided.app.data_dir, settings.provided.health.disk_min_free)
    check_health = P.Factory(
        CheckHealth,
        checks=P.List(database_check, migrations_check, queue_check, email_check, disk_check),
        latest=latest_health,
        clock=clock,
        log=log,
    )

    backlog_source = P.Factory(
        BacklogSource, backlog_reader, scope=scope, policies=channel_policies, seen=latest_measurement.provided.queues
    )
    pool_source = P.Selector(
        settings.provided.database.kind,
        memory=P.Factory(NoMetricSource, "database_pools"),
        sql=P.Factory(driver("infrastructure.database.metrics:PoolSource"), engines=engines),
    )
    export_metrics = P.Factory(
        ExportMetrics,
        # The pools first: to look at the backlog takes a connection.
        sources=P.List(pool_source, backlog_source),
        latest=latest_measurement,
        metrics=metrics,
        export=metrics,
        log=log,
    )

    # -- workers --------------------------------------------------------------------------------------------------
    lease_keeper = P.Singleton(
        LeaseKeeper,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        heartbeat_seconds=settings.provided.worker.heartbeat_seconds,
        lease_seconds=settings.provided.worker.lease_seconds,
        log=log.provider,
        metrics=metrics.provider,
    )
    outcome_recorder = P.Singleton(
        OutcomeRecorder,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        flush_rows=settings.provided.worker.flush_rows,
        flush_seconds=P.Callable(truediv, settings.provided.worker.flush_ms, 1_000),
        log=log.provider,
        metrics=metrics.provider,
    )
    release_deliveries = P.Factory(ReleaseDeliveries, unit_of_work=unit_of_work.provider, scope=scope)
    compose_messages = P.Factory(
        ComposeMessages,
        definitions=workflow_definitions,
        sources=step_sources,
        templates=templates,
        clock=clock,
        log=log,
    )
    packer = P.Factory(
        Packer, address_book=address_book, compose_messages=compose_messages, release_deliveries=release_deliveries
    )
    readiness = P.Factory(Readiness, channels=channels, breaker=circuit_breaker)
    claim_deliveries = P.Factory(
        ClaimDeliveries,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        packer=packer,
        readiness=readiness,
        lease_seconds=settings.provided.worker.lease_seconds,
    )
    lost_tries = P.Factory(LostTries, ids=ids, metrics=metrics)
    claim_suspect_deliveries = P.Factory(
        ClaimSuspectDeliveries,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        packer=packer,
        lost_tries=lost_tries,
        clock=clock,
        log=log,
        lease_seconds=settings.provided.worker.lease_seconds,
    )
    courier = P.Factory(Courier, channels=channels, breaker=circuit_breaker, clock=clock, ids=ids, log=log)
    deliver_batch = P.Factory(
        DeliverBatch,
        courier=courier,
        policies=channel_policies,
        jitter=jitter,
        trace=trace_context,
        leases=lease_keeper,
        outcomes=outcome_recorder,
    )
    claim_runs = P.Factory(
        ClaimRuns,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        lease_seconds=settings.provided.worker.lease_seconds,
    )
    claim_suspect_runs = P.Factory(
        ClaimSuspectRuns,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        clock=clock,
        log=log,
        lease_seconds=settings.provided.worker.lease_seconds,
    )
    release_runs = P.Factory(ReleaseRuns, unit_of_work=unit_of_work.provider, scope=scope)
    advance_runs = P.Factory(
        AdvanceRuns,
        unit_of_work=unit_of_work.provider,
        loader=P.Factory(RunLoader),
        runner=P.Factory(
            StepRunner,
            definitions=workflow_definitions,
            sources=step_sources,
            templates=templates,
            handovers=P.Factory(Handovers, policies=channel_policies, ids=ids),
            asks=P.Factory(StepAsks, templates=templates, recurrences=recurrences),
        ),
        http_steps=P.Factory(HttpSteps, client=monitored_http_client, clock=clock),
        writer=P.Factory(RunWriter, scope=scope, windows=P.Factory(StepWindows, digests=P.Factory(Digests))),
        clock=clock,
    )
    measure_intake_lag = P.Factory(
        MeasureIntakeLag,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        policies=channel_policies,
        gauge=intake_gauge,
        metrics=metrics,
    )
    claim_jobs = P.Factory(
        ClaimJobs,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        lease_seconds=settings.provided.worker.lease_seconds,
    )
    claim_suspect_jobs = P.Factory(
        ClaimSuspectJobs,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        trace=trace_context,
        log=log,
        lease_seconds=settings.provided.worker.lease_seconds,
    )
    settle_job = P.Factory(
        SettleJob, unit_of_work=unit_of_work.provider, scope=scope, trace=trace_context, log=log, metrics=metrics
    )
    listeners = P.Singleton(event_listeners, itself, listener_names)
    event_consumers = P.Dict(
        broker=P.Factory(BrokerConsumer, broker=message_broker),
        listeners=P.Factory(ListenersConsumer, listeners=listeners, trace=trace_context, log=log),
    )
    redeliver_event = P.Factory(RedeliverEvent, consumers=event_consumers)
    relay_events = P.Factory(
        RelayEvents,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        consumers=event_consumers,
        state=relay_state,
        ids=ids,
        log=log,
    )
    fold_tallies = P.Factory(
        FoldTallies, unit_of_work=unit_of_work.provider, scope=scope, state=relay_state, clock=clock
    )
    sweep_expired = P.Factory(
        SweepExpired,
        unit_of_work=unit_of_work.provider,
        scope=scope,
        rules=P.Callable(retention_rules, settings.provided.queue, settings.provided.sse),
        lease=scheduler_lease,
        log=log,
        metrics=metrics,
    )
    job_registry = P.Singleton(job_registry, itself, job_names, P.Callable(job_defaults, settings.provided.queue))
    run_job = P.Factory(
        RunJob,
        registry=job_registry,
        codec=payload_codec,
        jitter=jitter,
        trace=trace_context,
        redact=P.Object(redact_text),
        log=log,
    )
    loop_ports = P.Singleton(
        LoopPorts, supervisor=supervisor, wake_ups=wake_ups.provider, jitter=jitter.provider, log=log.provider
    )
    worker = P.Singleton(
        Worker,
        P.Callable(worker_plan, settings.provided.worker, settings.provided.app.shutdown_timeout, channel_policies),
        kinds=P.Factory(
            WorkKinds,
            deliveries=P.Factory(
                DeliveryUseCases,
                claim_deliveries=claim_deliveries.provider,
                claim_suspect_deliveries=claim_suspect_deliveries.provider,
                deliver_batch=deliver_batch.provider,
                release_deliveries=release_deliveries.provider,
                log=log.provider,
            ),
            jobs=P.Factory(
                JobUseCases,
                claim_jobs=claim_jobs.provider,
                claim_suspect_jobs=claim_suspect_jobs.provider,
                run_job=run_job.provider,
                settle_job=settle_job.provider,
                leases=lease_keeper,
                log=log.provider,
            ),
            runs=P.Factory(
                RunUseCases,
                claim_runs=claim_runs.provider,
                claim_suspect_runs=claim_suspect_runs.provider,
                advance_runs=advance_runs.provider,
                release_runs=release_runs.provider,
                leases=lease_keeper,
                log=log.provider,
            ),
        ),
        leases=lease_keeper,
        outcomes=outcome_recorder,
        bus=wake_bus,
        ports=loop_ports,
    )
    relay_loop = P.Singleton(
        RelayLoop,
        relay_events=relay_events.provider,
        fold_tallies=fold_tallies.provider,
        state=relay_state,
        bus=wake_bus,
        ports=loop_ports,
    )
    intake_loop = P.Singleton(
        Periodic, "intake_lag", P.Callable(calling, measure_intake_lag.provider), seconds=1.0, ports=loop_ports
    )
    sweep_loop = P.Singleton(
        Periodic, "maintenance", P.Callable(calling, sweep_expired.provider), seconds=60.0, ports=loop_ports
    )
    wake_listener = P.Selector(
        settings.provided.queue.driver,
        memory=P.Singleton(NothingToRun),
        file=P.Singleton(WakeListener, task_broker, supervisor=supervisor, log=log.provider),
        redis=P.Singleton(WakeListener, task_broker, supervisor=supervisor, log=log.provider),
    )

    # -- lifecycle: what each kind of process starts, in this order, and stops in the reverse one ------------------
    _wakes = P.Selector(settings.provided.queue.client, none=P.Singleton(NothingToRun), redis=queue_redis)
    _hints = P.Selector(
        settings.provided.realtime.driver, memory=P.Singleton(NothingToRun), file=hint_file, redis=hint_channel
    )
    _broker = P.Selector(settings.provided.broker.driver, memory=message_bus)
    _limits = P.Selector(settings.provided.rate_limit.store, memory=P.Singleton(NothingToRun))
    _state = (supervisor, loop_lag, engines, _wakes, wake_sender, _hints, _broker, password_threads, render_pool)
    _sending = (http_client, channel_threads, email_providers, sms_providers, push_providers, chat_providers)
    _working = (worker, relay_loop, sweep_loop)
    store_lifecycle = P.List(supervisor, engines)
    api_lifecycle = P.List(*_state, http_client, _limits, stream_hub, intake_loop)
    worker_lifecycle = P.List(*_state, *_sending, *_working)
    scheduler_lifecycle = P.List(*_state, relay_loop, sweep_loop)
    lifecycle = P.List(*_state, *_sending, *_working, wake_listener, _limits, stream_hub, intake_loop)
