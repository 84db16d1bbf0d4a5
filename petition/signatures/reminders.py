"""One reminder to who has not confirmed after a day, and never a second."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select

from petition import posting
from petition.extensions import queue_up, transaction
from petition.kinds import LetterKind, LetterState, State
from petition.models import Letter, Petition, Signature

AFTER = timedelta(hours=24)
AT_ONCE = 200

_signature, _letter = Signature.table(), Letter.table()


def remind(*, within: timedelta, now: datetime) -> int:
    """Put reminders in the box for signatures made a day ago that are not confirmed, and return how
    many. `within` is how long ago at most.

    Only where the first mail was sent, while the petition is open. The database refuses a second
    reminder for a signature, whoever runs this at once.
    """
    mine = _letter.c.signature_id == _signature.c.id
    was_mailed = exists().where(
        mine,
        _letter.c.entry == _signature.c.entry,  # it is about the one that stands
        _letter.c.kind == LetterKind.CONFIRM,
        _letter.c.state == LetterState.SENT,
    )
    was_reminded = exists().where(mine, _letter.c.kind == LetterKind.REMINDER)
    with transaction() as connection:
        due = connection.execute(
            select(_signature.c.id, _signature.c.entry, _signature.c.mailbox_hash)
            .join(Petition, Petition.id == _signature.c.petition_id)
            .where(
                _signature.c.confirmed_at.is_(None),
                _signature.c.signed_at <= now - AFTER,
                _signature.c.signed_at > now - within,
                Petition.state == State.OPEN,
                was_mailed,
                ~was_reminded,
            )
            .limit(AT_ONCE)
            .with_for_update(of=_signature, skip_locked=True)
        ).all()
        put_in = 0
        for signature_id, entry, mailbox_hash in due:
            reader = posting.Reader(signature_id, entry, mailbox_hash)
            # Its row is locked here already: whoever has the turn now is not waited for.
            if queue_up(connection, reader.mailbox_hash, wait=False):
                posting.post_to_signer(connection, LetterKind.REMINDER, reader, now=now)
                put_in += 1
    return put_in
