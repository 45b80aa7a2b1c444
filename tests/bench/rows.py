"""Rows by the hundred thousand: copies of one that the product has made, so that they are as it makes them.

The copies are LATERAL: `(jsonb_populate_record(…)).*` would make each row once for every column.
"""

import asyncpg

SUBSCRIBERS = """
INSERT INTO subscribers SELECT made.* FROM subscribers s, generate_series(1, $2::int) n,
    LATERAL jsonb_populate_record(s, jsonb_build_object(
    'id', gen_random_uuid(), 'subscriber_id', 'p' || n, 'email', 'p' || n || '@example.com')) made
WHERE s.subscriber_id = $1
"""
STREAMS = """
INSERT INTO streams SELECT made.* FROM streams t JOIN subscribers pattern ON pattern.id = t.stream_id, subscribers s,
    LATERAL jsonb_populate_record(t, jsonb_build_object('stream_id', s.id)) made
WHERE pattern.subscriber_id = $1 AND s.subscriber_id LIKE 'p%'
"""
MEMBERS = """
INSERT INTO topic_members (topic_id, subscriber_id, tenant_id)
SELECT t.id, s.id, s.tenant_id FROM topics t, subscribers s
WHERE t.key = $1 AND s.subscriber_id LIKE 'p%' ORDER BY s.id LIMIT $2
"""
# Ids older than all others, in their order, as time has brought them; a hundred deliveries to each notification.
OLD_ID = """
CREATE FUNCTION pg_temp.old_id(n bigint, kind int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(n), 12, '0') || '70008000' || lpad(to_hex(kind), 12, '0'))::uuid $$
"""
NOTIFICATIONS = """
INSERT INTO notifications SELECT made.* FROM notifications o, generate_series(0, $2::int / 100) n,
    LATERAL jsonb_populate_record(o, jsonb_build_object(
    'id', pg_temp.old_id(n, 0), 'transaction_id', 'old-' || n)) made
WHERE o.id = $1
"""
DELIVERIES = """
INSERT INTO deliveries SELECT made.* FROM deliveries d, generate_series(1, $2::int) n,
    LATERAL jsonb_populate_record(d, jsonb_build_object(
    'id', pg_temp.old_id(n, 1), 'target', 'p' || n, 'notification_id', pg_temp.old_id(n / 100, 0))) made
WHERE d.id = (SELECT id FROM deliveries WHERE notification_id = $1 LIMIT 1)
"""
ATTEMPTS = """
INSERT INTO attempts SELECT made.* FROM attempts a, generate_series(1, $2::int) n,
    LATERAL jsonb_populate_record(a, jsonb_build_object(
    'id', pg_temp.old_id(n, 2), 'delivery_id', pg_temp.old_id(n, 1))) made
WHERE a.delivery_id = (SELECT id FROM deliveries WHERE notification_id = $1 LIMIT 1)
"""


async def copy_subscribers(connection: asyncpg.Connection, pattern: str, count: int) -> None:
    """So many subscribers like the one of that id, and their streams."""
    await connection.execute(SUBSCRIBERS, pattern, count)
    await connection.execute(STREAMS, pattern)
    await connection.execute("ANALYZE subscribers")


async def add_members(connection: asyncpg.Connection, topic: str, count: int) -> None:
    """Put so many of the copies into a topic that exists."""
    await connection.execute(MEMBERS, topic, count)


async def copy_deliveries(connection: asyncpg.Connection, notification_id: str, count: int) -> None:
    """So many finished deliveries like those of a notification, with their notifications and attempts."""
    await connection.execute(OLD_ID)
    for statement in (NOTIFICATIONS, DELIVERIES, ATTEMPTS):
        await connection.execute(statement, notification_id, count)
    await connection.execute("ANALYZE notifications, deliveries, attempts")
