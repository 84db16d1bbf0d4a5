"""How far a mailing is, whatever it is about, and its changes: pause, go on, stop, end."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select, update

from petition.database.base import db
from petition.models import Mailing
from petition.models.enums import MailingState
from petition.outbox import news_emails

_mailing = Mailing.table()


class Progress(NamedTuple):
    """How far a mailing is. `unknown`: the worker died while it sent them; they are not repeated.

    `left_out` want no email any more. `waiting` includes those that are not in the outbox yet.
    """

    state: MailingState
    started_at: datetime
    readers: int
    sent: int
    refused: int
    unknown: int
    left_out: int
    waiting: int


def get_progress(is_mailing: ColumnElement[bool], *, now: datetime) -> Progress | None:
    """Return how far the mailing of a condition is, or None without one."""
    with db.engine.connect() as connection:
        row = connection.execute(select(_mailing).where(is_mailing)).first()
        if row is None:
            return None
        runs = row.state in {MailingState.RUNNING, MailingState.PAUSED}
        lease_ended = now if runs else None
        now_stored = news_emails.count_outcomes(connection, row.id, now=lease_ended)
    kept = news_emails.Outcomes(row.sent, row.refused, row.unknown, row.left_out)
    # Records of emails are erased after 30 days; then the counts of the end are left.
    outcomes = now_stored if sum(now_stored) >= sum(kept) else kept
    waiting = max(0, row.readers - sum(outcomes)) if runs else 0
    return Progress(
        MailingState(row.state), row.started_at, row.readers, *outcomes, waiting=waiting
    )


def pause(connection: Connection, mailing_id: int) -> bool:
    """Hold the emails of a running mailing; return whether it ran."""
    if not _move(connection, mailing_id, MailingState.PAUSED, MailingState.RUNNING):
        return False
    news_emails.hold(connection, mailing_id)
    return True


def resume(connection: Connection, mailing_id: int, *, now: datetime) -> bool:
    """Go on with a paused mailing; return whether it was paused."""
    if not _move(connection, mailing_id, MailingState.RUNNING, MailingState.PAUSED):
        return False
    news_emails.release(connection, mailing_id, now=now)
    return True


def stop(connection: Connection, mailing_id: int, *, now: datetime) -> bool:
    """End a mailing for ever; return whether it had not ended."""
    states = (MailingState.RUNNING, MailingState.PAUSED)
    if not _move(connection, mailing_id, MailingState.STOPPED, *states):
        return False
    news_emails.withhold(connection, mailing_id)
    _store_end(connection, mailing_id, now)
    return True


def finish(connection: Connection, mailing_id: int, *, now: datetime) -> None:
    """End a running mailing whose emails are all settled."""
    if _move(connection, mailing_id, MailingState.DONE, MailingState.RUNNING):
        _store_end(connection, mailing_id, now)


def _store_end(connection: Connection, mailing_id: int, now: datetime) -> None:
    counts = news_emails.count_outcomes(connection, mailing_id)._asdict()
    of_mailing = update(_mailing).where(_mailing.c.id == mailing_id)
    connection.execute(of_mailing.values(ended_at=now, **counts))


def _move(
    connection: Connection, mailing_id: int, state: MailingState, *before: MailingState
) -> bool:
    is_before = (_mailing.c.id == mailing_id, _mailing.c.state.in_(before))
    return connection.execute(update(_mailing).where(*is_before).values(state=state)).rowcount > 0
