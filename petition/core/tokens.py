"""Signed links: made and read, one salt and one lifetime per purpose. A token of one purpose is
forged for any other.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from itsdangerous import BadSignature, Signer

from petition.core.errors import SettingsError, TokenExpired, TokenInvalid


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a link is for; the name is its salt."""

    name: str
    lifetime: timedelta


PENDING = Purpose("pending", timedelta(days=30))
THANKS = Purpose("thanks", timedelta(days=365))
SIGN_IN = Purpose("sign-in", timedelta(minutes=30))
SELF_SERVICE = Purpose("my", timedelta(days=3650))  # as long as anything is kept
DISOWN = Purpose("disown", timedelta(days=30))  # as long as the letter is remembered
FORM = Purpose("form", timedelta(hours=24))


def confirm_purpose(days: int) -> Purpose:
    """Return the purpose of a confirmation link that works for `days` days."""
    return Purpose("confirm", timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens with the site's secret keys, the current one last."""

    keys: Sequence[str]

    def make(self, purpose: Purpose, *ids: int, now: datetime) -> str:
        """Return a URL-safe token that carries the ids in the open, signed (HMAC-SHA256) with the
        second of its making.
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
            raise TokenInvalid from error
        made, *ids = (int(number, 16) for number in written.split("-"))
        if now.timestamp() - made > purpose.lifetime.total_seconds():
            raise TokenExpired(tuple(ids))
        return tuple(ids)

    def made(self, token: str) -> datetime:
        """Return when a token that was read was made."""
        return datetime.fromtimestamp(int(token.partition("-")[0].partition(".")[0], 16), UTC)

    def keyed_hash(self, purpose: str, text: str) -> str:
        """Return 32 hex digits that stand for a text and do not tell it, under the current key."""
        return self.keyed_hashes(purpose, text)[-1]

    def hash_mailbox(self, mailbox_key: str) -> str:
        """Return what stands for a mailbox where its address must not be kept. What comes after a
        plus is left out: where it makes another signer, it may still be the same person's inbox.
        """
        return self.mailbox_hashes(mailbox_key)[-1]

    def mailbox_hashes(self, mailbox_key: str) -> list[str]:
        """Return what stands for a mailbox under every key, the current one last."""
        local, _, domain = mailbox_key.rpartition("@")
        return self.keyed_hashes("mailbox", f"{local.partition('+')[0] or local}@{domain}")

    def keyed_hashes(self, purpose: str, text: str) -> list[str]:
        """Return the marks of a text under every key, the current one last."""
        return [
            hmac.digest(_derived(key, purpose), text.encode(), "sha256").hex()[:32]
            for key in self._some_keys()
        ]

    def secret(self, purpose: str) -> bytes:
        """Return a key for something else, derived from the current one."""
        return _derived(self._some_keys()[-1], purpose)

    def _some_keys(self) -> Sequence[str]:
        if not self.keys:
            raise SettingsError("SECRET_KEY is not set: `make run` or `flask setup` makes one")
        return self.keys

    def _signer(self, purpose: Purpose) -> Signer:
        return _signer(tuple(self._some_keys()), purpose.name)


@lru_cache(maxsize=100)
def _derived(key: str, purpose: str) -> bytes:
    """Return a key of one purpose alone (HMAC of the purpose)."""
    return hmac.digest(key.encode(), f"petition {purpose}".encode(), "sha256")


@lru_cache(maxsize=100)
def _signer(keys: tuple[str, ...], purpose: str) -> Signer:
    derived = [_derived(key, purpose) for key in keys]
    return Signer(derived, sep=".", key_derivation="none", digest_method=hashlib.sha256)
