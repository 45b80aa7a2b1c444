"""No secret comes out of a configuration: not in problems, not in warnings, not by `repr`, not by `config show`."""

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from rich.pretty import pretty_repr

from app.cli.config import run_config
from infrastructure.config.catalogue import catalogue, provider_leaves
from infrastructure.config.loader import load_settings
from infrastructure.config.problems import ConfigurationError
from infrastructure.config.resolution import resolve
from infrastructure.config.section import Leaf

CANARY = "canary7Qp2Xv9"
KEY = "crl_canary7Qp2Xv9aaaaaaaaaaaaaaaaa1vZ1XW"

FINE = {
    "AUTH_SECRET": f"{CANARY}-k3Vb9qXw7RtYp2LsD8fGh5JmN1c",
    "AUTH_SECRET_PREVIOUS": f"{CANARY}-before-RtYp2LsD8fGh5JmN1cZaQeU",
    "ADMIN_PASSWORD": f"{CANARY}-password",
    "WEBHOOK_SIGNING_SECRET": "whsec_Y2FuYXJ5N1FwMlh2OWNhbmFyeTdRcDJYdjk=",
    "HEALTH_DETAILS_TOKEN": f"{CANARY}-details",
    "MAIL_DRIVER": "smtp",
    "SMTP_HOST": "relay.example.net",
    "SMTP_USER": "me",
    "SMTP_PASSWORD": f"{CANARY}-smtp",
    "NOTIFY_EMAIL_PROVIDERS": "smtp,smtp-b",
    "PROVIDER__SMTP_B__DRIVER": "smtp",
    "PROVIDER__SMTP_B__HOST": "relay.example.net",
    "PROVIDER__SMTP_B__USER": "me",
    "PROVIDER__SMTP_B__PASSWORD": f"{CANARY}-smtp-b",
}
HIDDEN = (CANARY, "Y2FuYXJ5", "whsec_Y2")


def _assert_silent(text: str) -> None:
    assert not [hidden for hidden in HIDDEN if hidden in text]


def test_settings_show_no_secret_when_they_are_printed(place: Path) -> None:
    settings = load_settings(FINE, place)

    _assert_silent(repr(settings))
    _assert_silent(str(settings))
    _assert_silent(pretty_repr(settings))
    assert CANARY in settings.auth.secret
    assert CANARY in msgspec.json.encode(settings.mail.smtp).decode()


def test_config_show_masks_secrets_when_they_are_set(place: Path) -> None:
    out, err = io.StringIO(), io.StringIO()

    assert run_config("show", FINE, place, out, err) == 0

    _assert_silent(out.getvalue() + err.getvalue())
    lines = {line.split()[0]: line.split()[1] for line in out.getvalue().splitlines()}
    secrets = [key for key in FINE if key.endswith(("SECRET", "PREVIOUS", "PASSWORD", "TOKEN"))]
    assert {lines[key] for key in secrets} == {"********"}


def test_config_show_masks_the_made_secret_when_it_was_kept(place: Path) -> None:
    load_settings({}, place, make_secret=lambda: f"{CANARY}-{'m' * 30}")
    out = io.StringIO()

    assert run_config("show", {}, place, out, io.StringIO()) == 0

    _assert_silent(out.getvalue())


def _every_leaf() -> Iterator[Leaf]:
    yield from catalogue().values()
    yield from provider_leaves(["x"]).values()


@pytest.mark.parametrize("key", [leaf.key.name for leaf in _every_leaf()])
@pytest.mark.parametrize("text", [CANARY, f"{CANARY}\n{CANARY}", f"//{CANARY}:{CANARY}@h/{CANARY}?{CANARY}"])
def test_problems_never_repeat_a_value_when_a_secret_stands_under_the_wrong_key(
    key: str, text: str, place: Path
) -> None:
    resolution = resolve({"NOTIFY_EMAIL_PROVIDERS": "x", "PROVIDER__X__DRIVER": "smtp", key: text}, place)

    _assert_silent("\n".join([*map(str, resolution.problems), *resolution.settings.warnings]))


def test_problems_never_repeat_a_file_when_it_is_full_of_secrets(place: Path) -> None:
    lines = [CANARY, f"{CANARY}==", f"APP_PORT={CANARY}", f"{CANARY}=x", f"'{CANARY}", f"{CANARY.upper()}x=1"]
    (place / ".env").write_text("\n".join(lines))
    (place / "file").write_text(CANARY)

    with pytest.raises(ConfigurationError) as raised:
        load_settings({"SMTP_PORT_FILE": "file", "DATABASE_URL": f"postgres://u:{CANARY}@h/db"}, place)

    _assert_silent(str(raised.value))
    _assert_silent(repr(raised.value.problems))


def test_a_database_password_is_masked_when_the_address_is_shown() -> None:
    mask = catalogue()["DATABASE_URL"].key.mask

    assert mask is not None
    assert mask(f"postgresql+asyncpg://me:{CANARY}@h:5432/db?password={CANARY}") == (
        "postgresql+asyncpg://me:********@h:5432/db"
    )
    assert mask("sqlite+aiosqlite:////srv/data/carillon.db") == "sqlite+aiosqlite:////srv/data/carillon.db"
