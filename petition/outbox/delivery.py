"""The outbox: a letter leaves by the worker, at least once, whatever dies between.

A letter at rest says what about and to whom; words and tokens are made when it leaves. Claiming is
a lease: the claim moves the letter's hour forward, so that a worker killed at any moment gives it
back by doing nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Update, and_, bindparam, func, literal_column, select, update

from petition.database import counters
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.database.counters import Use
from petition.database.transactions import transaction
from petition.models import Email
from petition.models.enums import EmailState

LEASE = timedelta(minutes=3)  # longer than a dialogue of ten answers, smtp.SECONDS each
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days

_email = Email.table()

# In the SQL itself: with a parameter there, SQLite would not use the index of due letters.
_is_due = _email.c.state == literal_column(f"'{EmailState.DUE}'")
_due = and_(_is_due, _email.c.due_at <= bindparam("now"))
_first_due = (
    select(_email.c.id)
    .where(_due)
    .order_by(_email.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_IS_DUE = CompiledStatement(select(_email.c.id).where(_due).limit(1))
_CLAIM = CompiledStatement(
    update(_email)
    .where(_email.c.id == _first_due.scalar_subquery(), _due)
    .values(due_at=bindparam("until"), attempts=_email.c.attempts + 1)
    .returning(_email.c.id)
)
_SETTLED = CompiledStatement(
    update(_email)
    .where(_email.c.id == bindparam("email"), _is_due)
    .values(state=bindparam("state"), sent_at=bindparam("now"), reason="", address="")
    .returning(_email.c.id)
)


def claim(now: datetime, *, most_a_minute: int = 0) -> int | None:
    """Lease the letter that has been due longest and return its id, or None when nothing is due, or
    when as many as may leave in a minute (over all workers; 0 for no such bound) have left.

    Any number of workers may claim at once; each letter goes to one. The attempt is counted by the
    claim.
    """
    with db.engine.connect() as connection:
        if _IS_DUE.first(connection, {"now": now}) is None:
            return None  # the common case, a read alone: it takes no write lock
    with transaction() as connection:
        if most_a_minute and not counters.is_within(
            connection, Use("mails", "", timedelta(minutes=1)), limit=most_a_minute, now=now
        ):
            return None
        claimed = _CLAIM.first(connection, {"now": now, "until": now + LEASE})
    return None if claimed is None else int(claimed[0])


def mark_sent(email_id: int, *, now: datetime) -> None:
    """Mark a letter as taken by the mail server."""
    with transaction() as connection:
        _settle(connection, email_id, EmailState.SENT, now)


def mark_withheld(email_id: int, *, now: datetime) -> None:
    """Mark a letter as not mailed; to its page it looks like one that was."""
    with transaction() as connection:
        _settle(connection, email_id, EmailState.WITHHELD, now)


def _settle(connection: Connection, email_id: int, state: EmailState, now: datetime) -> None:
    _SETTLED.first(connection, {"email": email_id, "state": state.value, "now": now})


def mark_refused(email_id: int, reason: str) -> None:
    """Stop a letter for good and keep the reason."""
    with transaction() as connection:
        connection.execute(
            _while_due(email_id).values(state=EmailState.REFUSED, reason=reason[:300], address="")
        )


def defer(email_id: int, reason: str, *, now: datetime) -> None:
    """Try a letter again later: after 5 s, then twice as long each time up to 1 h, and give up
    after 5 days.
    """
    with transaction() as connection:
        attempts, created_at = connection.execute(
            select(_email.c.attempts, _email.c.created_at).where(_email.c.id == email_id)
        ).one()
        values: dict[str, object] = {"due_at": now + retry_delay(attempts), "reason": reason[:300]}
        if now - created_at > GIVE_UP:
            values |= {"state": EmailState.REFUSED, "address": ""}
        connection.execute(_while_due(email_id).values(values))


def release(email_id: int, *, now: datetime) -> None:
    """Give a claimed letter back untried: the server could not be reached, which is not the
    letter's fault.
    """
    with transaction() as connection:
        connection.execute(_while_due(email_id).values(due_at=now, attempts=_email.c.attempts - 1))


def retry_delay(attempts: int) -> timedelta:
    """Return how long a letter waits after so many attempts: 5 s, 10 s, 20 s … 1 h."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_RETRY * doubled, LONGEST_RETRY)


@dataclass(frozen=True, slots=True)
class Status:
    """What is in the box; `oldest` is when the letter that has waited longest was put in."""

    due: int
    sent: int
    refused: int
    withheld: int
    held: int
    oldest: datetime | None


def status() -> Status:
    """Count the letters by state."""
    by_state = select(_email.c.state, func.count()).group_by(_email.c.state)
    counts: dict[str, int] = dict(db.session.execute(by_state).all())
    oldest = db.session.scalar(
        select(func.min(_email.c.created_at)).where(_email.c.state == EmailState.DUE)
    )
    return Status(
        due=counts.get(EmailState.DUE, 0),
        sent=counts.get(EmailState.SENT, 0),
        refused=counts.get(EmailState.REFUSED, 0),
        withheld=counts.get(EmailState.WITHHELD, 0),
        held=counts.get(EmailState.HELD, 0),
        oldest=oldest,
    )


def _while_due(email_id: int) -> Update:
    return update(_email).where(_email.c.id == email_id, _email.c.state == EmailState.DUE)
