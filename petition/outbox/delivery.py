"""The outbox's queue: workers claim due emails, then settle them or retry later.

Each email is sent at least once, but news at most once (`news_emails`). A claim is a lease: it
moves `due_at` forward, so the email of a worker that dies is due again when the lease ends.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)

from petition.database import counters
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.database.counters import Use
from petition.database.transactions import transaction
from petition.models import Email
from petition.models.enums import EmailState
from petition.models.sums import ActivityKind
from petition.outbox import activity, news_emails, pausing

LEASE = timedelta(minutes=3)  # longer than ten replies of a server, 15 seconds each
RETRY_AFTER = timedelta(seconds=5)
MAX_RETRY_AFTER = timedelta(hours=1)
ERASED = "what it is about was erased"  # why an email is dropped
MAX_IDS = 500  # in one statement
_OF_ALL, _OF_NEWS = (Use("mails", kind, timedelta(minutes=1)) for kind in ("", "news"))
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days

_email = Email.table()

# A literal: with a parameter, SQLite would not use the partial index of due emails.
_is_due = _email.c.state == literal_column(f"'{EmailState.DUE}'")
_due = and_(_is_due, _email.c.due_at <= bindparam("now"))
_ANY_DUE = CompiledStatement(select(_email.c.id).where(_due).limit(1))


def _build_claim(is_due: ColumnElement[bool]) -> CompiledStatement:
    """Build the statement that leases those emails of a condition that have been due longest."""
    is_due = and_(is_due, _email.c.due_at <= bindparam("now"))
    first_due = (
        select(_email.c.id)
        .where(is_due)
        .order_by(_email.c.due_at)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
        .cte("first_due")  # PostgreSQL may run a subquery more than once
    )
    return CompiledStatement(
        update(_email)
        .where(_email.c.id.in_(select(first_due.c.id)), is_due)
        .values(due_at=bindparam("lease_end"), attempts=_email.c.attempts + 1)
        .returning(_email.c.id)
    )


_CLAIM = _build_claim(and_(_is_due, ~news_emails.IS_NEWS))
_CLAIM_NEWS = _build_claim(news_emails.IS_DUE_NEWS)
_ANY_NEWS_DUE = CompiledStatement(
    select(_email.c.id).where(news_emails.IS_DUE_NEWS, _email.c.due_at <= bindparam("now")).limit(1)
)


def claim(now: datetime, *, limit: int = 1, per_minute: int = 0) -> list[int]:
    """Lease up to `limit` emails that have been due longest, count the attempts, return the ids.

    News comes last, and takes at most half of what may be sent in a minute. All workers together
    claim at most `per_minute` (0: any number); in a pause, one as a probe.
    Any number of workers may claim at once; each email goes to one.
    """
    with db.engine.connect() as connection:
        if _ANY_DUE.first(connection, {"now": now}) is None:
            return []  # the common case: a read takes no write lock
        if pausing.is_waiting(connection, now):
            return []
    with transaction() as connection:
        limit = may_send = pausing.claim_probe(connection, limit, lease=LEASE, now=now)
        if per_minute:
            limit = counters.take(connection, _OF_ALL, limit, limit=per_minute, now=now)
        values = {"now": now, "lease_end": now + LEASE, "limit": limit}
        claimed = sorted(int(email_id) for (email_id,) in _CLAIM.all(connection, values))
        if left := limit - len(claimed):
            claimed += _claim_news(connection, values | {"limit": left}, per_minute)
        if unused := per_minute and limit - len(claimed):
            counters.give_back(connection, _OF_ALL, unused, now=now)
        if may_send and not claimed:
            pausing.probe_now(connection, now=now)  # this worker's probe had no email
        return claimed


def _claim_news(connection: Connection, values: Mapping[str, Any], per_minute: int) -> list[int]:
    now, taken = values["now"], 0
    if per_minute and _ANY_NEWS_DUE.first(connection, {"now": now}) is not None:
        most = max(1, per_minute // 2)
        taken = counters.take(connection, _OF_NEWS, values["limit"], limit=most, now=now)
        values = {**values, "limit": taken}
    claimed = sorted(int(email_id) for (email_id,) in _CLAIM_NEWS.all(connection, values))
    if unused := taken and taken - len(claimed):
        counters.give_back(connection, _OF_NEWS, unused, now=now)
    return claimed


def settle(
    connection: Connection, email_ids: Collection[int], state: EmailState, *, now: datetime
) -> None:
    """Mark due emails as sent, or as withheld: their pending pages show that like a sent one.

    News that was begun is due here, too.
    """
    values = {"state": state, "sent_at": now, "reason": "", "address": ""}
    unsettled = or_(_is_due, news_emails.IS_BEGUN)
    due = update(_email).where(_email.c.id.in_(email_ids), unsettled)
    settled = connection.scalars(due.values(values).returning(_email.c.id)).all()
    if state == EmailState.SENT:
        activity.add_emails(connection, ActivityKind.EMAIL, settled, now=now)


def give_up(connection: Connection, email_id: int, reason: str) -> None:
    """Give an email up and keep the reason."""
    values = {"state": EmailState.REFUSED, "reason": reason[:300], "address": ""}
    connection.execute(_update_due(email_id).values(values))


def defer(
    connection: Connection,
    email_id: int,
    reason: str,
    *,
    give_up_after: timedelta | None = GIVE_UP_AFTER,
    now: datetime,
) -> None:
    """Retry an email after 5 s, then twice as long each time up to 1 h; give up after 5 days."""
    attempts, created_at = connection.execute(
        select(_email.c.attempts, _email.c.created_at).where(_email.c.id == email_id)
    ).one()
    values: dict[str, object] = {"due_at": now + retry_delay(attempts), "reason": reason[:300]}
    if give_up_after is not None and now - created_at > give_up_after:
        values |= {"state": EmailState.REFUSED, "address": ""}
    changed = connection.execute(_update_due(email_id).values(values)).rowcount
    if changed and "state" in values:
        activity.add_emails(connection, ActivityKind.REFUSED, [email_id], now=now)


def release(connection: Connection, email_id: int, *, now: datetime) -> None:
    """End the lease of an email that was not tried; neither the attempt nor the email counts."""
    values = {"due_at": now, "attempts": _email.c.attempts - 1}
    released = _update_due(email_id).values(values).returning(_email.c.kind)
    if kind := connection.scalar(released):
        counters.give_back(connection, _OF_ALL, 1, now=now)
        if kind in news_emails.KINDS:
            counters.give_back(connection, _OF_NEWS, 1, now=now)


def revive(connection: Connection, email_ids: Collection[int], *, now: datetime) -> None:
    """Make refused emails due again."""
    values = {"state": EmailState.DUE, "due_at": now, "refused_at": None}
    is_refused = _email.c.state == EmailState.REFUSED
    refused = update(_email).where(_email.c.id.in_(email_ids), is_refused).values(values)
    revived = connection.scalars(refused.returning(_email.c.id)).all()
    activity.add_emails(connection, ActivityKind.REFUSED, revived, by=-1, now=now)


def hasten(connection: Connection, *, now: datetime) -> int:
    """Make deferred emails due now; return how many. Leased ones are due in minutes anyway."""
    is_deferred = and_(_is_due, _email.c.due_at > now + LEASE)
    return connection.execute(update(_email).where(is_deferred).values(due_at=now)).rowcount


def await_answer(connection: Connection, email_id: int) -> None:
    """End the lease of an email that waits for an answer, which may have come meanwhile."""
    due_at = func.coalesce(_email.c.asked_until, _email.c.due_at)
    connection.execute(_update_due(email_id).values(due_at=due_at, attempts=_email.c.attempts - 1))


def retry_delay(attempts: int) -> timedelta:
    """Return how long an email waits after so many attempts: 5 s, 10 s, 20 s … 1 h."""
    factor: int = 2 ** min(attempts - 1, 20)
    return min(RETRY_AFTER * factor, MAX_RETRY_AFTER)


def status() -> Row[*tuple[Any, ...]]:
    """Return the number of emails by state, such as `sent`, and since when the `oldest` is due."""
    counts = [
        func.count(case((_email.c.state == state.value, 1))).label(state) for state in EmailState
    ]
    oldest = func.min(case((_is_due, _email.c.created_at))).label("oldest")
    return db.session.execute(select(*counts, oldest)).one()


def _update_due(email_id: int) -> Update:
    return update(_email).where(_email.c.id == email_id, _is_due)
