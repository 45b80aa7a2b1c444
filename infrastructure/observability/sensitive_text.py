"""Removes secrets and masks contact points in running text, wherever they stand in it.

When in doubt it removes too much: a log line that lost a word is a nuisance, one that kept a password is an incident.
All patterns have bounded repetition or run over disjoint characters, so that none can be made slow by its input.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MASK: Final = "***"

# Of fewer digits, four would be most of the number.
_SHORTEST_MASKED = 7

_FLAGS = re.IGNORECASE | re.DOTALL
# Lower-case text without any of these holds nothing that a rule below could match.
_SUSPICIOUS = re.compile(
    r"""[@=:>+?&%]|["']\s?,|-----b|crl_|wh(?:sec|sk|pk)_|xox|eyj|bearer|basic|apikey|slack|/webhooks/|/bot"""
    r"""|(?<![\w.+-])(?:00[1-9]|\(?[2-9]\d\d\)?[ .-]{1,2}\d\d\d[ .-]\d)"""
)
# `api_key:<id>` names a caller in our own lines; the id is no secret.
_NAMES = (
    r"(?!api_key:[0-9a-f]{8}-[0-9a-f]{4}-7)(?:passw(?:or)?d|passphrase|pwd|secret|token|ticket|api[_-]?key|private[_-]?key|signing[_-]?key|credential"
    r"|\b(?:otp|pin|dsn)(?![a-z]))"
)
_QUOTED = r"""b?(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|'(?:[^'\\]|\\.)*(?:'|\\?\Z))"""
_NESTED = r"""\[[^\]]*(?:\]|\Z)|\{[^}]*(?:\}|\Z)|\([^)]*(?:\)|\Z)"""
_ASSIGNED = rf"""\\{{0,3}}["']?\s{{0,3}}[=:>]\s{{0,3}}\\{{0,3}}(?:{_QUOTED}|{_NESTED}|["']?[^\s;&"'<>]+)"""
# ASGI headers and database parameters are shown as pairs: (b'cookie', b'sid=…').
_PAIRED = rf"""["']\s?,\s?{_QUOTED}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """`hints` are lower-case texts of which one must occur before the pattern is worth trying."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def _after_name(match: re.Match[str]) -> str:
    return f"{match['name']}={MASK}"


def _mask_local_part(match: re.Match[str]) -> str:
    return f"{match['first']}{MASK}@{match['domain']}"


def mask_phone(number: str) -> str:
    """Keeps what tells the country and the last two digits: `+49***89`."""
    digits = [char for char in number if char.isdigit()]
    if len(digits) < _SHORTEST_MASKED:
        return MASK
    plus = "+" if number.lstrip().startswith("+") else ""
    return f"{plus}{''.join(digits[:2])}{MASK}{''.join(digits[-2:])}"


_RULES = (
    _Rule(
        hints=("-----begin",),
        pattern=re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)", _FLAGS),
        replacement="[private key]",
    ),
    # SQLAlchemy repeats the bound values of the statement that failed.
    _Rule(hints=("[parameters: ",), pattern=re.compile(r"\[parameters: [^\n]*"), replacement=f"[parameters: {MASK}]"),
    _Rule(
        hints=("://",),
        pattern=re.compile(r"""://(?P<user>[^\s:/@"'?#]*):(?:[^\s@"'<>]{0,2048}@)+"""),
        replacement=rf"://\g<user>:{MASK}@",
    ),
    _Rule(hints=("://",), pattern=re.compile(r"""://[^\s:/@"'?#]+@"""), replacement=f"://{MASK}@"),
    _Rule(
        hints=("cookie", "authorization"),
        pattern=re.compile(
            rf"""(?P<name>(?:set-)?cookie|(?:proxy-)?authorization)(?:{_PAIRED}"""
            rf"""|\\{{0,3}}["']?\s{{0,3}}[=:]\s{{0,3}}\\{{0,3}}(?:{_QUOTED}|{_NESTED}|[^\r\n]+))""",
            _FLAGS,
        ),
        replacement=_after_name,
    ),
    _Rule(
        hints=("pass", "pwd", "secret", "token", "ticket", "key", "credential", "otp", "pin", "dsn"),
        pattern=re.compile(rf"(?P<name>{_NAMES}[\w-]{{0,16}})(?:{_PAIRED}|{_ASSIGNED})", _FLAGS),
        replacement=_after_name,
    ),
    _Rule(
        hints=("?", "&"),
        pattern=re.compile(r"""(?P<name>[?&](?:code|sig|key|auth|state|x-amz-[a-z-]{1,20}))=[^&\s"'#]*""", _FLAGS),
        replacement=_after_name,
    ),
    _Rule(
        hints=("bearer", "basic", "apikey"),
        pattern=re.compile(r"""\b(bearer|apikey|basic(?=.{1,3}[a-z0-9+/=]{6}))(?:\s{1,3}|%20)[^\s"',;]+""", _FLAGS),
        replacement=rf"\1 {MASK}",
    ),
    _Rule(
        hints=("crl_", "whsec_", "xox"),
        pattern=re.compile(r"(crl_|whsec_|whsk_|whpk_|xox[a-z]-)[A-Za-z0-9+/=_-]+", _FLAGS),
        replacement=rf"\1{MASK}",
    ),
    _Rule(hints=("eyj",), pattern=re.compile(r"eyJ[\w-]{6,}(?:\.[\w-]*){0,4}"), replacement="[jwt]"),
    # The path of an incoming webhook is its password.
    _Rule(
        hints=("hooks.slack.com", "/webhooks/", "/bot"),
        pattern=re.compile(r"""(hooks\.slack\.com/|/api/webhooks/|/bot(?=\d+:))[^\s"'<>]+""", _FLAGS),
        replacement=rf"\1{MASK}",
    ),
    _Rule(
        hints=("@", "%40"),
        pattern=re.compile(
            r"""(?:"(?P<quoted>[^"\n]{1,64})"|(?P<first>[\w.+%'!#$~-])[\w.+%'!#$~-]{0,63}?)(?:@|%40)"""
            r"""(?P<domain>localhost\b|(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{0,62})"""
        ),
        replacement=lambda match: _mask_local_part(match) if match["first"] else f"{MASK}@{match['domain']}",
    ),
    _Rule(
        hints=("+", "%2b"),
        pattern=re.compile(r"(?<![\w+])(?:\+|%2B)[1-9](?:[ ().-]{0,2}\d){6,30}", re.IGNORECASE),
        replacement=lambda match: mask_phone(match[0].replace("%2B", "+").replace("%2b", "+")),
    ),
    _Rule(
        hints=("00",),
        pattern=re.compile(r"(?<![\w.+-])00[1-9](?:[ .-]?\d){7,13}(?![\w-])"),
        replacement=lambda match: mask_phone(match[0]),
    ),
    _Rule(
        hints=(" ", ".", "-"),
        pattern=re.compile(r"(?<![\w.+-])\(?[2-9]\d\d\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\w-])"),
        replacement=lambda match: mask_phone(match[0]),
    ),
)


def redact_text(text: str) -> str:
    """`text` with every secret replaced and every contact point masked; the same object when there was none."""
    lowered = text.lower()
    if not _SUSPICIOUS.search(lowered):
        return text
    for rule in _RULES:
        for hint in rule.hints:
            if hint in lowered:
                text = rule.pattern.sub(rule.replacement, text)
                break
    return text
