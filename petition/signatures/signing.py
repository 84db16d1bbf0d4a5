"""Signing a petition: the entry and the email about it, stored in one transaction."""

from datetime import datetime

from petition.abuse import bursts, rate_limits
from petition.abuse.rate_limits import FormSender
from petition.database.transactions import advisory_lock, transaction
from petition.models.enums import EmailKind
from petition.outbox import enqueue
from petition.signatures import entries
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
) -> int:
    """Insert an entry and enqueue the email that asks the mailbox's owner to confirm it.

    Another entry for a mailbox replaces nothing. Returns the id of the email; it grows with every
    call alike and so reveals nothing about the address.

    Raises: PetitionNotOpen; ChallengeRequired or RateLimited, which then count nothing.
    """
    with transaction() as connection:
        # The emails of a mailbox are counted by one transaction at a time.
        advisory_lock(connection, address.mailbox_hash)
        rate_limits.hit(connection, sender.limits, now=now)
        hold = bursts.find_hold(connection, petition_id, address.domain, sender, now=now)
        added = entries.insert_entry(connection, petition_id, entry, address, context, now=now)
        return enqueue.email_signer(
            connection, EmailKind.CONFIRM, *added, address.mailbox_hash, now=now, hold=hold
        )
