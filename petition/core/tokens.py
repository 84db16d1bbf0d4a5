"""Signed tokens of links and forms, and keyed hashes.

Each purpose has its own salt and lifetime: a token of one purpose is invalid for any other.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from itsdangerous import BadSignature, Signer

from petition.core.errors import SettingsError, TokenExpired, TokenInvalid

# Of a token, inside other text too: time and ids in hexadecimal, and 32 bytes as 43 characters.
FORMAT = re.compile(r"[0-9a-f]+(?:-[0-9a-f]+)*\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a token is for. `name` is its salt: a change makes all its tokens invalid."""

    name: str
    lifetime: timedelta


PENDING = Purpose("pending", timedelta(days=30))
THANKS = Purpose("thanks", timedelta(days=365))
SIGN_IN = Purpose("sign-in", timedelta(minutes=30))
SELF_SERVICE = Purpose("my", timedelta(days=3650))  # while the signature is stored
DISOWN = Purpose("disown", timedelta(days=30))  # while the email is stored
FORM = Purpose("form", timedelta(hours=24))


def confirm_purpose(days: int) -> Purpose:
    """Return the purpose of a confirmation link that works for `days` days."""
    return Purpose("confirm", timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens with the secret keys of the site, the current one last."""

    keys: Sequence[str]

    def make(self, purpose: Purpose, *ids: int, now: datetime) -> str:
        """Return a URL-safe token: `now` in seconds and the ids, readable, and an HMAC-SHA256."""
        payload = "-".join(f"{number:x}" for number in (int(now.timestamp()), *ids))
        return self._signer(purpose).sign(payload).decode()

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> tuple[int, ...]:
        """Return the ids of a token. Raises: TokenInvalid, TokenExpired (with the ids)."""
        if not FORMAT.fullmatch(token):  # base64 skips foreign characters: one token, one text
            raise TokenInvalid
        try:
            payload = self._signer(purpose).unsign(token).decode()
        except (BadSignature, UnicodeError) as error:
            raise TokenInvalid from error
        made_at, *ids = (int(number, 16) for number in payload.split("-"))
        if now.timestamp() - made_at > purpose.lifetime.total_seconds():
            raise TokenExpired(tuple(ids))
        return tuple(ids)

    def made_at(self, token: str) -> datetime:
        """Return when a valid token was made, in UTC to the second."""
        return datetime.fromtimestamp(int(token.partition("-")[0].partition(".")[0], 16), UTC)

    def keyed_hash(self, purpose: str, text: str) -> str:
        """Return a hash of a text under the current key: 128 bits in 32 hex digits."""
        return self.keyed_hashes(purpose, text)[-1]

    def hash_mailbox(self, mailbox_key: str) -> str:
        """Return the keyed hash of a mailbox without its `+tag`, which may be the same person's."""
        return self.mailbox_hashes(mailbox_key)[-1]

    def mailbox_hashes(self, mailbox_key: str) -> list[str]:
        """Return the hash of a mailbox under each key, the current one last."""
        local, _, domain = mailbox_key.rpartition("@")
        return self.keyed_hashes("mailbox", f"{local.partition('+')[0] or local}@{domain}")

    def keyed_hashes(self, purpose: str, text: str) -> list[str]:
        """Return the hash of a text under each key, the current one last."""
        return [
            hmac.digest(_derived(key, purpose), text.encode(), "sha256").hex()[:32]
            for key in self._required_keys()
        ]

    def secret(self, purpose: str) -> bytes:
        """Return a key for other uses, derived from the current key."""
        return _derived(self._required_keys()[-1], purpose)

    def _required_keys(self) -> Sequence[str]:
        if not self.keys:
            raise SettingsError(
                "SECRET_KEY is not set: put the settings of the site into config.toml of its"
                " instance folder, where all commands find them"
            )
        return self.keys

    def _signer(self, purpose: Purpose) -> Signer:
        return _signer(tuple(self._required_keys()), purpose.name)


@lru_cache(maxsize=100)
def _derived(key: str, purpose: str) -> bytes:
    """Return the key of one purpose: HMAC-SHA256 of its name."""
    return hmac.digest(key.encode(), f"petition {purpose}".encode(), "sha256")


@lru_cache(maxsize=100)
def _signer(keys: tuple[str, ...], purpose: str) -> Signer:
    derived = [_derived(key, purpose) for key in keys]
    return Signer(derived, sep=".", key_derivation="none", digest_method=hashlib.sha256)
