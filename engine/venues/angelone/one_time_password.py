"""One-time passwords by RFC 6238 (SHA-1, six digits, 30 s), of every secret that can be decoded: sites hand out 80 bits and fewer than 128.

The one rule for both: what `key_of` takes here is what a login can be made with. Knows no broker and no clock.
"""

from base64 import b32decode

WINDOW_S = 30
_DIGITS = 6


def normal_secret(text: str) -> str:
    """A base32 secret as sites print it (groups, dashes, small letters, padding) in one spelling."""
    return "".join(text.split()).replace("-", "").upper().rstrip("=")


def key_of(secret: str) -> bytes:
    """The key that a secret in its normal spelling stands for; raises ValueError, which says nothing of it, for no base32."""
    try:
        return b32decode(secret + "=" * (-len(secret) % 8))
    except ValueError:
        raise ValueError("not base32") from None


def one_time_password(secret: str, at_s: int) -> str:
    """The password of the window that `at_s` (UTC) lies in; raises ValueError for a secret that is no base32."""
    from hmac import digest  # noqa: PLC0415 - carries OpenSSL in, which a replay need not

    mac = digest(key_of(secret), (at_s // WINDOW_S).to_bytes(8, "big"), "sha1")
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"
