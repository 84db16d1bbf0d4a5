"""The watch over the last minutes: which bursts there are, and which have proved plausible.

Signatures are counted by mail domain, by network and by minute, and measured against the petition's
own past. Well-known mail domains are never a burst: people have them. Nor are those for trials. Of
a minute that is busy with many domains, mails to throw-away addresses alone are held: a petition
that takes off looks the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from petition import bursts, limits
from petition.domains import is_watched
from petition.extensions import transaction
from petition.kinds import LetterKind, LetterState, State, Verdict
from petition.models import Burst, Letter, Petition, Signature

LOOK_BACK = timedelta(minutes=10)
LEAST_PAST = 100  # earlier signatures, without which a petition has no past to speak of
TIMES_WITHOUT_PAST = 2.5
PLAUSIBLE_SHARE, PLAUSIBLE_LEAST = 0.3, 10  # confirmed, of those of the source that got a mail
PAST = 2_000  # signatures that make up the petition's past
JUDGED_FOR = timedelta(days=1)  # after it was seen last

Entered = Row[int, str, datetime]  # a signature: its id, mailbox and moment

_burst, _letter, _signature = Burst.table(), Letter.table(), Signature.table()


@dataclass(frozen=True, slots=True)
class Measure:
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


USUAL = Measure(least=20, times=5)


def watch(*, now: datetime, measure: Measure = USUAL) -> list[int]:
    """Look at the last ten minutes of every open petition; note bursts, hold those of their mails
    that have not left, let plausible ones go. Returns the bursts that are open.
    """
    with transaction() as connection:
        petitions = connection.scalars(select(Petition.id).where(Petition.state == State.OPEN))
        for petition_id in petitions.all():
            _note_bursts(connection, petition_id, measure, now)
        open_ones = connection.execute(
            select(_burst).where(
                _burst.c.verdict == Verdict.OPEN, _burst.c.ends_at > now - JUDGED_FOR
            )
        ).all()
        for burst in open_ones:
            if _is_plausible(connection, burst):
                bursts.settle(connection, burst.id, Verdict.PLAUSIBLE, now)
        return [burst.id for burst in open_ones]


def _note_bursts(connection: Connection, petition_id: int, measure: Measure, now: datetime) -> None:
    lately = _look(connection, petition_id, now)
    crowded = _crowded(lately, measure)
    for domain, seen, usual in crowded:
        noted = bursts.note(connection, petition_id, "domain", domain, seen, usual, now)
        if noted is not None:
            its = _signature.c.mailbox_key.endswith(f"@{domain}", autoescape=True)
            _hold(connection, noted, petition_id, its, now)
    explained = measure.known | {domain for domain, _, _ in crowded}
    seen, usual = (_busiest(rows, explained) for rows in (lately.recent, lately.past))
    if seen >= max(lately.least(measure), measure.times * usual):
        noted = bursts.note(connection, petition_id, "minute", "", seen, usual, now)
        if noted is not None:
            _hold(connection, noted, petition_id, _signature.c.disposable, now)
    busy, usual = limits.used(connection, f"{limits.SIGNING}:{petition_id}:", now=now)
    for network, seen in busy:
        if seen >= max(measure.without_past, measure.times * usual):
            bursts.note(connection, petition_id, "network", network, seen, usual, now)


@dataclass(frozen=True, slots=True)
class _Lately:
    """The entries of the last ten minutes that are not confirmed, and the ones before them that are
    the petition's past: each with its mailbox and its moment.
    """

    recent: Sequence[Entered]
    past: Sequence[Entered]

    def least(self, measure: Measure) -> int:
        return measure.least if len(self.past) >= LEAST_PAST else measure.without_past


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


def _crowded(lately: _Lately, measure: Measure) -> list[tuple[str, int, int]]:
    """Return the domains with far more entries than their share of the petition's past explains."""
    before, least = _by_domain(lately.past), lately.least(measure)
    crowded = []
    for domain, number in _by_domain(lately.recent).items():
        usual = 0
        if len(lately.past) >= LEAST_PAST:
            usual = round(len(lately.recent) * before[domain] / len(lately.past))
        is_known = domain in measure.known or not is_watched(domain)
        if not is_known and number >= max(least, measure.times * usual):
            crowded.append((domain, number, usual))
    return crowded


def _by_domain(rows: Sequence[Entered]) -> Counter[str]:
    return Counter(_domain(row) for row in rows)


def _busiest(rows: Sequence[Entered], explained: frozenset[str]) -> int:
    """Return how many there were in the busiest minute, from domains that nothing is known of."""
    watched = (row for row in rows if is_watched(_domain(row)) and _domain(row) not in explained)
    return max(Counter(row.signed_at.timestamp() // 60 for row in watched).values(), default=0)


def _domain(row: Entered) -> str:
    return str(row.mailbox_key).rpartition("@")[2]


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
    recent = update(_letter).where(
        _letter.c.kind == LetterKind.CONFIRM,
        _letter.c.burst_id.is_(None),
        _letter.c.signature_id.in_(theirs),
    )
    waits = (_letter.c.state == LetterState.DUE) & (_letter.c.attempts == 0)
    connection.execute(recent.where(waits).values(state=LetterState.HELD, burst_id=burst_id))
    connection.execute(recent.values(burst_id=burst_id))


def _is_plausible(connection: Connection, burst: Row[Any]) -> bool:
    """Say whether enough of those who got their mail have confirmed: a trap's never do."""
    mailed, confirmed = connection.execute(
        select(func.count(), func.count(_signature.c.confirmed_at))
        .select_from(_letter.join(_signature, _signature.c.id == _letter.c.signature_id))
        .where(_letter.c.burst_id == burst.id, _letter.c.state == LetterState.SENT)
    ).one()
    is_many = confirmed >= PLAUSIBLE_LEAST and confirmed >= PLAUSIBLE_SHARE * mailed
    return bool(is_many and burst.kind != "trap")
