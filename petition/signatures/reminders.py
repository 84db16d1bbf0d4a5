"""One reminder to who has not confirmed after a day, and never a second."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select

from petition.database.transactions import advisory_lock, transaction
from petition.models import Email, Petition, Signature
from petition.models.enums import EmailKind, EmailState, PetitionState
from petition.outbox import enqueue

REMIND_AFTER = timedelta(hours=24)
BATCH_SIZE = 200

_signature, _email = Signature.table(), Email.table()


def enqueue_reminders(*, within: timedelta, now: datetime) -> int:
    """Put reminders in the box for signatures made a day ago that are not confirmed, and return how
    many. `within` is how long ago at most.

    Only where the first mail was sent, while the petition is open. The database refuses a second
    reminder for a signature, whoever runs this at once.
    """
    mine = _email.c.signature_id == _signature.c.id
    was_mailed = exists().where(
        mine,
        _email.c.entry == _signature.c.entry,  # it is about the one that stands
        _email.c.kind == EmailKind.CONFIRM,
        _email.c.state == EmailState.SENT,
    )
    was_reminded = exists().where(mine, _email.c.kind == EmailKind.REMINDER)
    with transaction() as connection:
        due = connection.execute(
            select(_signature.c.id, _signature.c.entry, _signature.c.mailbox_hash)
            .join(Petition, Petition.id == _signature.c.petition_id)
            .where(
                _signature.c.confirmed_at.is_(None),
                _signature.c.signed_at <= now - REMIND_AFTER,
                _signature.c.signed_at > now - within,
                Petition.state == PetitionState.OPEN,
                was_mailed,
                ~was_reminded,
            )
            .limit(BATCH_SIZE)
            .with_for_update(of=_signature, skip_locked=True)
        ).all()
        put_in = 0
        for signature_id, entry, mailbox_hash in due:
            reader = enqueue.Recipient(signature_id, entry, mailbox_hash)
            # Its row is locked here already: whoever has the turn now is not waited for.
            if advisory_lock(connection, reader.mailbox_hash, wait=False):
                enqueue.email_signer(connection, EmailKind.REMINDER, reader, now=now)
                put_in += 1
    return put_in
