"""Every driver that the settings know can be made, and speaks to the contact point that they say."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.bootstrap.container import build_container
from container import Container
from domain.notifications.channel import Channel
from domain.subscribers.channel_points import DEVICES
from domain.subscribers.subscriber import CHAT_SERVICES
from infrastructure.channels.catalogue import MAKERS
from infrastructure.channels.push.vapid_keys import vapid_keys
from infrastructure.config.loader import load_settings
from infrastructure.config.problems import ConfigurationError
from infrastructure.config.provider_drivers import PROVIDER_DRIVERS

BASE = {"APP_ENV": "test", "AUTH_SECRET": "a secret of this test that is long enough", "DATABASE_URL": "memory://"}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def described(driver: str) -> dict[str, str]:
    """What must be said of a driver."""
    if driver == "fcm":
        key = pem(rsa.generate_private_key(65_537, 2_048))
        return {"SERVICE_ACCOUNT": json.dumps({"project_id": "p", "client_email": "a@b", "private_key": key}, indent=1)}
    if driver == "apns":
        key = pem(ec.generate_private_key(ec.SECP256R1()))
        return {"TEAM_ID": "T", "KEY_ID": "K", "TOPIC": "com.example", "PRIVATE_KEY": key}
    return {
        "smtp": {"HOST": "relay.example.com"},
        "ses": {"REGION": "eu-central-1"},
        "sendgrid": {"API_KEY": "SG.x"},
        "twilio": {"ACCOUNT_SID": "AC1", "AUTH_TOKEN": "t", "FROM": "Shop"},
        "sns": {"REGION": "eu-central-1", "ACCESS_KEY_ID": "A", "SECRET_ACCESS_KEY": "s"},
        "http": {"URL": "https://sms.example.com/?to={to}&text={text}", "HEADERS": '{"x-key": "k"}'},
        "webpush": {"PRIVATE_KEY": vapid_keys().private_key, "SUBJECT": "mailto:ops@example.com"},
        "telegram": {"BOT_TOKEN": "1:A"},
        "whatsapp": {"ACCESS_TOKEN": "t", "PHONE_NUMBER_ID": "12"},
        "apprise": {"SCHEMES": "discord,tgram"},
    }.get(driver, {})


def container_with(folder: Path, driver: str, **changes: str) -> Container:
    channel = PROVIDER_DRIVERS[driver].channel
    keys = {f"PROVIDER__MINE__{name}": text for name, text in {**described(driver), **changes}.items()}
    named = {f"NOTIFY_{channel.upper()}_PROVIDERS": "mine", "PROVIDER__MINE__DRIVER": driver}
    return build_container(load_settings({**BASE, "DATA_DIR": str(folder), **named, **keys}, folder))


def test_every_driver_that_the_settings_know_is_made_when_tables_are_compared() -> None:
    assert set(MAKERS) == {*PROVIDER_DRIVERS, "console"}


# A plug-in of the library looks for modules that Python is about to drop.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("driver", sorted(PROVIDER_DRIVERS))
async def test_a_driver_is_made_under_its_name_and_point_when_it_is_configured(driver: str, tmp_path: Path) -> None:
    container = container_with(tmp_path, driver)
    known = PROVIDER_DRIVERS[driver]
    senders = getattr(container, f"{known.channel}_providers")()
    await senders.start()

    (provider,) = container.channels()[Channel(known.channel)].providers

    assert (provider.name, provider.point) == ("mine", known.point)
    assert known.point is None or known.point in {*DEVICES, *CHAT_SERVICES}
    assert container.channels()[Channel(known.channel)].providers == (provider,)
    await senders.stop()


@pytest.mark.parametrize(
    ("driver", "changes", "words"),
    [
        ("fcm", {"SERVICE_ACCOUNT": '{"secret": "hunter2"}'}, "not the key file of a service account"),
        ("apns", {"PRIVATE_KEY": "hunter2"}, "no P-256 key"),
        ("webpush", {"PRIVATE_KEY": "hunter2"}, "is not 32 bytes of base64url"),
        ("webpush", {"PUBLIC_KEY": "hunter2"}, "does not belong to the private key"),
        ("http", {"URL": "https://sms.example.com/?hunter2"}, "must carry the number and the text"),
    ],
)
def test_it_is_said_without_the_value_when_a_provider_cannot_be_made(
    driver: str, changes: dict[str, str], words: str, tmp_path: Path
) -> None:
    container = container_with(tmp_path, driver, **changes)

    with pytest.raises(ConfigurationError, match="PROVIDER__MINE__") as raised:
        container.channels()

    assert words in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("env", ["test", "staging"])
def test_a_channel_is_on_everywhere_when_it_has_a_provider_and_in_development_without(env: str, tmp_path: Path) -> None:
    secret = {"AUTH_SECRET": "kT7vQ2xN9pLm4RsY8wZb3HdC6fGj1VaE", "DATABASE_URL": "sqlite:///x.db"}
    named = {"NOTIFY_CHAT_PROVIDERS": "slack", "APP_ENV": env, "DATA_DIR": str(tmp_path)}

    container = build_container(load_settings({**secret, **named}, tmp_path))

    enabled = {channel.value for channel, policy in container.channel_policies().items() if policy.enabled}
    always = {"in_app", "email", "webhook", "chat"}
    assert enabled == (always | {"sms", "push"} if env == "test" else always)
    stand_in = ["console"] if env == "test" else []
    assert [each.name for each in container.channels()[Channel.PUSH].providers] == stand_in
