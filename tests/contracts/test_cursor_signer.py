"""CursorSigner (B-15). One adapter: a second format of cursors would serve nobody."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports.cursor_signer import CursorSigner
from application.shared.cursors import InvalidCursor
from domain.shared.errors import InvalidInput
from infrastructure.security.hmac_cursors import HmacCursorSigner
from infrastructure.security.keyring import KeyRing

OLD = "an-older-secret-of-thirty-two-bytes!"
NEW = "the-current-secret-of-32-bytes-long!"
SIGNER: CursorSigner = HmacCursorSigner(KeyRing(NEW))
PAYLOAD: dict[str, str | int] = {"id": "0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f", "at": 1795165885000}
PAYLOADS = st.dictionaries(st.text(max_size=8), st.integers(-(2**63), 2**63) | st.text(max_size=40), max_size=4)
NAMES = st.text(max_size=12)


def sign(tenant_id: str = "acme", list_name: str = "inbox") -> str:
    return SIGNER.sign(PAYLOAD, tenant_id=tenant_id, list_name=list_name)


@given(PAYLOADS, NAMES, NAMES)
def test_a_position_is_read_back_when_nothing_changed(
    payload: dict[str, str | int], tenant_id: str, list_name: str
) -> None:
    text = SIGNER.sign(payload, tenant_id=tenant_id, list_name=list_name)

    assert SIGNER.verify(text, tenant_id=tenant_id, list_name=list_name) == payload


@given(NAMES, NAMES, NAMES, NAMES)
def test_a_cursor_is_refused_when_it_comes_from_another_tenant_or_list(
    tenant_id: str, list_name: str, other_tenant: str, other_list: str
) -> None:
    text = sign(tenant_id, list_name)
    if (tenant_id, list_name) != (other_tenant, other_list):
        with pytest.raises(InvalidCursor):
            SIGNER.verify(text, tenant_id=other_tenant, list_name=other_list)


@pytest.mark.parametrize(
    ("tenant_id", "list_name"), [("other", "inbox"), ("acme", "notifications"), ("acmeinbox", ""), ("", "acmeinbox")]
)
def test_a_cursor_is_refused_when_it_is_moved(tenant_id: str, list_name: str) -> None:
    with pytest.raises(InvalidCursor):
        SIGNER.verify(sign(), tenant_id=tenant_id, list_name=list_name)


@given(st.data())
def test_a_cursor_is_refused_when_one_character_of_it_changes(draw: st.DataObject) -> None:
    text = sign()
    position = draw.draw(st.integers(0, len(text) - 1))
    changed = text[:position] + draw.draw(st.characters()) + text[position + 1 :]
    if changed != text:
        with pytest.raises(InvalidCursor):
            SIGNER.verify(changed, tenant_id="acme", list_name="inbox")


@pytest.mark.parametrize(
    "text",
    ["", "=", "eyJ9", "null", "é", "\ud800", "\0", sign()[:-4], sign() + "=", sign() + "AAAA", "A" * 22, "A" * 10**7],
)
def test_a_cursor_is_refused_when_it_was_not_made_here(text: str) -> None:
    with pytest.raises(InvalidCursor) as refusal:
        SIGNER.verify(text, tenant_id="acme", list_name="inbox")

    assert isinstance(refusal.value, InvalidInput)
    assert refusal.value.code == "request.invalid_cursor"


def test_a_cursor_is_refused_when_its_position_was_edited() -> None:
    data = urlsafe_b64decode(sign() + "==")
    edited = json.dumps({**PAYLOAD, "at": 0}, separators=(",", ":")).encode() + data[-16:]

    with pytest.raises(InvalidCursor):
        SIGNER.verify(urlsafe_b64encode(edited).rstrip(b"=").decode(), tenant_id="acme", list_name="inbox")


def test_a_cursor_of_the_previous_secret_is_believed_while_it_is_listed_when_rotated() -> None:
    text = HmacCursorSigner(KeyRing(OLD)).sign(PAYLOAD, tenant_id="acme", list_name="inbox")
    rotated = HmacCursorSigner(KeyRing(NEW, (OLD,)))

    assert rotated.verify(text, tenant_id="acme", list_name="inbox") == PAYLOAD
    assert rotated.sign(PAYLOAD, tenant_id="acme", list_name="inbox") == sign()
    with pytest.raises(InvalidCursor):
        SIGNER.verify(text, tenant_id="acme", list_name="inbox")


def test_a_cursor_is_safe_in_a_url_when_made() -> None:
    assert set(sign()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_no_cursor_is_made_when_the_position_is_too_long() -> None:
    with pytest.raises(ValueError, match="2048"):
        SIGNER.sign({"id": "x" * 2048}, tenant_id="acme", list_name="inbox")
