"""Emails of mailings, here called news: served after all others, and sent at most once.

They are news, and the question whether an earlier signer supports a new text.

Before one is given to the mail server it is stored as sent, without a time. A crash leaves it so:
whether it arrived is unknown, and it is never sent again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)

from petition.models import Email, Mailing
from petition.models.enums import EmailKind, EmailState, MailingState
from petition.outbox.answers import IS_UNSENT

_email, _mailing = Email.table(), Mailing.table()

KINDS = (EmailKind.NEWS, EmailKind.NEW_TEXT)
# Literals: with parameters, SQLite would not use the partial index of due news.
IS_NEWS = _email.c.kind.in_([literal_column(f"'{kind}'") for kind in KINDS])
IS_DUE_NEWS = and_(_email.c.state == literal_column(f"'{EmailState.DUE}'"), IS_NEWS)
# Given to the mail server, whose answer has not come.
IS_BEGUN = and_(_email.c.state == EmailState.SENT, _email.c.sent_at.is_(None), IS_NEWS)
# What becomes of an email that was not accepted, by the state of its mailing; else it is due again.
_TAKEN_BACK = {MailingState.PAUSED: EmailState.HELD, MailingState.STOPPED: EmailState.WITHHELD}
DROPPED = "no longer wanted"  # why news is withheld


class Outcomes(NamedTuple):
    """How many emails of a mailing were sent, were refused, may have been sent, were not sent."""

    sent: int
    refused: int
    unknown: int
    left_out: int


def enqueue(
    connection: Connection,
    mailing_id: int,
    readers: Sequence[Row[int, int] | tuple[int, int]],
    about: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    """Enqueue a mailing for signers, given as ids of signatures and numbers of entries.

    `about` has the kind of the emails and, with news, the update.
    """
    rows = [
        {
            "state": EmailState.DUE,
            "mailing_id": mailing_id,
            "signature_id": signature_id,
            "entry": entry,
            "created_at": now,
            "due_at": now,
            **about,
        }
        for signature_id, entry in readers
    ]
    if rows:
        connection.execute(insert(Email), rows)


def enqueue_test(
    connection: Connection,
    organiser_id: int,
    petition_id: int,
    languages: Sequence[str],
    *,
    kind: EmailKind = EmailKind.NEWS_TEST,
    update_id: int | None = None,
    now: datetime,
) -> int:
    """Enqueue an update, or the question, for an organiser in each language; return how many.

    None while earlier ones are on their way.
    """
    common = {
        "kind": kind,
        "organiser_id": organiser_id,
        "petition_id": petition_id,
        "update_id": update_id,
    }
    is_same = [_email.c[name].is_not_distinct_from(value) for name, value in common.items()]
    if connection.scalar(select(_email.c.id).where(*is_same, IS_UNSENT).limit(1)) is not None:
        return 0
    times = {"created_at": now, "due_at": now}
    rows = [
        {**common, **times, "state": EmailState.DUE, "language": language} for language in languages
    ]
    connection.execute(insert(Email), rows)
    return len(rows)


def count_due(connection: Connection) -> int:
    """Return how many emails with news are due, of all mailings."""
    return connection.scalar(select(func.count()).select_from(_email).where(IS_DUE_NEWS)) or 0


def is_any_due(connection: Connection, mailing_id: int) -> bool:
    """Return whether an email of a mailing is due."""
    due = select(_email.c.id).where(IS_DUE_NEWS, _email.c.mailing_id == mailing_id)
    return connection.scalar(due.limit(1)) is not None


def count_outcomes(
    connection: Connection, mailing_id: int, *, now: datetime | None = None
) -> Outcomes:
    """Count what came of the emails of a mailing, as far as they are stored.

    With `now`, those that a worker is sending are left out: its lease has not ended.
    """
    is_sent = _email.c.state == EmailState.SENT
    conditions = {
        "sent": and_(is_sent, _email.c.sent_at.is_not(None)),
        "refused": _email.c.state == EmailState.REFUSED,
        "unknown": and_(
            is_sent, _email.c.sent_at.is_(None), true() if now is None else _email.c.due_at <= now
        ),
        "left_out": _email.c.state == EmailState.WITHHELD,
    }
    counts = [func.count(case((condition, 1))).label(n) for n, condition in conditions.items()]
    of_mailing = (_email.c.mailing_id == mailing_id, IS_NEWS)
    return Outcomes._make(connection.execute(select(*counts).where(*of_mailing)).one())


def mark_begun(connection: Connection, email_ids: Collection[int]) -> set[int]:
    """Store due emails as given to the mail server; return those that may be sent.

    Others were held or withheld meanwhile, or another worker has begun them.
    """
    if not email_ids:
        return set()
    due = _lock(connection, and_(_email.c.id.in_(email_ids), IS_NEWS), EmailState.DUE)
    begun = update(_email).where(_email.c.id.in_(due))
    connection.execute(begun.values(state=EmailState.SENT, sent_at=None))
    return due


def take_back(connection: Connection, email_ids: Collection[int]) -> None:
    """Make begun emails due again that the mail server has certainly not accepted.

    Of a mailing that was paused or stopped meanwhile, they are held or withheld as its others are.
    """
    mailings = connection.execute(  # locked: one that is stopped just now waits
        select(_email.c.id, _mailing.c.state)
        .join(_mailing, _mailing.c.id == _email.c.mailing_id)
        .where(_email.c.id.in_(email_ids), IS_BEGUN)
        .with_for_update(read=True, of=_mailing)
    )
    for email_id, mailing in mailings.all():
        begun = update(_email).where(_email.c.id == email_id, IS_BEGUN)
        connection.execute(begun.values(state=_TAKEN_BACK.get(mailing, EmailState.DUE)))


def hold(connection: Connection, mailing_id: int) -> None:
    """Hold the due emails of a mailing."""
    _change(connection, mailing_id, EmailState.HELD, EmailState.DUE)


def release(connection: Connection, mailing_id: int, *, now: datetime) -> None:
    """Make the held emails of a mailing due."""
    _change(connection, mailing_id, EmailState.DUE, EmailState.HELD, due_at=now)


def withhold(connection: Connection, mailing_id: int) -> None:
    """Withhold the unsent emails of a mailing."""
    _change(connection, mailing_id, EmailState.WITHHELD, EmailState.DUE, EmailState.HELD)


def _change(
    connection: Connection,
    mailing_id: int,
    state: EmailState,
    *before: EmailState,
    **values: datetime,
) -> None:
    ids = _lock(connection, and_(_email.c.mailing_id == mailing_id, IS_NEWS), *before)
    changed = update(_email).where(_email.c.id.in_(ids))
    connection.execute(changed.values(state=state, **values))


def _lock(connection: Connection, emails: ColumnElement[bool], *states: EmailState) -> set[int]:
    """Lock emails in the order of their ids, so that two transactions do not deadlock."""
    query = select(_email.c.id).where(emails, _email.c.state.in_(states))
    return {*connection.scalars(query.order_by(_email.c.id).with_for_update())}
