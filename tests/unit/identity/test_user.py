"""Users, the names they log in by, and the passwords they may choose (B-16, B-29)."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity.errors import PasswordNotAllowed
from domain.identity.password import MAX_BYTES, password_bytes
from domain.identity.user import User, UserStatus, login_name

USER = User(
    id=UUID("0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f"),
    tenant_id="acme",
    email="ada@example.com",
    password_hash="$argon2id$first",
    roles=("admin",),
    status=UserStatus.ACTIVE,
    created_at=datetime(2026, 11, 20, tzinfo=UTC),
    must_change_password=True,
)


@pytest.mark.parametrize(
    "spelling", ["Ada@Example.com", " ada@example.com\n", "ADA@EXAMPLE.COM", "\uff41da@example.com"]
)
def test_spellings_are_one_name_when_they_differ_in_case_width_or_space(spelling: str) -> None:
    assert login_name(spelling) == "ada@example.com"


def test_composed_and_decomposed_letters_are_one_name_when_they_look_the_same() -> None:
    assert login_name("e\u0301va@example.com") == login_name("\u00c9va@example.com")


def test_a_letter_is_one_name_with_its_capitals_when_they_are_two_letters() -> None:
    assert login_name("straße@example.com") == login_name("STRASSE@example.com")


@given(st.text(max_size=20))
def test_a_login_name_stays_when_it_is_normalised_again(text: str) -> None:
    assert login_name(login_name(text)) == login_name(text)


def test_a_chosen_password_ends_the_duty_to_change_it_when_a_rehash_does_not() -> None:
    assert USER.with_rehashed_password("$argon2id$second").must_change_password
    assert not USER.with_password("$argon2id$second").must_change_password
    assert USER.with_password("$argon2id$second").password_hash == "$argon2id$second"


def test_a_user_may_not_log_in_when_disabled() -> None:
    assert USER.may_log_in
    assert not replace(USER, status=UserStatus.DISABLED).may_log_in


def test_the_hash_stays_out_of_logs_when_a_user_is_printed() -> None:
    assert "argon2id" not in repr(USER)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", "empty"),
        ("pass\0word", "NUL"),
        ("a" * (MAX_BYTES + 1), "1,024 bytes"),
        ("é" * 513, "1,024 bytes"),
        ("a" * 1_000_000, "1,024 bytes"),
        ("pass\ud800word", "Unicode"),
        ("\ud800" * 400, "1,024 bytes"),
    ],
)
def test_a_password_is_refused_when_it_cannot_or_need_not_be_hashed(password: str, problem: str) -> None:
    with pytest.raises(PasswordNotAllowed) as refusal:
        password_bytes(password)

    assert [field.path for field in refusal.value.problems] == ["password"]
    assert problem in refusal.value.problems[0].message


def test_a_password_is_taken_as_utf8_when_it_just_fits() -> None:
    assert password_bytes("é" * 512) == "é".encode() * 512
