"""“I did not sign this”: the owner of a mailbox removes what somebody else has entered for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from petition.core.errors import SignatureGone
from petition.database.transactions import transaction
from petition.models import Email, Signature
from petition.outbox import suppression
from petition.signatures import entries
from petition.signatures.entries import EntryRef

_signature, _email = Signature.table(), Email.table()


@dataclass(frozen=True, slots=True)
class Disowned:
    """Whether there was an entry to erase, and the signature of the mailbox that is still kept
    under that petition.
    """

    removed: bool
    left: int | None


def disown(email_id: int, *, never_again: bool, now: datetime) -> Disowned:
    """Erase the entry that a letter is about, which the owner of the mailbox did not make, and say
    what became of it; with `never_again` mail them no more.

    Twice changes nothing more, and never again can be said as long as the letter is remembered,
    the entry kept or not. Raises SignatureGone after that.
    """
    with transaction() as connection:
        letter = connection.execute(
            select(_email.c.signature_id, _email.c.entry, _email.c.mailbox_hash).where(
                _email.c.id == email_id
            )
        ).first()
        if letter is None or not letter.mailbox_hash:
            raise SignatureGone
        kept = EntryRef(letter.signature_id or 0, letter.entry or 0)
        removed = entries.remove_entry(connection, kept, now=now)
        if never_again:
            suppression.suppress(connection, letter.mailbox_hash, now=now)
        left = connection.scalar(
            select(_signature.c.id).where(_signature.c.id == letter.signature_id)
        )
        return Disowned(removed, left)
