"""The outbox: a letter is put in with what caused it and leaves by the worker, at least once,
whatever dies between.

A letter at rest says what about and to whom; words and tokens are made when it leaves. Claiming is
a lease: the claim moves the letter's hour forward, so that a worker killed at any moment gives it
back by doing nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ScalarSelect,
    String,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from petition.extensions import UTCDateTime, db, transaction
from petition.models import Letter, LetterKind, LetterState

LEASE = timedelta(
    minutes=2
)  # longer than a dialogue with a slow server takes (smtp.SECONDS an answer)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days

LETTERS_PER_MAILBOX = 5  # in all, so that nobody can fill a stranger's mailbox through us
MAILBOX_MEMORY = timedelta(days=30)

_letter = Letter.table()


def _withheld_state() -> ScalarSelect[str]:
    """The state of a new letter, decided by the database: withheld over the mailbox's limit, or
    when the same letter waits already (a second click), else due.
    """
    earlier = _letter.alias("earlier")
    waiting = exists().where(
        earlier.c.signature_id == bindparam("signature_id", type_=_letter.c.signature_id.type),
        earlier.c.kind == bindparam("kind", type_=String),
        earlier.c.state == LetterState.DUE,
    )
    so_many = (
        select(func.count())
        .select_from(earlier)
        .where(
            earlier.c.mailbox_key == bindparam("mailbox_key", type_=String),
            earlier.c.state != LetterState.WITHHELD,
            earlier.c.created_at > bindparam("since", type_=UTCDateTime),
        )
        .scalar_subquery()
    )
    withhold = or_(so_many >= bindparam("most"), waiting)
    return select(
        case((withhold, literal(LetterState.WITHHELD.value)), else_=literal(LetterState.DUE.value))
    ).scalar_subquery()


_POST = (
    insert(_letter)
    .values(
        kind=bindparam("kind", type_=String),
        state=_withheld_state(),
        signature_id=bindparam("signature_id"),
        organiser_id=bindparam("organiser_id"),
        mailbox_key=bindparam("mailbox_key", type_=String),
        attempts=0,
        reason="",
        created_at=bindparam("now", type_=UTCDateTime),
        due_at=bindparam("now", type_=UTCDateTime),
    )
    .returning(_letter.c.id)
)


def post(
    session: Session,
    kind: LetterKind,
    *,
    mailbox_key: str,
    now: datetime,
    signature_id: int | None = None,
    organiser_id: int | None = None,
    most: int = LETTERS_PER_MAILBOX,
    within: timedelta = MAILBOX_MEMORY,
) -> int:
    """Put a letter in the box, inside the caller's transaction, and return its id.

    Beyond `most` letters to the mailbox `within` that time it is kept but withheld: the caller
    cannot tell, so neither can a page.
    """
    return int(
        session.connection()
        .execute(
            _POST,
            {
                "kind": kind.value,
                "signature_id": signature_id,
                "organiser_id": organiser_id,
                "mailbox_key": mailbox_key,
                "now": now,
                "since": now - within,
                "most": most,
            },
        )
        .scalar_one()
    )


def claim(now: datetime) -> int | None:
    """Lease the letter that has been due longest and return its id, or None when nothing is due.

    Any number of workers may claim at once; each letter goes to one. The attempt is counted by the
    claim.
    """
    due = and_(_letter.c.state == LetterState.DUE, _letter.c.due_at <= now)
    first = (
        select(_letter.c.id)
        .where(due)
        .order_by(_letter.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    if db.session.scalar(select(_letter.c.id).where(due).limit(1)) is None:
        return None  # the common case, a read alone: it takes no write lock
    with transaction() as session:
        claimed: int | None = session.scalar(
            update(_letter)
            .where(_letter.c.id == first, due)
            .values(due_at=now + LEASE, attempts=_letter.c.attempts + 1)
            .returning(_letter.c.id)
        )
        return claimed


def sent(letter_id: int, *, now: datetime) -> None:
    """Mark a letter as taken by the mail server."""
    _settle(letter_id, state=LetterState.SENT, sent_at=now, reason="")


def refused(letter_id: int, reason: str) -> None:
    """Stop a letter for good and keep the reason."""
    _settle(letter_id, state=LetterState.REFUSED, reason=reason[:300])


def deferred(letter_id: int, reason: str, *, now: datetime) -> None:
    """Try a letter again later: after 5 s, then twice as long each time up to 1 h, and give up
    after 5 days.
    """
    with transaction() as session:
        attempts, created_at = session.execute(
            select(_letter.c.attempts, _letter.c.created_at).where(_letter.c.id == letter_id)
        ).one()
        values: dict[str, object] = {"due_at": now + wait_after(attempts), "reason": reason[:300]}
        if now - created_at > GIVE_UP:
            values["state"] = LetterState.REFUSED
        session.execute(_while_due(letter_id).values(values))


def released(letter_id: int, *, now: datetime) -> None:
    """Give a claimed letter back untried: the server could not be reached, which is not the
    letter's fault.
    """
    with transaction() as session:
        session.execute(_while_due(letter_id).values(due_at=now, attempts=_letter.c.attempts - 1))


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


def _settle(letter_id: int, **values: object) -> None:
    with transaction() as session:
        session.execute(_while_due(letter_id).values(values))
