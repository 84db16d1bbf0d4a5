"""One reminder, after a day, for each signature that is not confirmed."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select

from petition.database.transactions import advisory_lock, transaction
from petition.models import Email, Petition, Signature
from petition.models.enums import EmailKind, EmailState, PetitionState
from petition.outbox import enqueue

REMIND_AFTER = timedelta(hours=24)
BATCH_SIZE = 200

_signature, _email = Signature.table(), Email.table()


def enqueue_reminders(*, within: timedelta, now: datetime, batch: int = BATCH_SIZE) -> int:
    """Enqueue reminders for signatures made over a day ago, `within` at most; return how many.

    Only where the first email was sent and the petition is open. Idempotent: a unique index refuses
    a second reminder for a signature, whichever worker runs this. It takes a transaction for each
    `batch`, but all that are due: who waits for the next call would learn how many went before.
    """
    total = 0
    while True:
        due, enqueued = _enqueue_batch(batch, within=within, now=now)
        total += enqueued
        if due < batch or not enqueued:
            return total


def _enqueue_batch(batch: int, *, within: timedelta, now: datetime) -> tuple[int, int]:
    """Return how many were due, and how many of these are enqueued now."""
    has_email = _email.c.signature_id == _signature.c.id
    was_sent = exists().where(
        has_email,
        _email.c.entry == _signature.c.entry,  # about the current entry
        _email.c.kind == EmailKind.CONFIRM,
        _email.c.state == EmailState.SENT,
    )
    was_reminded = exists().where(has_email, _email.c.kind == EmailKind.REMINDER)
    with transaction() as connection:
        due = connection.execute(
            select(_signature.c.id, _signature.c.entry, _signature.c.mailbox_hash)
            .join(Petition, Petition.id == _signature.c.petition_id)
            .where(
                _signature.c.confirmed_at.is_(None),
                _signature.c.signed_at <= now - REMIND_AFTER,
                _signature.c.signed_at > now - within,
                Petition.state == PetitionState.OPEN,
                was_sent,
                ~was_reminded,
            )
            .limit(batch)
            .with_for_update(of=_signature, skip_locked=True)
        ).all()
        enqueued = 0
        for row in due:
            # Not waited for: the holder may be waiting for the row that is locked above.
            if advisory_lock(connection, row.mailbox_hash, wait=False):
                enqueue.email_signer(connection, EmailKind.REMINDER, *row, now=now)
                enqueued += 1
    return len(due), enqueued
