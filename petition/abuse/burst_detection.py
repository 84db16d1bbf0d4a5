"""The watch over the last minutes: which bursts there are, and which have proved plausible.

Signatures are counted by mail domain, by network and by minute, and measured against the petition's
own past. Well-known mail domains are never a burst: people have them. Nor are those for trials. Of
a minute that is busy with many domains, mails to throw-away addresses alone are held: a petition
that takes off looks the same.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, update

from petition.abuse import bursts, rate_limits
from petition.abuse.email_domains import is_watched
from petition.database import counters
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Burst, Email, Petition, Signature
from petition.models.enums import BurstState, EmailKind, EmailState, PetitionState

LOOK_BACK = timedelta(minutes=10)
LEAST_PAST = 100  # earlier signatures, without which a petition has no past to speak of
TIMES_WITHOUT_PAST = 2.5
PLAUSIBLE_SHARE, PLAUSIBLE_LEAST = 0.3, 10  # confirmed, of those of the source that got a mail
PAST = 2_000  # signatures that make up the petition's past
JUDGED_FOR = timedelta(days=1)  # after it was seen last

Entered = Row[int, str, datetime]  # a signature: its id, mailbox and moment
Crowd = tuple[str, str, int, int]  # kind and source of a burst, how many seen and how many usual

_burst, _email, _signature = Burst.table(), Email.table(), Signature.table()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What makes a burst: `least` entries of one source in ten minutes, or of many in one minute,
    and `times` as many as are usual. Without a past it takes two and a half times the least. Mail
    domains of `known` are none.
    """

    least: int
    times: int
    known: frozenset[str] = frozenset()

    @property
    def without_past(self) -> int:
        return round(self.least * TIMES_WITHOUT_PAST)


DEFAULT_THRESHOLDS = Thresholds(least=20, times=5)


def detect(*, now: datetime, measure: Thresholds = DEFAULT_THRESHOLDS) -> list[int]:
    """Look at the last ten minutes of every open petition; note bursts, hold those of their mails
    that have not left, let plausible ones go. Returns the bursts that are open.
    """
    with db.engine.connect() as connection:  # looked at first: nobody who signs waits for that
        petitions = connection.scalars(
            select(Petition.id).where(Petition.state == PetitionState.OPEN)
        )
        lately = {one: _look(connection, one, now) for one in petitions.all()}
    crowds = {one: _crowds(found, measure) for one, found in lately.items()}
    with transaction() as connection:
        for petition_id, found in crowds.items():
            _note_bursts(connection, petition_id, found, measure, now)
        decided = connection.execute(_LATELY_DECIDED, {"since": now - JUDGED_FOR})
        for burst_id, verdict in decided.all():
            bursts.apply_decision(connection, burst_id, BurstState(verdict), now)
        open_ones = connection.execute(
            select(_burst).where(
                _burst.c.state == BurstState.OPEN, _burst.c.ends_at > now - JUDGED_FOR
            )
        ).all()
        for burst in open_ones:
            if _is_plausible(connection, burst):
                bursts.close(connection, burst.id, BurstState.PLAUSIBLE, now)
        return [burst.id for burst in open_ones]


def _note_bursts(
    connection: Connection,
    petition_id: int,
    crowds: list[Crowd],
    measure: Thresholds,
    now: datetime,
) -> None:
    busy, usual = counters.current(connection, f"{rate_limits.SIGN}:{petition_id}", now=now)
    for network, seen in busy:
        if seen >= max(measure.without_past, measure.times * usual):
            bursts.record(connection, petition_id, "network", network, seen, usual, now)
    noted = [(bursts.record(connection, petition_id, *crowd, now), crowd) for crowd in crowds]
    for burst_id, (kind, source, *_) in noted:  # letters after bursts, as who decides locks them
        if burst_id is not None:
            its = _signature.c.mailbox_key.endswith(f"@{source}", autoescape=True)
            whose = its if kind == "domain" else _signature.c.disposable
            _hold(connection, burst_id, petition_id, whose, now)


# A letter may have been put in, as part of a burst, in the moment that this was decided.
_LATELY_DECIDED = (
    select(_burst.c.id, _burst.c.state)
    .where(_burst.c.state != BurstState.OPEN, _burst.c.decided_at > bindparam("since"))
    .order_by(_burst.c.id)
)


@dataclass(frozen=True, slots=True)
class _Lately:
    """The entries of the last ten minutes that are not confirmed, and the ones before them that are
    the petition's past: each with its mailbox and its moment.
    """

    recent: Sequence[Entered]
    past: Sequence[Entered]


def _look(connection: Connection, petition_id: int, now: datetime) -> _Lately:
    written = (_signature.c.id, _signature.c.mailbox_key, _signature.c.signed_at)
    recent = connection.execute(
        select(*written).where(
            _signature.c.confirmed_at.is_(None),
            _signature.c.signed_at > now - LOOK_BACK,
            _signature.c.petition_id == petition_id,
        )
    ).all()
    if not recent:
        return _Lately([], [])
    past = connection.execute(
        select(*written)
        .where(
            _signature.c.petition_id == petition_id,
            _signature.c.id < min(row.id for row in recent),
        )
        .order_by(_signature.c.id.desc())
        .limit(PAST)
    ).all()
    return _Lately(recent, past)


def _crowds(lately: _Lately, measure: Thresholds) -> list[Crowd]:
    """Return the domains with far more entries than their share of the petition's past explains,
    and the minute that has far more of the others than any before.
    """
    recent, past = (
        [(row.mailbox_key.rpartition("@")[2], row.signed_at) for row in rows]
        for rows in (lately.recent, lately.past)
    )
    least = measure.least if len(past) >= LEAST_PAST else measure.without_past
    before = Counter(domain for domain, _ in past)
    crowds: list[Crowd] = []
    others = set()
    for domain, number in Counter(domain for domain, _ in recent).items():
        if domain in measure.known or not is_watched(domain):
            continue
        usual = round(len(recent) * before[domain] / len(past)) if len(past) >= LEAST_PAST else 0
        if number >= max(least, measure.times * usual):
            crowds.append(("domain", domain, number, usual))
        else:
            others.add(domain)
    seen = _busiest(signed_at for domain, signed_at in recent if domain in others)
    watched = {domain for domain in before if is_watched(domain)} - measure.known
    usual = _busiest(signed_at for domain, signed_at in past if domain in watched)
    if seen and seen >= max(least, measure.times * usual):
        crowds.append(("minute", "", seen, usual))
    return crowds


def _busiest(moments: Iterable[datetime]) -> int:
    """Return how many of these there were in the minute that had most of them."""
    return max(Counter(moment.timestamp() // 60 for moment in moments).values(), default=0)


def _hold(
    connection: Connection,
    burst_id: int,
    petition_id: int,
    whose: ColumnElement[bool],
    now: datetime,
) -> None:
    """Make the recent letters about some entries part of a burst, and hold those that have not
    left.
    """
    theirs = select(_signature.c.id).where(
        _signature.c.petition_id == petition_id,
        _signature.c.confirmed_at.is_(None),
        _signature.c.signed_at > now - LOOK_BACK,
        whose,
    )
    recent = update(_email).where(
        _email.c.kind == EmailKind.CONFIRM,
        _email.c.burst_id.is_(None),
        _email.c.signature_id.in_(theirs),
    )
    waits = (_email.c.state == EmailState.DUE) & (_email.c.attempts == 0)
    connection.execute(recent.where(waits).values(state=EmailState.HELD, burst_id=burst_id))
    connection.execute(recent.values(burst_id=burst_id))


def _is_plausible(connection: Connection, burst: Row[Any]) -> bool:
    """Say whether enough of those who got their mail have confirmed: a trap's never do. Of a minute
    all are asked but the throw-away addresses, which are held for what the others are.
    """
    counts = select(func.count(), func.count(_signature.c.confirmed_at))
    if burst.kind == "minute":
        latest = (
            select(_signature.c.id)
            .where(_signature.c.petition_id == burst.petition_id)
            .order_by(_signature.c.id.desc())
            .limit(PAST)
        )
        counts = counts.where(
            _signature.c.id.in_(latest),
            _signature.c.signed_at > burst.began_at - LOOK_BACK,
            _signature.c.disposable.is_(False),
        )
    else:
        counts = counts.select_from(
            _email.join(_signature, _signature.c.id == _email.c.signature_id)
        ).where(_email.c.burst_id == burst.id, _email.c.state == EmailState.SENT)
    mailed, confirmed = connection.execute(counts).one()
    is_many = confirmed >= PLAUSIBLE_LEAST and confirmed >= PLAUSIBLE_SHARE * mailed
    return bool(is_many and burst.kind != "trap")
