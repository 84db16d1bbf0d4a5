"""One reminder, after a day, for each signature that is not confirmed."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select, tuple_

from petition.database.transactions import advisory_lock, transaction
from petition.models import Email, Petition, Signature
from petition.models.enums import EmailKind, EmailState, PetitionState
from petition.outbox import enqueue

REMIND_AFTER = timedelta(hours=24)
BATCH_SIZE = 200

_signature, _email = Signature.table(), Email.table()
# In the order of the index of unconfirmed signatures: a batch goes on where the last one ended.
_KEY = (_signature.c.signed_at, _signature.c.petition_id, _signature.c.id)


def enqueue_reminders(*, within: timedelta, now: datetime, batch: int = BATCH_SIZE) -> int:
    """Enqueue reminders for signatures made over a day ago, `within` at most; return how many.

    Only where the first email was sent and the petition is open. Idempotent: a unique index refuses
    a second reminder for a signature, whichever worker runs this. It takes a transaction for each
    `batch`, but all that are due: who waits for the next call would learn how many went before.
    """
    total, last = 0, (now - within, 0, 0)
    while True:
        due, enqueued = _enqueue_batch(batch, last, now=now)
        total += enqueued
        if len(due) < batch:
            return total
        last = due[-1]


def _enqueue_batch(
    batch: int, last: tuple[datetime, int, int], *, now: datetime
) -> tuple[list[tuple[datetime, int, int]], int]:
    """Return the keys of those due after the key `last`, and how many are enqueued now."""
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
            select(*_KEY, _signature.c.entry, _signature.c.mailbox_hash)
            .join(Petition, Petition.id == _signature.c.petition_id)
            .where(
                tuple_(*_KEY) > last,
                _signature.c.confirmed_at.is_(None),
                _signature.c.signed_at <= now - REMIND_AFTER,
                Petition.state == PetitionState.OPEN,
                was_sent,
                ~was_reminded,
            )
            .order_by(*_KEY)
            .limit(batch)
            .with_for_update(of=_signature, skip_locked=True)
        ).all()
        enqueued = 0
        for row in due:
            # Not waited for: the holder may be waiting for the row that is locked above.
            if advisory_lock(connection, row.mailbox_hash, wait=False):
                enqueue.email_signer(
                    connection, EmailKind.REMINDER, row.id, row.entry, row.mailbox_hash, now=now
                )
                enqueued += 1
    return [(row.signed_at, row.petition_id, row.id) for row in due], enqueued
