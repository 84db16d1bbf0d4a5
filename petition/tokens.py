"""Signed links: made and read, one salt and one lifetime per purpose. A token of one purpose is
forged for any other.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from itsdangerous import BadSignature, Signer

from petition.errors import SettingsError, TokenExpired, TokenForged


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a link is for; the name is its salt."""

    name: str
    lifetime: timedelta


PENDING = Purpose("pending", timedelta(days=30))
THANKS = Purpose("thanks", timedelta(days=365))
SIGN_IN = Purpose("sign-in", timedelta(minutes=30))


def confirm(days: int) -> Purpose:
    """Return the purpose of a confirmation link that works for `days` days."""
    return Purpose("confirm", timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens with the site's secret keys, the current one last."""

    keys: Sequence[str]

    def make(self, purpose: Purpose, *ids: int, now: datetime) -> str:
        """Return a URL-safe token that carries the ids in the open, signed (HMAC-SHA256) with its
        hour of making.
        """
        written = "-".join(f"{number:x}" for number in (int(now.timestamp()), *ids))
        return self._signer(purpose).sign(written).decode()

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> tuple[int, ...]:
        """Return the ids of a token. Raises TokenForged, and TokenExpired (with the ids) past its
        lifetime.
        """
        try:
            written = self._signer(purpose).unsign(token).decode()
        except (BadSignature, UnicodeError) as error:
            raise TokenForged from error
        made, *ids = (int(number, 16) for number in written.split("-"))
        if now.timestamp() - made > purpose.lifetime.total_seconds():
            raise TokenExpired(tuple(ids))
        return tuple(ids)

    def fingerprint(self, purpose: str, number: int) -> str:
        """Return 24 hex digits that stand for a number and do not tell it."""
        key = f"petition {purpose} {self.keys[-1]}".encode()
        return hmac.new(key, str(number).encode(), hashlib.sha256).hexdigest()[:24]

    def _signer(self, purpose: Purpose) -> Signer:
        if not self.keys:
            raise SettingsError("SECRET_KEY is not set: `make run` or `flask setup` makes one")
        return _signer(tuple(self.keys), purpose.name)


@lru_cache(maxsize=100)
def _signer(keys: tuple[str, ...], purpose: str) -> Signer:
    """Return the signer of one purpose, with a key for each derived once (HMAC of the purpose)."""
    derived = [hmac.digest(key.encode(), f"petition {purpose}".encode(), "sha256") for key in keys]
    return Signer(derived, sep=".", key_derivation="none", digest_method=hashlib.sha256)
