"""The outbox: a letter is put in with what caused it and leaves by the worker, at least once,
whatever dies between.

A letter at rest says what about and to whom; words and tokens are made when it leaves. Claiming is
a lease: the claim moves the letter's hour forward, so that a worker killed at any moment gives it
back by doing nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from petition.extensions import db, transaction
from petition.models import Letter, LetterKind, LetterState, Signature
from petition.prepared import Prepared

LEASE = timedelta(minutes=2)  # longer than a dialogue with a slow server (smtp.SECONDS an answer)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days

LETTERS_PER_MAILBOX = 5  # in all, so that nobody can fill a stranger's mailbox through us
MAILBOX_MEMORY = timedelta(days=30)
LETTERS_PER_ORGANISER = 5
ORGANISER_MEMORY = timedelta(hours=1)

_letter = Letter.table()
_signature = Signature.table()

_earlier = _letter.alias("earlier")
_to_the_same_mailbox = _earlier.c.signature_id.in_(
    select(_signature.c.id).where(
        _signature.c.mailbox_key
        == select(_signature.c.mailbox_key)
        .where(_signature.c.id == bindparam("reader"))
        .scalar_subquery()
    )
)
_to_the_same_organiser = _earlier.c.organiser_id == bindparam("reader")


def _posting(reader: Column[int | None], to_the_same: ColumnElement[bool]) -> Prepared:
    """Build the statement that puts a letter in; its state is decided by the database.

    It is withheld when the reader has had their most, or when the same letter is waiting already (a
    second click); else it is due.
    """
    had = (
        select(func.count())
        .where(to_the_same)
        .where(
            _earlier.c.state != LetterState.WITHHELD.value,
            _earlier.c.created_at > bindparam("since"),
        )
        .scalar_subquery()
    )
    waiting = exists().where(
        _earlier.c[reader.name] == bindparam("reader"),
        _earlier.c.kind == bindparam("kind"),
        _earlier.c.state == LetterState.DUE.value,
    )
    state = case(
        (or_(had >= bindparam("most"), waiting), literal(LetterState.WITHHELD.value)),
        else_=literal(LetterState.DUE.value),
    )
    return Prepared(
        insert(_letter)
        .values(
            {
                "kind": bindparam("kind"),
                "state": state,
                reader.name: bindparam("reader"),
                "attempts": 0,
                "reason": "",
                "created_at": bindparam("now"),
                "due_at": bindparam("now"),
            }
        )
        .returning(_letter.c.id)
    )


_POST_TO_SIGNER = _posting(_letter.c.signature_id, _to_the_same_mailbox)
_POST_TO_ORGANISER = _posting(_letter.c.organiser_id, _to_the_same_organiser)


def post_to_signer(
    connection: Connection, kind: LetterKind, signature_id: int, *, now: datetime
) -> int:
    """Put a letter in the box, inside the caller's transaction, and return its id.

    A mailbox gets five letters in thirty days, across petitions. One more is kept but withheld: the
    caller cannot tell, so neither can a page.
    """
    limits = {"most": LETTERS_PER_MAILBOX, "since": now - MAILBOX_MEMORY}
    written = {"kind": kind.value, "reader": signature_id, "now": now}
    ((letter_id,),) = _POST_TO_SIGNER.all(connection, written | limits)
    return int(letter_id)


def post_to_organiser(
    connection: Connection, kind: LetterKind, organiser_id: int, *, now: datetime
) -> int:
    """Put a letter in the box, inside the caller's transaction, and return its id.

    An organiser gets five letters an hour; one more is kept but withheld.
    """
    limits = {"most": LETTERS_PER_ORGANISER, "since": now - ORGANISER_MEMORY}
    written = {"kind": kind.value, "reader": organiser_id, "now": now}
    ((letter_id,),) = _POST_TO_ORGANISER.all(connection, written | limits)
    return int(letter_id)


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
_SENT = Prepared(
    update(_letter)
    .where(_letter.c.id == bindparam("letter"), _is_due)
    .values(state=LetterState.SENT.value, sent_at=bindparam("now"), reason="")
    .returning(_letter.c.id)
)


def claim(now: datetime) -> int | None:
    """Lease the letter that has been due longest and return its id, or None when nothing is due.

    Any number of workers may claim at once; each letter goes to one. The attempt is counted by the
    claim.
    """
    with db.engine.connect() as connection:
        if _IS_DUE.first(connection, {"now": now}) is None:
            return None  # the common case, a read alone: it takes no write lock
    with transaction() as connection:
        claimed = _CLAIM.first(connection, {"now": now, "until": now + LEASE})
    return None if claimed is None else int(claimed[0])


def sent(letter_id: int, *, now: datetime) -> None:
    """Mark a letter as taken by the mail server."""
    with transaction() as connection:
        _SENT.first(connection, {"letter": letter_id, "now": now})


def refused(letter_id: int, reason: str) -> None:
    """Stop a letter for good and keep the reason."""
    with transaction() as connection:
        connection.execute(
            _while_due(letter_id).values(state=LetterState.REFUSED, reason=reason[:300])
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
            values["state"] = LetterState.REFUSED
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
        oldest=oldest,
    )


def _while_due(letter_id: int) -> Update:
    return update(_letter).where(_letter.c.id == letter_id, _letter.c.state == LetterState.DUE)
