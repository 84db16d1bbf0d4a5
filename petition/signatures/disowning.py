"""“I did not sign this”: the owner of a mailbox removes what somebody else has entered for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from petition import entries, suppression
from petition.entries import Kept
from petition.errors import SignatureGone
from petition.extensions import transaction
from petition.models import Letter, Signature

_signature, _letter = Signature.table(), Letter.table()


@dataclass(frozen=True, slots=True)
class Disowned:
    """Whether there was an entry to erase, and the signature of the mailbox that is still kept
    under that petition.
    """

    removed: bool
    left: int | None


def disown(letter_id: int, *, never_again: bool, now: datetime) -> Disowned:
    """Erase the entry that a letter is about, which the owner of the mailbox did not make, and say
    what became of it; with `never_again` mail them no more.

    Twice changes nothing more, and never again can be said as long as the letter is remembered,
    the entry kept or not. Raises SignatureGone after that.
    """
    with transaction() as connection:
        letter = connection.execute(
            select(_letter.c.signature_id, _letter.c.entry, _letter.c.mailbox_hash).where(
                _letter.c.id == letter_id
            )
        ).first()
        if letter is None or not letter.mailbox_hash:
            raise SignatureGone
        kept = Kept(letter.signature_id or 0, letter.entry or 0)
        removed = entries.remove(connection, kept, now=now)
        if never_again:
            suppression.suppress(connection, letter.mailbox_hash, now=now)
        left = connection.scalar(
            select(_signature.c.id).where(_signature.c.id == letter.signature_id)
        )
        return Disowned(removed, left)
