"""The claims of an access token, strictly typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

AUDIENCE: Final = "carillon"
SUBSCRIBER: Final = "subscriber"
LEEWAY_SECONDS: Final = 60
_LATEST: Final = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """One subscriber's token; times are Unix seconds."""

    iss: str
    aud: str
    kind: str
    tid: str
    sub: str
    iat: int
    nbf: int
    exp: int

    @classmethod
    def read(cls, payload: Mapping[str, object]) -> Self:
        """The claims in `payload`, all of which are required; others are ignored. ValueError for a wrong type.

        Times are integers between 1970 and 9999: a bool, a text and `1e30` are not.
        """
        return cls(
            iss=_text(payload, "iss"),
            aud=_text(payload, "aud"),
            kind=_text(payload, "kind"),
            tid=_text(payload, "tid"),
            sub=_text(payload, "sub"),
            iat=_time(payload, "iat"),
            nbf=_time(payload, "nbf"),
            exp=_time(payload, "exp"),
        )

    def check(self, issuer: str, now: float) -> None:
        """ValueError unless the token is from `issuer`, for this product, and in force at `now` ± the leeway."""
        if (self.iss, self.aud, self.kind) != (issuer, AUDIENCE, SUBSCRIBER):
            raise ValueError("from someone else, or for someone else")
        if self.exp <= self.iat:
            raise ValueError("ends before it was issued")
        if max(self.iat, self.nbf) > now + LEEWAY_SECONDS:
            raise ValueError("not in force yet")
        if self.exp <= now - LEEWAY_SECONDS:
            raise ValueError("expired")


def _text(payload: Mapping[str, object], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is not a text")
    return value


def _time(payload: Mapping[str, object], name: str) -> int:
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LATEST:
        raise ValueError(f"{name} is not a time")
    return value
