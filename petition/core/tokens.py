"""Encrypted tokens of links and forms, and keyed hashes.

Each purpose has its own key and lifetime: a token of one purpose is invalid for any other.

Ids are sequential, and how many were made between two tells whether an address has signed. So they
are encrypted in everything that leaves the site. The construction is SIV (RFC 5297) with keyed
BLAKE2b (RFC 7693): a hash of the numbers authenticates them and is the nonce of their encryption.
"""

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from itsdangerous import BadSignature, Signer

from petition.core.errors import SettingsError, TokenExpired, TokenInvalid

# Of tokens in links: one that is readable and signed, and encrypted ones with two ids and with one.
FORMATS = tuple(
    re.compile(rf"(?<![\w.-]){form}", re.ASCII)
    for form in (r"[0-9a-f]+(?:-[0-9a-f]+)*\.[\w-]{43}", r"[\w-]{54}", r"[\w-]{43}")
)
_TAG_BYTES = 16
_MAX_BYTES = hashlib.blake2b.MAX_DIGEST_SIZE  # of the numbers, since one hash is the key stream


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a token is for. Its key depends on `name`: a change makes all its tokens invalid."""

    name: str
    lifetime: timedelta


PENDING = Purpose("pending", timedelta(days=30))
THANKS = Purpose("thanks", timedelta(days=365))
# The thanks to a signer of the country concerned: who is passed its address soon learns nothing.
COUNTED = Purpose("counted", timedelta(minutes=30))
SIGN_IN = Purpose("sign-in", timedelta(minutes=15))
KNOWN_BROWSER = Purpose("known browser", timedelta(days=400))  # a cookie of organisers
SELF_SERVICE = Purpose("my", timedelta(days=3650))  # while the signature is stored
DISOWN = Purpose("disown", timedelta(days=30))  # while the email is stored
FORM = Purpose("form", timedelta(hours=24))
HANDOVER = Purpose("handover", timedelta(days=14))  # until it was used


_CONFIRM = "confirm"
_LINKS = (
    *(PENDING, THANKS, COUNTED, SIGN_IN, SELF_SERVICE, DISOWN, HANDOVER),
    Purpose(_CONFIRM, timedelta()),
)


def confirm_purpose(days: int) -> Purpose:
    """Return the purpose of a confirmation link that works for `days` days."""
    return Purpose(_CONFIRM, timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens with the secret keys of the site, the current one last."""

    keys: Sequence[str]

    def make(self, purpose: Purpose, *ids: int, now: datetime) -> str:
        """Return a URL-safe token of the ids, and of `now` to the second."""
        sealed = self.seal(purpose.name, int(now.timestamp()), *ids)
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> tuple[int, ...]:
        """Return the ids of a token. Raises: TokenInvalid, TokenExpired (with the ids)."""
        made_at, *ids = self._read_numbers(purpose, token)
        if now.timestamp() - made_at > purpose.lifetime.total_seconds():
            raise TokenExpired(tuple(ids))
        return tuple(ids)

    def made_at(self, purpose: Purpose, token: str) -> datetime:
        """Return when a token was made, in UTC to the second. Raises: TokenInvalid."""
        return datetime.fromtimestamp(self._read_numbers(purpose, token)[0], UTC)

    def is_of_link(self, token: str) -> bool:
        """Return whether a token is of one of the site's links, however old."""
        for purpose in _LINKS:
            with suppress(TokenInvalid):
                self._read_numbers(purpose, token)
                return True
        return False

    def seal(self, purpose: str, *numbers: int) -> bytes:
        """Encrypt at most eight 64-bit numbers under the current key, equally each time."""
        key = _derived(self._required_keys()[-1], f"sealed {purpose}")
        content = struct.pack(f">{len(numbers)}Q", *numbers)
        tag = _tag(key, content)
        return tag + _encrypt(key, tag, content)

    def unseal(self, purpose: str, sealed: bytes) -> tuple[int, ...]:
        """Return the numbers that were sealed, under any key. Raises: TokenInvalid."""
        tag, encrypted = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        if not 0 < len(encrypted) <= _MAX_BYTES or len(encrypted) % 8:
            raise TokenInvalid
        for secret_key in reversed(self._required_keys()):
            key = _derived(secret_key, f"sealed {purpose}")
            content = _encrypt(key, tag, encrypted)
            if hmac.compare_digest(_tag(key, content), tag):
                return struct.unpack(f">{len(content) // 8}Q", content)
        raise TokenInvalid

    def _read_numbers(self, purpose: Purpose, token: str) -> tuple[int, ...]:
        """Return the time and the ids of a token. Raises: TokenInvalid."""
        if "." in token:
            return self._read_signed(purpose, token)
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError as error:
            raise TokenInvalid from error
        if urlsafe_b64encode(sealed).rstrip(b"=").decode() != token:  # other spellings
            raise TokenInvalid
        return self.unseal(purpose.name, sealed)

    def _read_signed(self, purpose: Purpose, token: str) -> tuple[int, ...]:
        """Return the numbers of a token of 26 November 2026 or earlier: readable, and signed."""
        if not FORMATS[0].fullmatch(token):  # base64 skips foreign characters: one token, one text
            raise TokenInvalid
        try:
            payload = _signer(tuple(self._required_keys()), purpose.name).unsign(token).decode()
        except (BadSignature, UnicodeError) as error:
            raise TokenInvalid from error
        return tuple(int(number, 16) for number in payload.split("-"))

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


def _tag(key: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=key, digest_size=_TAG_BYTES, person=b"tag").digest()


def _encrypt(key: bytes, tag: bytes, content: bytes) -> bytes:
    """Encrypt or decrypt: XOR with a key stream that depends on the tag."""
    size = len(content)
    stream = hashlib.blake2b(tag, key=key, digest_size=size, person=b"stream").digest()
    return (int.from_bytes(content) ^ int.from_bytes(stream)).to_bytes(size)


@lru_cache(maxsize=100)
def _derived(key: str, purpose: str) -> bytes:
    """Return the key of one purpose: HMAC-SHA256 of its name."""
    return hmac.digest(key.encode(), f"petition {purpose}".encode(), "sha256")


@lru_cache(maxsize=100)
def _signer(keys: tuple[str, ...], purpose: str) -> Signer:
    derived = [_derived(key, purpose) for key in keys]
    return Signer(derived, sep=".", key_derivation="none", digest_method=hashlib.sha256)
