"""What is particular to webhooks; the guard around their network traffic is in `egress.py`."""

# Receivers are other people's servers: over three days the waits outlast a bad deployment, a weekend's outage and a
# domain that somebody forgot to renew, and ten tries are still polite.
WEBHOOK_BACKOFF = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
