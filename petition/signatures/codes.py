"""Six-digit codes that confirm like the link in the same email; only a keyed hash is stored."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select, update

from petition.core.tokens import Tokens
from petition.database import counters
from petition.database.counters import Use
from petition.models import Email
from petition.models.enums import EmailState
from petition.outbox import enqueue
from petition.signatures.entries import EntryRef

DIGITS = 6
MAX_TRIES = 5  # of a million codes, for each mailbox and petition
# As long as the mailbox can get emails; the counter is deleted later by its own delay.
TRIES_COUNTED_FOR = enqueue.MAILBOX_PERIOD - counters.KEPT_AFTER_EXPIRY

_email = Email.table()


def parse_code(text: str) -> str:
    """Return the six digits in a text, in any script and with any separators, or ""."""
    digits = "".join(str(int(character)) for character in text[:50] if character.isdecimal())
    return digits if len(digits) == DIGITS else ""


def make_code(email_id: int, tokens: Tokens) -> str:
    """Return the code for an email, the same at every try: an earlier try may have arrived.

    It works once its hash is stored.
    """
    number = int(tokens.keyed_hash("digits of a code", str(email_id)), 16)
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def hash_code(email_id: int, code: str, tokens: Tokens) -> str:
    """Return what is stored of an email's code."""
    return _hashes(email_id, code, tokens)[-1]


def store_hashes(connection: Connection, hashes: Mapping[int, str]) -> None:
    """Store the hashes of codes, by id of their emails, which are about to be sent.

    Held and suppressed emails get no code, so it cannot be guessed.
    """
    if hashes:
        values = [{"email": email_id, "hash": hashes[email_id]} for email_id in hashes]
        connection.execute(_STORE_HASH, values)


_STORE_HASH = (
    update(_email).where(_email.c.id == bindparam("email")).values(code_hash=bindparam("hash"))
)


class Tries(NamedTuple):
    """How many codes were tried: for a mailbox, and for one entry of it."""

    of_mailbox: int
    of_entry: int


def count_try(connection: Connection, petition_id: int, email: Row[Any], *, now: datetime) -> Tries:
    """Count a try at the code of an email.

    The limit is the mailbox's: another entry for it gives no new tries. Only the tries of the entry
    are told to anyone: others may be another person's, and say that the address is known.
    """
    expires_at = now + TRIES_COUNTED_FOR
    scopes = {
        f"code:{petition_id}": email.mailbox_hash,
        "code of an entry": f"{email.signature_id} {email.entry}",
    }
    uses = [Use(scope, key, TRIES_COUNTED_FOR, expires_at) for scope, key in scopes.items()]
    return Tries(*(count.value for count in counters.increment(connection, uses, now=now)))


def find_entry(
    connection: Connection, signature_id: int, code: str, tokens: Tokens, since: datetime
) -> EntryRef | None:
    """Return the entry whose email, sent since then, held this code; None for a wrong code."""
    emails = connection.execute(
        select(_email.c.id, _email.c.entry, _email.c.code_hash).where(
            _email.c.signature_id == signature_id,
            _email.c.code_hash != "",
            _email.c.state.in_((EmailState.DUE, EmailState.SENT)),
            func.coalesce(_email.c.sent_at, _email.c.due_at) >= since,
        )
    )
    for email_id, entry_number, code_hash in emails:
        if code_hash in _hashes(email_id, code, tokens):
            return EntryRef(signature_id, entry_number)
    return None


def _hashes(email_id: int, code: str, tokens: Tokens) -> list[str]:
    """Return the hash of an email's code under every key, the current one last."""
    return tokens.keyed_hashes("code", f"{email_id} {code}")
