"""E-mail: the one relay of a simple installation, or several by name (`provider.py`)."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import field

from infrastructure.config import drivers
from infrastructure.config.parsers import seconds
from infrastructure.config.section import Section, hidden, key, nested

DEFAULT_SENDER = "Carillon <no-reply@localhost>"

# Submission (RFC 6409), submission over TLS (RFC 8314), and relay for a server beside us.
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class SmtpSettings(Section, frozen=True, kw_only=True):
    """One SMTP relay."""

    host: Annotated[
        str,
        key(
            "HOST",
            "Name or address of the relay.",
            pattern=r"^[^\s/@]{1,255}$",
            expects="a host name or an address",
            depends="none with the smtp driver, which needs it named",
        ),
    ] = "localhost"
    port: Annotated[
        int, key("PORT", "Port of the relay.", depends="587 for starttls, 465 for tls, 25 for none", ge=1, le=65_535)
    ] = 587
    user: Annotated[str | None, key("USER", "Account at the relay, if it wants one.")] = None
    password: Annotated[str | None, key("PASSWORD", "Password of that account.", mask=hidden)] = None
    tls: Annotated[
        Literal["none", "starttls", "tls"],
        key(
            "TLS",
            "starttls and tls refuse to send without encryption: an optional one is switched off by whoever listens.",
            depends="none towards this machine, else starttls",
        ),
    ] = "starttls"
    timeout: Annotated[
        float,
        key(
            "TIMEOUT",
            "Total time of one send; not above WORKER_SEND_TIMEOUT.",
            parse=seconds,
            depends="WORKER_SEND_TIMEOUT, 10 s at most",
            ge=0.1,
            le=120,
        ),
    ] = 10.0


class MailSettings(Section, frozen=True, kw_only=True):
    """E-mail"""

    driver: Annotated[
        str,
        key(
            "MAIL_DRIVER",
            "file writes .eml files to look at, console prints, smtp sends; NOTIFY_EMAIL_PROVIDERS beats it.",
            parse=drivers.MAIL,
            expects=drivers.MAIL.names,
        ),
    ] = "file"
    sender: Annotated[
        str,
        key(
            "MAIL_FROM",
            "Sender of every message; receivers refuse a domain that is not yours.",
            pattern=r"^(?:[^<>@]*<[^@\s<>]+@[^@\s<>]+>|[^@\s<>]+@[^@\s<>]+)$",
            expects="an address such as news@example.com or Example <news@example.com>",
        ),
    ] = DEFAULT_SENDER
    maildir: Annotated[Path, key("MAIL_DIR", "Folder of the file driver.", default="<DATA_DIR>/mail")]
    smtp: Annotated[SmtpSettings, nested("SMTP_")] = field(default_factory=SmtpSettings)
