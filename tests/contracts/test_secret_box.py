"""SecretBox (S-12). One adapter: a box that does not encrypt would one day hold real secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports.secret_box import SecretBox, SecretUnreadable
from infrastructure.security.aes_gcm import AesGcmSecretBox
from infrastructure.security.keyring import KeyRing

OLD = "an-older-secret-of-thirty-two-bytes!"
NEW = "the-current-secret-of-32-bytes-long!"
BOX: SecretBox = AesGcmSecretBox(KeyRing(NEW))
PLACE = "subscribers:channels:0192f3a0:acme"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.text("abc:-", min_size=1, max_size=40))
def test_a_secret_is_read_back_when_opened_in_its_place(plain: str, place: str) -> None:
    assert BOX.open(BOX.seal(plain, place), place) == plain


@pytest.mark.parametrize(
    "place",
    [
        "endpoints:channels:0192f3a0:acme",
        "subscribers:data:0192f3a0:acme",
        "subscribers:channels:0192f3a1:acme",
        "subscribers:channels:0192f3a0:other",
        "subscribers:channels:0192f3a0:acme ",
    ],
)
def test_a_secret_does_not_open_when_it_was_swapped_into_another_place(place: str) -> None:
    with pytest.raises(SecretUnreadable):
        BOX.open(BOX.seal("whsec_1", PLACE), place)


@given(st.data())
def test_a_secret_does_not_open_when_one_character_of_it_changes(draw: st.DataObject) -> None:
    sealed = BOX.seal("whsec_1", PLACE)
    position = draw.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:position] + draw.draw(st.characters()) + sealed[position + 1 :]
    if changed != sealed:
        with pytest.raises(SecretUnreadable):
            BOX.open(changed, PLACE)


@pytest.mark.parametrize("sealed", ["", "plain text", "sb1..", "sb1.x.y.z", "sb1.0000000000000000.AAAA", "\ud800"])
def test_text_does_not_open_when_it_was_never_sealed(sealed: str) -> None:
    with pytest.raises(SecretUnreadable):
        BOX.open(sealed, PLACE)


def test_a_secret_does_not_open_when_it_is_cut_short() -> None:
    sealed = BOX.seal("whsec_1", PLACE)

    for length in range(len(sealed)):
        with pytest.raises(SecretUnreadable):
            BOX.open(sealed[:length], PLACE)


def test_sealed_texts_differ_and_hide_the_secret_when_made_twice() -> None:
    first, second = BOX.seal("canary-4711", PLACE), BOX.seal("canary-4711", PLACE)

    assert first != second
    assert "canary" not in first
    assert first.isprintable()
    assert first.isascii()


def test_previous_keys_open_and_ask_for_a_reseal_when_the_secret_was_rotated() -> None:
    old = AesGcmSecretBox(KeyRing(OLD)).seal("whsec_1", PLACE)
    rotated = AesGcmSecretBox(KeyRing(NEW, (OLD,)))

    assert rotated.open(old, PLACE) == "whsec_1"
    assert rotated.needs_reseal(old)
    assert not rotated.needs_reseal(rotated.seal("whsec_1", PLACE))
    assert BOX.open(rotated.seal("whsec_1", PLACE), PLACE) == "whsec_1"


def test_a_secret_does_not_open_when_its_key_is_no_longer_listed() -> None:
    with pytest.raises(SecretUnreadable):
        BOX.open(AesGcmSecretBox(KeyRing(OLD)).seal("whsec_1", PLACE), PLACE)


def test_nothing_is_sealed_when_there_is_no_place() -> None:
    with pytest.raises(ValueError, match="place"):
        BOX.seal("whsec_1", "")
