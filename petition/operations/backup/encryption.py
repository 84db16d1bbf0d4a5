"""Encrypt and decrypt a stream with age (age-encryption.org), in constant memory."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

from petition.core.errors import BackupInvalid

MAGIC = b"age-encryption.org/"


class Key:
    """A secret key that exists in this process alone: it reads back what was just written."""

    def __init__(self) -> None:
        import pyrage  # loaded where it is needed: most processes of a site encrypt nothing

        self.identities = [pyrage.x25519.Identity.generate()]

    @property
    def recipient(self) -> Any:
        """Return the public key."""
        return self.identities[0].to_public()


def write_encrypted(chunks: Iterable[bytes], file: BinaryIO, recipient: str, own: Key) -> None:
    """Encrypt chunks to a recipient's public key and to `own`. Raises: what `chunks` raises."""
    import pyrage

    reader = _Chunks(iter(chunks))
    try:
        recipients = [pyrage.x25519.Recipient.from_str(recipient), own.recipient]
        pyrage.encrypt_io(reader, file, recipients)
    except (pyrage.EncryptError, pyrage.RecipientError, OSError) as error:
        raise reader.error or error from error


class _Chunks:
    """A file to read that returns chunks. It keeps their error, of which age passes on the text."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self.error: BaseException | None = None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        try:
            self._rest = self._rest or next(self._chunks, b"")
        except BaseException as error:
            self.error = error
            raise
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def read_identities(file: Path) -> list[Any]:
    """Return the secret keys of a file of age. Raises: BackupInvalid."""
    import pyrage

    try:
        lines = file.read_text(encoding="ascii").split()
        keys = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
        identities = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except (OSError, ValueError, pyrage.IdentityError):
        identities = []
    if not identities:
        raise BackupInvalid(f"{file} holds no secret key of age")
    return identities


@contextmanager
def decrypting(file: BinaryIO, identities: list[Any]) -> Iterator[BinaryIO]:
    """Return a pipe with the decrypted content of a file. Raises: BackupInvalid at the end."""
    import pyrage

    reading, writing = os.pipe()
    faults: list[str] = []

    def decrypt() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            try:
                pyrage.decrypt_io(file, pipe, identities)
            except BrokenPipeError:  # the reader has seen enough
                raise
            except pyrage.DecryptError:
                faults.append("it is encrypted for another key")
            except OSError:
                faults.append("it is damaged or cut off, and does not decrypt")

    thread = Thread(target=decrypt, name="decrypt", daemon=True)
    thread.start()
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield pipe
    except BackupInvalid:
        thread.join()
        if faults:  # of which the other fault is a consequence
            raise BackupInvalid(faults[0]) from None
        raise
    thread.join()
    if faults:
        raise BackupInvalid(faults[0])
