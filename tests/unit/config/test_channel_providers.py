"""Providers of SMS, push and chat, and what is wrong with them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from msgspec import NODEFAULT

from infrastructure.config.catalogue import option_leaves
from infrastructure.config.problems import Problem
from infrastructure.config.provider_drivers import PROVIDER_DRIVERS
from infrastructure.config.provider_options import ApnsOptions, SlackOptions
from infrastructure.config.reload import changes
from infrastructure.config.resolution import Resolution
from infrastructure.config.settings import Settings
from infrastructure.config.sms_options import TwilioOptions

Load = Callable[..., Settings]
Problems = Callable[..., Mapping[str, Problem]]
Resolve = Callable[..., Resolution]

PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"
TWILIO = {
    "NOTIFY_SMS_PROVIDERS": "twilio",
    "PROVIDER__TWILIO__ACCOUNT_SID": "AC1",
    "PROVIDER__TWILIO__AUTH_TOKEN": "token-of-twilio",
    "PROVIDER__TWILIO__FROM": "+15005550006",
}
APNS = {
    "NOTIFY_PUSH_PROVIDERS": "iphones",
    "PROVIDER__IPHONES__DRIVER": "apns",
    "PROVIDER__IPHONES__TEAM_ID": "T",
    "PROVIDER__IPHONES__KEY_ID": "K",
    "PROVIDER__IPHONES__TOPIC": "com.example",
}


def test_nobody_is_configured_when_no_provider_is_named(settings: Load) -> None:
    notification = settings().notification

    assert (notification.sms_providers, notification.push_providers, notification.chat_providers) == ((), (), ())


def test_a_provider_is_what_it_is_named_after_when_no_key_says_otherwise(settings: Load) -> None:
    (provider,) = settings(**TWILIO, WORKER_SEND_TIMEOUT="4s").notification.sms_providers

    assert (provider.name, provider.driver) == ("twilio", "twilio")
    assert provider.options == TwilioOptions(
        account_sid="AC1", auth_token="token-of-twilio", sender="+15005550006", timeout=4.0
    )


def test_each_channel_keeps_its_providers_in_order_when_several_are_named(settings: Load) -> None:
    chat = settings(
        NOTIFY_CHAT_PROVIDERS="telegram,team",
        PROVIDER__TELEGRAM__BOT_TOKEN="1:A",
        PROVIDER__TEAM__DRIVER="slack",
        PROVIDER__TEAM__BOT_TOKEN="xoxb-1",
    ).notification.chat_providers

    assert [(each.name, each.driver) for each in chat] == [("telegram", "telegram"), ("team", "slack")]
    assert chat[1].options == SlackOptions(bot_token="xoxb-1")


@pytest.mark.parametrize("in_file", [True, False])
def test_a_key_in_pem_is_taken_whole_when_it_has_several_lines(in_file: bool, settings: Load, place: Path) -> None:
    (place / "key.p8").write_text(PEM + "\n", encoding="utf-8")
    given = {"PROVIDER__IPHONES__PRIVATE_KEY_FILE": "key.p8"} if in_file else {"PROVIDER__IPHONES__PRIVATE_KEY": PEM}

    (provider,) = settings(**APNS, **given).notification.push_providers

    assert isinstance(provider.options, ApnsOptions)
    assert provider.options.private_key == PEM


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        (
            {"PROVIDER__TWILIO__AUTH_TOKEN": ""},
            "PROVIDER__TWILIO__AUTH_TOKEN",
            "is empty; give it a value or remove it",
        ),
        ({"PROVIDER__TWILIO__ACCOUNT_SID": ""}, "PROVIDER__TWILIO__ACCOUNT_SID", "is required by the twilio driver"),
        (
            {"PROVIDER__TWILIO__FROM": ""},
            "PROVIDER__TWILIO__FROM",
            "or PROVIDER__TWILIO__MESSAGING_SERVICE_SID is required by twilio",
        ),
        (
            {"PROVIDER__TWILIO__TOPIC": "x"},
            "PROVIDER__TWILIO__TOPIC",
            "has no effect, since PROVIDER__TWILIO__DRIVER is twilio",
        ),
        (
            {"PROVIDER__TWILIO__ACOUNT_SID": "x"},
            "PROVIDER__TWILIO__ACOUNT_SID",
            "is no key of this product; did you mean PROVIDER__TWILIO__ACCOUNT_SID?",
        ),
        (
            {"PROVIDER__TWILIO__DRIVER": "fcm"},
            "PROVIDER__TWILIO__DRIVER",
            "must be one of twilio, sns, http, console",
        ),
        (
            {"PROVIDER__TWILIO__TIMEOUT": "11s"},
            "PROVIDER__TWILIO__TIMEOUT",
            "must not be longer than WORKER_SEND_TIMEOUT, which ends the send",
        ),
        (
            {"PROVIDER__TWILIO__REFUSED_PREFIXES": "0900"},
            "PROVIDER__TWILIO__REFUSED_PREFIXES",
            "must be beginnings of numbers such as +4990, separated by commas",
        ),
        (
            {"NOTIFY_PUSH_PROVIDERS": "phones"},
            "PROVIDER__PHONES__DRIVER",
            "is required, since NOTIFY_PUSH_PROVIDERS names phones",
        ),
        (
            {"NOTIFY_CHAT_PROVIDERS": "slack,team", "NOTIFY_PUSH_PROVIDERS": "team", "PROVIDER__TEAM__DRIVER": "slack"},
            "NOTIFY_CHAT_PROVIDERS",
            "names team, as NOTIFY_PUSH_PROVIDERS does: a provider belongs to one channel",
        ),
        (
            {"NOTIFY_SMS_PROVIDERS": "sns", "PROVIDER__SNS__REGION": "eu", "PROVIDER__SNS__ACCESS_KEY_ID": "A"},
            "PROVIDER__SNS__SECRET_ACCESS_KEY",
            "is missing beside PROVIDER__SNS__ACCESS_KEY_ID",
        ),
    ],
)
def test_it_is_said_precisely_when_something_is_wrong(
    change: dict[str, str], key: str, message: str, problems: Problems
) -> None:
    assert problems(**{**TWILIO, **change})[key].message == message


@pytest.mark.parametrize("name", ["NOTIFY_SMS_PROVIDERS", "NOTIFY_PUSH_PROVIDERS", "NOTIFY_CHAT_PROVIDERS"])
def test_a_console_is_refused_when_people_depend_on_it(name: str, problems: Problems) -> None:
    environ = {"APP_ENV": "production", "AUTH_SECRET": "kT7vQ2xN9pLm4RsY8wZb3HdC6fGj1VaE", "MAIL_DRIVER": "file"}

    assert problems(**environ, **{name: "console"})[name].message.startswith("must not print messages")


def test_short_names_stand_for_a_provider_named_after_its_driver_when_they_are_used(settings: Load) -> None:
    chat = settings(NOTIFY_CHAT_PROVIDERS="slack", SLACK_WEBHOOK_URL="https://hooks.example.com/x").notification

    assert chat.chat_providers[0].options == SlackOptions(webhook_url="https://hooks.example.com/x")


def test_a_restart_is_asked_for_when_a_provider_is_described_otherwise(settings: Load) -> None:
    before, after = settings(**TWILIO), settings(**{**TWILIO, "PROVIDER__TWILIO__FROM": "Shop"})

    assert changes(before, after).restart == ("PROVIDER__TWILIO__*",)
    assert changes(before, before).restart == ()


def test_settings_show_no_secret_of_a_provider_when_they_are_printed(resolved: Resolve) -> None:
    resolution = resolved(**TWILIO)

    assert "token-of-twilio" not in repr(resolution)
    rows = {row.key: row.text for row in resolution.rows}
    assert rows["PROVIDER__TWILIO__AUTH_TOKEN"] == "********"
    assert rows["PROVIDER__TWILIO__FROM"] == "+15005550006"


SECRET_WORDS = ("TOKEN", "SECRET", "PRIVATE_KEY", "API_KEY", "SERVICE_ACCOUNT", "WEBHOOK_URL")


@pytest.mark.parametrize("driver", sorted(PROVIDER_DRIVERS))
def test_every_key_of_a_driver_is_described_and_hidden_when_it_is_a_secret(driver: str, place: Path) -> None:
    for leaf in option_leaves("x", driver):
        assert leaf.key.why.endswith("."), leaf.key.name
        assert leaf.key.secret or not leaf.key.name.endswith(SECRET_WORDS), leaf.key.name
        assert leaf.default is not NODEFAULT or leaf.key.default is None


@pytest.mark.parametrize("driver", [name for name, each in PROVIDER_DRIVERS.items() if each.options])
def test_any_text_is_a_value_or_a_problem_when_it_stands_under_a_drivers_key(driver: str, resolved: Resolve) -> None:
    channel = PROVIDER_DRIVERS[driver].channel
    for text in ("x", "7", "https://example.com/a", "+49", "a,b", "{}", "\n", "é"):
        given = {leaf.key.name: text for leaf in option_leaves("x", driver)}
        resolution = resolved(**{f"NOTIFY_{channel.upper()}_PROVIDERS": "x", "PROVIDER__X__DRIVER": driver, **given})
        assert resolution.settings.notification.providers[channel][0].driver == driver
