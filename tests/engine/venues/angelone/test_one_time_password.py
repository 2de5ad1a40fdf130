"""One-time passwords: those of the standard, those of a kept library, and of secrets that are shorter than it takes."""

from base64 import b32encode

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.venues.angelone.one_time_password import key_of, normal_secret, one_time_password

RFC_6238 = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at_s", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
     (2_000_000_000, "279037"), (20_000_000_000, "353130")],
)  # fmt: skip
def test_the_passwords_of_the_standard(at_s: int, code: str) -> None:
    assert one_time_password(RFC_6238, at_s) == code


@given(st.binary(min_size=20, max_size=80), st.integers(0, 2**35))
def test_the_same_as_a_kept_library_says(key: bytes, at_s: int) -> None:
    secret = normal_secret(b32encode(key).decode())
    assert one_time_password(secret, at_s) == pyotp.TOTP(secret).at(at_s)


@given(st.binary(min_size=10, max_size=80), st.integers(1, 9))
def test_every_spelling_means_the_same_key(key: bytes, group: int) -> None:
    padded = b32encode(key).decode()
    for mark in (" ", "-", "  "):
        spelt = mark.join(padded[at : at + group] for at in range(0, len(padded), group)).lower()
        assert key_of(normal_secret(spelt)) == key


def test_a_secret_of_eighty_bits_has_passwords() -> None:
    assert one_time_password("JBSWY3DPEHPK3PXP", 0) == "282760"


@pytest.mark.parametrize("secret", ["CANARY0189CANARY", "CANARYCANARYCANAR", "ÄÄÄÄÄÄÄÄ", "CANARY=A"])
def test_what_is_no_base32_is_refused_without_a_word_of_it(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^not base32$"):
        key_of(secret)
