"""Put the readers of running mailings into the outbox, a few at a time, in the order of their ids.

So the outbox stays short, and confirmations never wait behind a whole mailing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Mailing, Signature
from petition.models.enums import EmailKind, MailingState
from petition.organisers.news import mailing_states, text_questions
from petition.outbox import news_emails

BATCH = 200
MAX_WAITING = 1_000  # news in the outbox, from which no more is added

_mailing, _signature = Mailing.table(), Signature.table()

_running = select(_mailing).where(_mailing.c.state == MailingState.RUNNING).order_by(_mailing.c.id)


def refill(*, now: datetime) -> int:
    """Enqueue the next emails of running mailings, end those that are done; return how many.

    Any number of workers may call it at once. An email and the place up to which readers were
    enqueued are written together: a worker that dies leaves nobody out and enqueues nobody twice.
    """
    with db.engine.connect() as connection:  # a read takes no write lock
        rows = connection.execute(_running).all()
        if not any(_has_work(connection, row) for row in rows):
            return 0
    with transaction() as connection:
        rows = connection.execute(_running.with_for_update(skip_locked=True)).all()
        number = 0
        for row in rows:
            if not _has_work(connection, row):
                continue
            if row.cursor < row.last_signature_id:
                number += _enqueue_next(connection, row, now)
            else:
                mailing_states.finish(connection, row.id, now=now)
        return number


def _has_work(connection: Connection, row: Row[Any]) -> bool:
    """Return whether readers of a mailing are to be enqueued, or it is done."""
    if row.cursor < row.last_signature_id:
        return news_emails.count_due(connection) < MAX_WAITING
    return not news_emails.is_any_due(connection, row.id)


def next_readers(petition_id: int, after: int, last: int) -> Select[int, int]:
    """Return the query for ids and entries of signers who asked for news, in a range of ids."""
    return (
        select(_signature.c.id, _signature.c.entry)
        .where(
            _signature.c.petition_id == petition_id,
            Signature.wants_news(),
            _signature.c.id > after,
            _signature.c.id <= last,
        )
        .order_by(_signature.c.id)
    )


def _enqueue_next(connection: Connection, row: Row[Any], now: datetime) -> int:
    """Enqueue a batch of a mailing, store how far it is, and return how many."""
    if row.update_id is None:
        readers = text_questions.take_next(connection, row, limit=BATCH)
        about = {"kind": EmailKind.NEW_TEXT}
    else:
        query = next_readers(row.petition_id, row.cursor, row.last_signature_id)
        readers = connection.execute(query.limit(BATCH)).all()
        about = {"kind": EmailKind.NEWS, "update_id": row.update_id}
    news_emails.enqueue(connection, row.id, readers, about, now=now)
    last = readers[-1].id if len(readers) == BATCH else row.last_signature_id
    of_mailing = update(_mailing).where(_mailing.c.id == row.id)
    connection.execute(of_mailing.values(cursor=last))
    return len(readers)
