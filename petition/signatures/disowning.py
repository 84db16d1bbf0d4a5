"""“I did not sign this”: the owner of a mailbox removes what somebody else entered for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from petition.core.errors import SignatureGone
from petition.core.tokens import Tokens
from petition.database.transactions import advisory_lock, transaction
from petition.models import Signature
from petition.outbox import answers, suppression
from petition.signatures import address_question, entries, removal
from petition.signatures.entries import EntryRef
from petition.signatures.identity import inbox_hashes

_signature = Signature.table()


def accept_emails(email_id: int, *, tokens: Tokens, link_made_at: datetime) -> None:
    """Let a mailbox get emails again that its owner refused, or of which others used up the most.

    The owner followed a link in one of them, which makes room for five more once. Idempotent.
    Raises: SignatureGone once the email's record is erased.
    """
    with transaction() as connection:
        email = address_question.get_email(connection, email_id)
        if not email.mailbox_hash:
            raise SignatureGone
        advisory_lock(connection, email.mailbox_hash)
        hashes = {email.mailbox_hash}
        entry_ref = EntryRef(email.signature_id or 0, email.entry or 0)
        if fields := entries.get_fields(connection, entry_ref):
            hashes |= inbox_hashes(fields["address_key"], tokens)
        suppression.lift(connection, hashes)
        answers.accept_more(connection, email.mailbox_hash, link_made_at=link_made_at)


@dataclass(frozen=True, slots=True)
class Disowned:
    """Whether an entry was erased, and the id of the mailbox's signature that is `left`."""

    removed: bool
    left: int | None


def disown(email_id: int, *, never_again: bool, now: datetime) -> Disowned:
    """Erase the entry that an email is about; with `never_again` suppress the mailbox.

    Idempotent. `never_again` works as long as the email's record is stored, even without the entry.
    Raises: SignatureGone once the record is erased.
    """
    with transaction() as connection:
        email = address_question.get_email(connection, email_id)
        if not email.mailbox_hash:
            raise SignatureGone
        entry_ref = EntryRef(email.signature_id or 0, email.entry or 0)
        removed = removal.remove_entry(connection, entry_ref, now=now)
        if never_again:
            suppression.suppress(connection, email.mailbox_hash, now=now)
        left = connection.scalar(
            select(_signature.c.id).where(_signature.c.id == email.signature_id)
        )
        return Disowned(removed, left)
