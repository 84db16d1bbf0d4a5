"""Signing a petition: the entry and the email about it, stored in one transaction."""

from datetime import datetime

from petition.abuse import bursts, rate_limits
from petition.abuse.rate_limits import FormSender
from petition.database.transactions import advisory_lock, transaction
from petition.models.enums import EmailKind
from petition.outbox import answers, enqueue
from petition.signatures import entries
from petition.signatures.address_question import asked_until
from petition.signatures.entries import Entry, EntryContext
from petition.signatures.identity import Address


def sign(
    petition_id: int,
    entry: Entry,
    address: Address,
    context: EntryContext,
    *,
    sender: FormSender,
    now: datetime,
    link_made_at: datetime | None = None,
) -> int:
    """Insert an entry and enqueue the email that asks the mailbox's owner to confirm it.

    Another entry for a mailbox replaces nothing. Returns the id of the email; it grows with every
    call alike and so reveals nothing about the address. `link_made_at` is when the link was
    made that the signer followed from an email: it proves the address, and others may have used up
    the emails of its mailbox.

    Raises: PetitionNotOpen; ChallengeRequired or RateLimited, which then count nothing.
    """
    with transaction() as connection:
        # The emails of a mailbox are counted by one transaction at a time.
        advisory_lock(connection, address.mailbox_hash)
        if link_made_at is not None:
            answers.accept_more(connection, address.mailbox_hash, link_made_at=link_made_at)
        rate_limits.hit(connection, sender.limits, now=now)
        hold = bursts.find_hold(connection, petition_id, address.domain, sender, now=now)
        added = entries.insert_entry(connection, petition_id, entry, address, context, now=now)
        return enqueue.email_signer(
            connection,
            EmailKind.CONFIRM,
            *added,
            address.mailbox_hash,
            now=now,
            hold=hold,
            asked_until=None if link_made_at else asked_until(address, now),
        )
