"""The watch over the last minutes: which bursts there are, and which have proved plausible.

Signatures are counted by mail domain and by network and measured against the petition's own past.
Well-known mail domains are never a burst: people have them. Nor are those for trials.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

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

_burst, _letter, _signature = Burst.table(), Letter.table(), Signature.table()


@dataclass(frozen=True, slots=True)
class Measure:
    """What makes a burst: `least` entries of one source in ten minutes, and `times` as many as are
    usual. Without a past it takes two and a half times the least. Mail domains of `known` are none.
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
            for domain, seen, usual in _crowded(connection, petition_id, measure, now):
                noted = bursts.note(connection, petition_id, "domain", domain, seen, usual, now)
                if noted is not None:
                    _hold(connection, noted, petition_id, domain, now)
            busy, usual = limits.used(connection, f"{limits.SIGNING}:{petition_id}:", now=now)
            for network, seen in busy:
                if seen >= max(measure.without_past, measure.times * usual):
                    bursts.note(connection, petition_id, "network", network, seen, usual, now)
        open_ones = connection.execute(
            select(_burst).where(
                _burst.c.verdict == Verdict.OPEN, _burst.c.ends_at > now - JUDGED_FOR
            )
        ).all()
        for burst in open_ones:
            if _is_plausible(connection, burst):
                bursts.settle(connection, burst.id, Verdict.PLAUSIBLE, now)
        return [burst.id for burst in open_ones]


def _crowded(
    connection: Connection, petition_id: int, measure: Measure, now: datetime
) -> list[tuple[str, int, int]]:
    """Return the domains with far more entries than their share of the petition's past explains."""
    recent = connection.execute(
        select(_signature.c.id, _signature.c.mailbox_key).where(
            _signature.c.confirmed_at.is_(None),
            _signature.c.signed_at > now - LOOK_BACK,
            _signature.c.petition_id == petition_id,
        )
    ).all()
    seen = _by_domain([row.mailbox_key for row in recent])
    if not seen:
        return []
    past = connection.scalars(
        select(_signature.c.mailbox_key)
        .where(
            _signature.c.petition_id == petition_id,
            _signature.c.id < min(row.id for row in recent),
        )
        .order_by(_signature.c.id.desc())
        .limit(PAST)
    ).all()
    before = _by_domain(list(past))
    crowded = []
    for domain, number in seen.items():
        usual, least = 0, measure.without_past
        if len(past) >= LEAST_PAST:
            usual, least = round(len(recent) * before.get(domain, 0) / len(past)), measure.least
        is_known = domain in measure.known or not is_watched(domain)
        if not is_known and number >= max(least, measure.times * usual):
            crowded.append((domain, number, usual))
    return crowded


def _by_domain(mailboxes: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for mailbox in mailboxes:
        domain = mailbox.rpartition("@")[2]
        counts[domain] = counts.get(domain, 0) + 1
    return counts


def _hold(
    connection: Connection, burst_id: int, petition_id: int, domain: str, now: datetime
) -> None:
    """Make the recent letters to a domain part of its burst, and hold those that have not left."""
    theirs = select(_signature.c.id).where(
        _signature.c.petition_id == petition_id,
        _signature.c.confirmed_at.is_(None),
        _signature.c.signed_at > now - LOOK_BACK,
        _signature.c.mailbox_key.endswith(f"@{domain}", autoescape=True),
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
