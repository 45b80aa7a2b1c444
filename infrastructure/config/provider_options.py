"""What providers of e-mail, push and chat are told, each by the last part of its keys."""

from typing import Annotated

from infrastructure.config.parsers import http_url, matching, seconds, words
from infrastructure.config.section import Section, hidden, key

AN_ADDRESS = "an address such as https://api.example.com"
# Four weeks are what push services allow at most.
LONGEST_TTL = 2_419_200


class Timed(Section, frozen=True, kw_only=True):
    """Whatever is called over the network."""

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


class Kept(Timed, frozen=True, kw_only=True):
    """Push services, which keep messages for devices that are away."""

    ttl: Annotated[
        int,
        key(
            "TTL",
            "How long the push service keeps a message for a device that is away.",
            parse=seconds,
            ge=0,
            le=LONGEST_TTL,
        ),
    ] = 86_400


class Hooked(Timed, frozen=True, kw_only=True):
    """Chat services that post to incoming webhooks."""

    webhook_url: Annotated[
        str | None,
        key(
            "WEBHOOK_URL",
            "Incoming webhook for recipients whose contact point names none of its own.",
            # Some carry a signature in their query.
            parse=matching(r"^https?://\S+$", "an address that the service gave out"),
            expects="an address that the service gave out",
            mask=hidden,
        ),
    ] = None


class AwsOptions(Timed, frozen=True, kw_only=True):
    """Services of Amazon."""

    region: Annotated[str, key("REGION", "Region of the service, such as eu-central-1.", min_length=1, max_length=60)]
    access_key_id: Annotated[
        str | None, key("ACCESS_KEY_ID", "Access key; without one, the role of the machine counts.")
    ] = None
    secret_access_key: Annotated[str | None, key("SECRET_ACCESS_KEY", "Secret of that access key.", mask=hidden)] = None
    session_token: Annotated[str | None, key("SESSION_TOKEN", "Token of temporary access keys.", mask=hidden)] = None
    endpoint_url: Annotated[
        str | None,
        key("ENDPOINT_URL", "For services that speak like Amazon's.", parse=http_url, expects=AN_ADDRESS),
    ] = None


class SesOptions(AwsOptions, frozen=True, kw_only=True):
    """Amazon SES"""

    configuration_set: Annotated[
        str | None, key("CONFIGURATION_SET", "Set of the account that publishes receipts.")
    ] = None


class SendGridOptions(Timed, frozen=True, kw_only=True):
    """SendGrid"""

    api_key: Annotated[str, key("API_KEY", "Key that may send mail.", mask=hidden, min_length=1)]
    base_url: Annotated[
        str, key("BASE_URL", "Another one for accounts in the EU.", parse=http_url, expects=AN_ADDRESS)
    ] = "https://api.sendgrid.com"


class FcmOptions(Kept, frozen=True, kw_only=True):
    """Firebase Cloud Messaging"""

    service_account: Annotated[
        str,
        key(
            "SERVICE_ACCOUNT",
            "Content of the service account's key file; best given as SERVICE_ACCOUNT_FILE.",
            mask=hidden,
            expects="JSON as the Firebase console gives it out",
            lines=True,
            min_length=1,
        ),
    ]
    base_url: Annotated[str, key("BASE_URL", "Where FCM is asked.", parse=http_url, expects=AN_ADDRESS)] = (
        "https://fcm.googleapis.com"
    )


class ApnsOptions(Kept, frozen=True, kw_only=True):
    """Apple Push Notification service"""

    team_id: Annotated[str, key("TEAM_ID", "Team that the key belongs to.", min_length=1, max_length=40)]
    key_id: Annotated[str, key("KEY_ID", "Which of the team's keys it is.", min_length=1, max_length=40)]
    private_key: Annotated[
        str,
        key(
            "PRIVATE_KEY",
            "Content of the .p8 file; best given as PRIVATE_KEY_FILE.",
            mask=hidden,
            expects="a key in PEM",
            lines=True,
            min_length=1,
        ),
    ]
    topic: Annotated[str, key("TOPIC", "Bundle id of the app.", min_length=1, max_length=200)]
    base_url: Annotated[
        str,
        key(
            "BASE_URL",
            "https://api.sandbox.push.apple.com for builds in development, whose device tokens are others.",
            parse=http_url,
            expects=AN_ADDRESS,
        ),
    ] = "https://api.push.apple.com"


class WebPushOptions(Kept, frozen=True, kw_only=True):
    """Web Push"""

    private_key: Annotated[
        str, key("PRIVATE_KEY", "Private VAPID key; with another one every subscription is lost.", mask=hidden)
    ]
    subject: Annotated[
        str,
        key(
            "SUBJECT",
            "Where push services complain.",
            pattern=r"^(mailto:|https://)\S+$",
            expects="mailto: and an address, or an https address",
        ),
    ]
    public_key: Annotated[str | None, key("PUBLIC_KEY", "Public VAPID key, to be held against the private one.")] = None


class SlackOptions(Hooked, frozen=True, kw_only=True):
    """Slack"""

    bot_token: Annotated[str | None, key("BOT_TOKEN", "Bot (xoxb-…) that posts to channels.", mask=hidden)] = None
    base_url: Annotated[str, key("BASE_URL", "Where Slack's API is asked.", parse=http_url, expects=AN_ADDRESS)] = (
        "https://slack.com/api"
    )


class DiscordOptions(Hooked, frozen=True, kw_only=True):
    """Discord"""


class TeamsOptions(Hooked, frozen=True, kw_only=True):
    """Microsoft Teams"""


class TelegramOptions(Timed, frozen=True, kw_only=True):
    """Telegram"""

    bot_token: Annotated[str, key("BOT_TOKEN", "Token that BotFather gave out.", mask=hidden, min_length=1)]
    base_url: Annotated[str, key("BASE_URL", "Where the Bot API is asked.", parse=http_url, expects=AN_ADDRESS)] = (
        "https://api.telegram.org"
    )


class WhatsAppOptions(Timed, frozen=True, kw_only=True):
    """WhatsApp"""

    access_token: Annotated[str, key("ACCESS_TOKEN", "Token of a system user.", mask=hidden, min_length=1)]
    phone_number_id: Annotated[
        str, key("PHONE_NUMBER_ID", "Id of the sender's number, not the number.", pattern=r"^[0-9]{1,40}$")
    ]
    template_name: Annotated[
        str | None,
        key("TEMPLATE_NAME", "Approved template with title and text; without it only recent writers are reached."),
    ] = None
    template_language: Annotated[
        str, key("TEMPLATE_LANGUAGE", "Language of the template.", pattern=r"^[A-Za-z_]{2,20}$")
    ] = "en_US"
    version: Annotated[str, key("API_VERSION", "Version of the Cloud API.", pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")] = (
        "v23.0"
    )
    base_url: Annotated[str, key("BASE_URL", "Where the Cloud API is asked.", parse=http_url, expects=AN_ADDRESS)] = (
        "https://graph.facebook.com"
    )


class AppriseOptions(Timed, frozen=True, kw_only=True):
    """Apprise (extra `longtail`)"""

    url: Annotated[
        str | None,
        key(
            "URL",
            "Apprise URL for recipients whose contact point names none of its own.",
            parse=matching(r"^[A-Za-z][A-Za-z0-9+.-]*://\S+$", "an Apprise URL"),
            expects="an Apprise URL",
            mask=hidden,
        ),
    ] = None
    schemes: Annotated[
        tuple[str, ...],
        key(
            "SCHEMES",
            "The only kinds of URL that may be used; those that name their host reach what this machine reaches.",
            parse=words,
            depends="services with a host of their own",
        ),
    ] = ()
