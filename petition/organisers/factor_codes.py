"""Codes of the second factor: secrets of authenticator apps (TOTP, RFC 6238), recovery codes."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyotp

from petition.core.errors import TokenInvalid
from petition.core.tokens import Tokens

_STEP = 30  # seconds
_SECRET_BYTES = 20  # as RFC 4226 advises; stored with four zeros, as three numbers
_PURPOSE = "second factor"
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none is taken for another


class Enrolment(NamedTuple):
    """What an authenticator app needs: the secret in base 32, and the address in the QR code."""

    secret: str
    uri: str


def make_secret(organiser_id: int, tokens: Tokens) -> bytes:
    """Return a new secret, encrypted, and tied to its organiser: no row can take another's."""
    padded = secrets.token_bytes(_SECRET_BYTES).ljust(24, b"\0")
    numbers = (int.from_bytes(padded[start : start + 8]) for start in (0, 8, 16))
    return tokens.seal(_PURPOSE, organiser_id, *numbers)


def get_enrolment(
    organiser_id: int, sealed: bytes, tokens: Tokens, *, name: str, site: str
) -> Enrolment:
    """Return what an app needs for a secret. Raises: TokenInvalid."""
    totp = _totp(organiser_id, sealed, tokens)
    return Enrolment(totp.secret, totp.provisioning_uri(name=name, issuer_name=site))


def find_step(
    organiser_id: int, sealed: bytes, code: str, tokens: Tokens, *, now: datetime
) -> int | None:
    """Return the step of 30 seconds whose code this is: that of `now`, or one beside it.

    None for a wrong code, and for a secret that no key of the site can read any more.
    """
    try:
        totp = _totp(organiser_id, sealed, tokens)
    except TokenInvalid:
        return None
    digits, current = "".join(code.split()), int(now.timestamp()) // _STEP
    steps = (current + 1, current, current - 1)
    return next((step for step in steps if _is_code(totp, step, digits)), None)


def make_recovery_code() -> str:
    """Return a code of ten letters and digits, 49 bits."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def hash_recovery_code(organiser_id: int, code: str, tokens: Tokens) -> Sequence[str]:
    """Return the hash of a recovery code under each key, the current one last.

    Case, blanks and hyphens make no difference.
    """
    letters = "".join(letter for letter in code.lower() if letter in _LETTERS)
    return tokens.keyed_hashes("recovery code", f"{organiser_id} {letters}")


def _totp(organiser_id: int, sealed: bytes, tokens: Tokens) -> pyotp.TOTP:
    owner, *numbers = tokens.unseal(_PURPOSE, sealed)
    if owner != organiser_id:
        raise TokenInvalid
    secret = b"".join(number.to_bytes(8) for number in numbers)[:_SECRET_BYTES]
    return pyotp.TOTP(base64.b32encode(secret).decode(), interval=_STEP)


def _is_code(totp: pyotp.TOTP, step: int, digits: str) -> bool:
    return pyotp.utils.strings_equal(totp.generate_otp(step), digits)
