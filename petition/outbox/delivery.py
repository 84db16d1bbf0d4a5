"""The outbox: a letter leaves by the worker, at least once, whatever dies between.

A letter at rest says what about and to whom; words and tokens are made when it leaves. Claiming is
a lease: the claim moves the letter's hour forward, so that a worker killed at any moment gives it
back by doing nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Update, and_, bindparam, func, literal_column, select, update

from petition import counters
from petition.counters import Use
from petition.extensions import db, transaction
from petition.kinds import LetterState
from petition.models import Letter
from petition.prepared import Prepared

LEASE = timedelta(minutes=3)  # longer than a dialogue of ten answers, smtp.SECONDS each
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days

_letter = Letter.table()

# In the SQL itself: with a parameter there, SQLite would not use the index of due letters.
_is_due = _letter.c.state == literal_column(f"'{LetterState.DUE}'")
_due = and_(_is_due, _letter.c.due_at <= bindparam("now"))
_first_due = (
    select(_letter.c.id)
    .where(_due)
    .order_by(_letter.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_IS_DUE = Prepared(select(_letter.c.id).where(_due).limit(1))
_CLAIM = Prepared(
    update(_letter)
    .where(_letter.c.id == _first_due.scalar_subquery(), _due)
    .values(due_at=bindparam("until"), attempts=_letter.c.attempts + 1)
    .returning(_letter.c.id)
)
_SETTLED = Prepared(
    update(_letter)
    .where(_letter.c.id == bindparam("letter"), _is_due)
    .values(state=bindparam("state"), sent_at=bindparam("now"), reason="", address="")
    .returning(_letter.c.id)
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


def sent(letter_id: int, *, now: datetime) -> None:
    """Mark a letter as taken by the mail server."""
    with transaction() as connection:
        _settle(connection, letter_id, LetterState.SENT, now)


def withheld(letter_id: int, *, now: datetime) -> None:
    """Mark a letter as not mailed; to its page it looks like one that was."""
    with transaction() as connection:
        _settle(connection, letter_id, LetterState.WITHHELD, now)


def _settle(connection: Connection, letter_id: int, state: LetterState, now: datetime) -> None:
    _SETTLED.first(connection, {"letter": letter_id, "state": state.value, "now": now})


def refused(letter_id: int, reason: str) -> None:
    """Stop a letter for good and keep the reason."""
    with transaction() as connection:
        connection.execute(
            _while_due(letter_id).values(state=LetterState.REFUSED, reason=reason[:300], address="")
        )


def deferred(letter_id: int, reason: str, *, now: datetime) -> None:
    """Try a letter again later: after 5 s, then twice as long each time up to 1 h, and give up
    after 5 days.
    """
    with transaction() as connection:
        attempts, created_at = connection.execute(
            select(_letter.c.attempts, _letter.c.created_at).where(_letter.c.id == letter_id)
        ).one()
        values: dict[str, object] = {"due_at": now + wait_after(attempts), "reason": reason[:300]}
        if now - created_at > GIVE_UP:
            values |= {"state": LetterState.REFUSED, "address": ""}
        connection.execute(_while_due(letter_id).values(values))


def released(letter_id: int, *, now: datetime) -> None:
    """Give a claimed letter back untried: the server could not be reached, which is not the
    letter's fault.
    """
    with transaction() as connection:
        connection.execute(
            _while_due(letter_id).values(due_at=now, attempts=_letter.c.attempts - 1)
        )


def wait_after(attempts: int) -> timedelta:
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
    by_state = select(_letter.c.state, func.count()).group_by(_letter.c.state)
    counts: dict[str, int] = dict(db.session.execute(by_state).all())
    oldest = db.session.scalar(
        select(func.min(_letter.c.created_at)).where(_letter.c.state == LetterState.DUE)
    )
    return Status(
        due=counts.get(LetterState.DUE, 0),
        sent=counts.get(LetterState.SENT, 0),
        refused=counts.get(LetterState.REFUSED, 0),
        withheld=counts.get(LetterState.WITHHELD, 0),
        held=counts.get(LetterState.HELD, 0),
        oldest=oldest,
    )


def _while_due(letter_id: int) -> Update:
    return update(_letter).where(_letter.c.id == letter_id, _letter.c.state == LetterState.DUE)
