import pytest

from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.email.smtp_replies import Stage, meaning

RETRY, SLOWER = AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
PROVIDER, RECIPIENT = AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.RECIPIENT_PERMANENT


@pytest.mark.parametrize(
    ("reply", "stage", "outcome", "error_code"),
    [
        ("421 try later", Stage.CONNECT, RETRY, "smtp.service_unavailable"),
        ("421 4.3.2 closing", Stage.RECIPIENT, RETRY, "smtp.service_unavailable"),
        ("421 4.7.28 rate limited", Stage.DATA, SLOWER, "smtp.throttled"),
        ("450 mailbox busy", Stage.RECIPIENT, RETRY, "smtp.temporary_failure"),
        ("450 4.2.1 The user is receiving mail at a rate that exceeded its rate limit", Stage.RECIPIENT, SLOWER, None),
        ("451 4.7.1 Greylisted", Stage.RECIPIENT, SLOWER, "smtp.throttled"),
        ("451 local error", Stage.DATA, RETRY, "smtp.temporary_failure"),
        ("452 4.3.1 insufficient storage", Stage.DATA, RETRY, "smtp.temporary_failure"),
        ("452 Too many connections", Stage.SENDER, SLOWER, "smtp.throttled"),
        ("454 4.7.0 temporary authentication failure", Stage.CONNECT, SLOWER, "smtp.throttled"),
        ("530 5.7.0 authentication required", Stage.SENDER, PROVIDER, "smtp.auth_failed"),
        ("530 authentication required", Stage.RECIPIENT, PROVIDER, "smtp.auth_failed"),
        ("535 5.7.8 bad credentials", Stage.CONNECT, PROVIDER, "smtp.auth_failed"),
        ("554 no service here", Stage.CONNECT, PROVIDER, "smtp.refused"),
        ("550 sender rejected", Stage.SENDER, PROVIDER, "smtp.sender_refused"),
        ("552 5.3.4 too large", Stage.SENDER, PROVIDER, "smtp.sender_refused"),
        ("550 no such user", Stage.RECIPIENT, RECIPIENT, "smtp.recipient_refused"),
        ("550 5.1.1 no such user", Stage.RECIPIENT, RECIPIENT, "smtp.recipient_refused"),
        ("550 5.4.1 Recipient address rejected: Access denied", Stage.RECIPIENT, RECIPIENT, "smtp.recipient_refused"),
        ("551 not local", Stage.RECIPIENT, RECIPIENT, "smtp.recipient_refused"),
        ("553 mailbox name not allowed", Stage.RECIPIENT, RECIPIENT, "smtp.recipient_refused"),
        ("554 5.1.1 unknown", Stage.DATA, RECIPIENT, "smtp.recipient_refused"),
        ("550 5.1.8 sender domain does not exist", Stage.RECIPIENT, PROVIDER, "smtp.refused"),
        ("550 5.7.1 relaying denied", Stage.RECIPIENT, PROVIDER, "smtp.refused"),
        ("554 5.7.1 relay access denied", Stage.RECIPIENT, PROVIDER, "smtp.refused"),
        ("554 transaction failed", Stage.DATA, PROVIDER, "smtp.refused"),
        ("552 5.2.2 mailbox full", Stage.DATA, RECIPIENT, "smtp.recipient_refused"),
        ("552 exceeded storage allocation", Stage.RECIPIENT, RECIPIENT, "smtp.recipient_refused"),
        ("552 message too large", Stage.DATA, PROVIDER, "smtp.refused"),
        ("503 bad sequence", Stage.DATA, PROVIDER, "smtp.refused"),
        ("251 what", Stage.DATA, RETRY, "smtp.protocol_error"),
    ],
)
def test_a_reply_means_what_may_be_tried_next(
    reply: str, stage: Stage, outcome: AttemptOutcome, error_code: str | None
) -> None:
    code, _, text = reply.partition(" ")
    found = meaning(int(code), text, stage)
    assert found == (outcome, error_code or "smtp.throttled")
