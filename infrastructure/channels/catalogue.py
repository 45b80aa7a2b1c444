"""Providers by what is known of them: `config/provider_drivers.py` says what each driver is told, this makes it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, cast

from application.ports.clock import Clock
from application.ports.http_client import HttpClient
from application.ports.notification_channel import ChannelProvider
from infrastructure.channels.chat.discord import DiscordAccount, DiscordProvider
from infrastructure.channels.chat.slack import SlackAccount, SlackProvider
from infrastructure.channels.chat.teams import TeamsAccount, TeamsProvider
from infrastructure.channels.chat.telegram import TelegramAccount, TelegramProvider
from infrastructure.channels.chat.whatsapp import WhatsAppAccount, WhatsAppProvider
from infrastructure.channels.console import ConsoleProvider
from infrastructure.channels.email.file import EmlFileProvider
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.channels.email.sendgrid import SendGridAccount, SendGridProvider
from infrastructure.channels.email.smtp import SmtpProvider
from infrastructure.channels.sms.http import HttpSmsProvider
from infrastructure.channels.sms.http_template import SmsGateway
from infrastructure.channels.sms.twilio import TwilioAccount, TwilioProvider
from infrastructure.config.provider import ProviderSettings
from infrastructure.config.provider_options import (
    ApnsOptions,
    AppriseOptions,
    DiscordOptions,
    FcmOptions,
    SendGridOptions,
    SesOptions,
    SlackOptions,
    TeamsOptions,
    TelegramOptions,
    WebPushOptions,
    WhatsAppOptions,
)
from infrastructure.config.section import Section
from infrastructure.config.sms_options import GatewayOptions, SnsOptions, TwilioOptions
from infrastructure.system.bounded_executor import BoundedExecutor

OptionsT = TypeVar("OptionsT", bound=Section)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What providers are made with; `mask` makes texts of a recipient fit for a console."""

    client: HttpClient
    clock: Clock
    composer: EmailComposer
    maildir: Path
    threads: BoundedExecutor
    mask: Callable[[str], str]


Make = Callable[[ProviderSettings, Means], ChannelProvider]


def provider_of(settings: ProviderSettings, means: Means) -> ChannelProvider:
    """The provider that the settings describe. ValueError, which quotes no secret, for values that cannot be used;
    RuntimeError when an optional package is missing.
    """
    return MAKERS[settings.driver](settings, means)


def _load(path: str) -> Any:
    # Any: a class. Loaded when it is configured: libraries of vendors are large, and some are optional.
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _options(settings: ProviderSettings, kind: type[OptionsT]) -> OptionsT:
    if not isinstance(settings.options, kind):
        raise TypeError(f"the {settings.driver} driver wants {kind.__name__}")
    return settings.options


def _console(settings: ProviderSettings, means: Means) -> ChannelProvider:
    return ConsoleProvider(settings.name, mask=means.mask)


def _file(settings: ProviderSettings, means: Means) -> ChannelProvider:
    return EmlFileProvider(settings.name, means.maildir, means.composer)


def _smtp(settings: ProviderSettings, means: Means) -> ChannelProvider:
    return SmtpProvider(settings.name, settings.smtp, means.composer)


def _aws_account(options: SesOptions | SnsOptions) -> Any:
    # Any: see `_load`.
    return _load("infrastructure.channels.aws_client:AwsAccount")(
        region=options.region,
        access_key_id=options.access_key_id,
        secret_access_key=options.secret_access_key,
        session_token=options.session_token,
        endpoint_url=options.endpoint_url,
    )


def _ses(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, SesOptions)
    made = _load("infrastructure.channels.email.ses:SesProvider")(
        settings.name,
        _aws_account(options),
        means.composer,
        configuration_set=options.configuration_set,
        timeout=options.timeout,
    )
    return cast("ChannelProvider", made)


def _sendgrid(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, SendGridOptions)
    return SendGridProvider(
        settings.name,
        SendGridAccount(api_key=options.api_key),
        means.client,
        means.composer,
        means.clock,
        timeout=options.timeout,
        base_url=options.base_url,
    )


def _twilio(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, TwilioOptions)
    account = TwilioAccount(
        account_sid=options.account_sid,
        auth_token=options.auth_token,
        api_key_sid=options.api_key_sid,
        sender=options.sender,
        messaging_service_sid=options.messaging_service_sid,
        status_callback=options.status_callback,
    )
    return TwilioProvider(
        settings.name,
        account,
        means.client,
        means.clock,
        refused_prefixes=options.refused_prefixes,
        timeout=options.timeout,
        base_url=options.base_url,
    )


def _sns(settings: ProviderSettings, _: Means) -> ChannelProvider:
    options = _options(settings, SnsOptions)
    made = _load("infrastructure.channels.sms.sns:SnsProvider")(
        settings.name,
        _aws_account(options),
        sender_id=options.sender_id,
        origination_number=options.origination_number,
        sms_type=options.sms_type,
        refused_prefixes=options.refused_prefixes,
        timeout=options.timeout,
    )
    return cast("ChannelProvider", made)


def _gateway(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, GatewayOptions)
    gateway = SmsGateway(
        url=options.url,
        method=options.method,
        headers=json.loads(options.headers or "{}"),
        body=options.body,
        body_format=options.body_format,
        sender=options.sender,
        success_statuses=options.success_statuses,
        recipient_statuses=options.recipient_statuses,
        message_id_path=options.message_id_path,
    )
    return HttpSmsProvider(
        settings.name,
        gateway,
        means.client,
        means.clock,
        refused_prefixes=options.refused_prefixes,
        longest_text=options.longest_text,
        timeout=options.timeout,
    )


def _fcm(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, FcmOptions)
    account = _load("infrastructure.channels.push.google_tokens:FcmAccount").from_json(options.service_account)
    made = _load("infrastructure.channels.push.fcm:FcmProvider")(
        settings.name,
        account,
        means.client,
        means.clock,
        timeout=options.timeout,
        base_url=options.base_url,
        ttl=options.ttl,
    )
    return cast("ChannelProvider", made)


def _apns(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, ApnsOptions)
    account = _load("infrastructure.channels.push.apns_tokens:ApnsAccount")(
        team_id=options.team_id, key_id=options.key_id, private_key=options.private_key, topic=options.topic
    )
    made = _load("infrastructure.channels.push.apns:ApnsProvider")(
        settings.name,
        account,
        means.client,
        means.clock,
        timeout=options.timeout,
        base_url=options.base_url,
        ttl=options.ttl,
    )
    return cast("ChannelProvider", made)


def _webpush(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, WebPushOptions)
    account = _load("infrastructure.channels.push.vapid:VapidAccount")(
        private_key=options.private_key, subject=options.subject, public_key=options.public_key
    )
    made = _load("infrastructure.channels.push.webpush:WebPushProvider")(
        settings.name, account, means.client, means.clock, timeout=options.timeout, ttl=options.ttl
    )
    return cast("ChannelProvider", made)


def _slack(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, SlackOptions)
    account = SlackAccount(bot_token=options.bot_token, webhook_url=options.webhook_url)
    return SlackProvider(
        settings.name, account, means.client, means.clock, timeout=options.timeout, base_url=options.base_url
    )


def _discord(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, DiscordOptions)
    account = DiscordAccount(webhook_url=options.webhook_url)
    return DiscordProvider(settings.name, account, means.client, means.clock, timeout=options.timeout)


def _teams(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, TeamsOptions)
    account = TeamsAccount(webhook_url=options.webhook_url)
    return TeamsProvider(settings.name, account, means.client, means.clock, timeout=options.timeout)


def _telegram(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, TelegramOptions)
    account = TelegramAccount(bot_token=options.bot_token)
    return TelegramProvider(
        settings.name, account, means.client, means.clock, timeout=options.timeout, base_url=options.base_url
    )


def _whatsapp(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, WhatsAppOptions)
    account = WhatsAppAccount(
        access_token=options.access_token,
        phone_number_id=options.phone_number_id,
        template_name=options.template_name,
        template_language=options.template_language,
        version=options.version,
    )
    return WhatsAppProvider(
        settings.name, account, means.client, means.clock, timeout=options.timeout, base_url=options.base_url
    )


def _apprise(settings: ProviderSettings, means: Means) -> ChannelProvider:
    options = _options(settings, AppriseOptions)
    schemes = options.schemes or _load("infrastructure.channels.chat.apprise:HOSTED_SCHEMES")
    account = _load("infrastructure.channels.chat.apprise:AppriseAccount")(url=options.url, schemes=schemes)
    made = _load("infrastructure.channels.chat.apprise:AppriseProvider")(
        settings.name, account, means.threads, timeout=options.timeout
    )
    return cast("ChannelProvider", made)


MAKERS: Mapping[str, Make] = {
    "console": _console,
    "file": _file,
    "smtp": _smtp,
    "ses": _ses,
    "sendgrid": _sendgrid,
    "twilio": _twilio,
    "sns": _sns,
    "http": _gateway,
    "fcm": _fcm,
    "apns": _apns,
    "webpush": _webpush,
    "slack": _slack,
    "discord": _discord,
    "teams": _teams,
    "telegram": _telegram,
    "whatsapp": _whatsapp,
    "apprise": _apprise,
}
