"""Keys of capabilities that this version does not have; listed so that the message can say more than "unknown".

Moving a capability in means giving its Struct the key and deleting the line here.
"""

from collections.abc import Mapping

LATER_KEYS: Mapping[str, str] = {
    key: capability
    for capability, keys in {
        "RabbitMQ": "RABBITMQ_URL RABBITMQ_QUEUE",
        "seeding at start": "SEED_ON_START",
        "tenants beside the default one": "TENANCY_MODE TENANT_HEADER",
        "logging in": "AUTH_ACCESS_TTL AUTH_REFRESH_TTL AUTH_LOCKOUT_ATTEMPTS RATE_LIMIT_AUTH",
        "cache drivers": "CACHE_DRIVER CACHE_DEFAULT_TTL CACHE_PREFIX CACHE_MAX_ENTRIES CACHE_FALLBACK "
        "MEMCACHED_SERVERS",
        "event retention": "EVENT_RETENTION OUTBOX_POLL_INTERVAL OUTBOX_BATCH",
        "external APIs": "HTTP_TIMEOUT HTTP_RETRIES",
        "files": "FILE_STORAGE_DRIVER FILE_LAYOUT FILE_MAX_SIZE FILE_ALLOWED_TYPES SIGNED_URL_TTL GENERATED_TTL "
        "GENERATED_SWEEP_CRON FILE_STORAGE_FALLBACK",
        "message broker drivers": "BROKER_TOPIC_PREFIX",
        "Loki": "LOKI_URL LOKI_TENANT",
        "logging of bodies": "LOG_BODY",
        "schedules": "SCHEDULER_TZ DLQ_NOTIFY",
        "Redis-backed limits": "RATE_LIMIT_FAIL_OPEN",
        "address lists": "IP_ALLOWLIST IP_BLOCKLIST",
        "WebSockets": "ENABLE_WEBSOCKETS WS_MAX_MESSAGE",
        "API versions": "API_VERSION",
        "secret stores": "SECRETS_DRIVER AWS_SECRETS_ID",
        "wake-up fallbacks": "QUEUE_FALLBACK",
        "providers of webhooks": "NOTIFY_WEBHOOK_PROVIDERS",
        "further keys of SMS gateways": "SMS_FROM SMS_HTTP_TOKEN",
    }.items()
    for key in keys.split()
}

LATER_PREFIXES: Mapping[str, str] = {
    "S3_": "S3",
    "AZURE_": "Azure storage",
    "GCS_": "Google storage",
    "KAFKA_": "Kafka",
    "NATS_": "NATS",
    "EXTERNAL_API__": "external APIs",
    "OTEL_": "OpenTelemetry",
}


def capability_of(key: str) -> str | None:
    """What the key will be for, or None when nobody planned it."""
    prefixed = (capability for prefix, capability in LATER_PREFIXES.items() if key.startswith(prefix))
    return LATER_KEYS.get(key) or next(prefixed, None)
