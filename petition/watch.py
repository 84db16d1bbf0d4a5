"""The watch over the last minutes: which bursts there are, and which have proved plausible.

Well-known mail domains are never a burst: people have them. Nor are those for trials.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from petition import bursts, limits
from petition.domains import is_watched
from petition.extensions import transaction
from petition.kinds import LetterKind, LetterState, State, Verdict
from petition.models import Burst, Letter, Petition, Signature

LOOK_BACK = timedelta(minutes=10)
LEAST = 20  # entries of one source in ten minutes, below which nothing is a burst
TIMES_USUAL = 5
LEAST_PAST = 100  # earlier signatures, without which a petition has no past to speak of
LEAST_WITHOUT_PAST = 50
PLAUSIBLE_SHARE, PLAUSIBLE_LEAST = 0.3, 10  # confirmed, of those of the source that got a mail
PAST = 2_000  # signatures that make up the petition's past

_burst, _letter, _signature = Burst.table(), Letter.table(), Signature.table()


def watch(*, now: datetime) -> list[int]:
    """Look at the last ten minutes of every open petition; note bursts, hold those of their mails
    that have not left, let plausible ones go. Returns the bursts that are open.
    """
    with transaction() as connection:
        petitions = connection.scalars(select(Petition.id).where(Petition.state == State.OPEN))
        busy = limits.used(connection, "sign:", least=LEAST_WITHOUT_PAST, now=now)
        for petition_id in petitions.all():
            for domain, seen, usual in _crowded(connection, petition_id, now):
                noted = bursts.note(connection, petition_id, "domain", domain, seen, usual, now)
                if noted is not None:
                    _hold(connection, noted, petition_id, domain)
            for network, seen in busy:
                bursts.note(connection, petition_id, "network", network, seen, 0, now)
        open_ones = connection.execute(select(_burst).where(_burst.c.verdict == Verdict.OPEN)).all()
        for burst in open_ones:
            if burst.kind == "domain" and _is_plausible(connection, burst):
                bursts.settle(connection, burst.id, Verdict.PLAUSIBLE, now)
        return [burst.id for burst in open_ones]


def _crowded(connection: Connection, petition_id: int, now: datetime) -> list[tuple[str, int, int]]:
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
        usual, least = 0, LEAST_WITHOUT_PAST
        if len(past) >= LEAST_PAST:
            usual, least = round(len(recent) * before.get(domain, 0) / len(past)), LEAST
        if is_watched(domain) and number >= max(least, TIMES_USUAL * usual):
            crowded.append((domain, number, usual))
    return crowded


def _by_domain(mailboxes: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for mailbox in mailboxes:
        domain = mailbox.rpartition("@")[2]
        counts[domain] = counts.get(domain, 0) + 1
    return counts


def _hold(connection: Connection, burst_id: int, petition_id: int, domain: str) -> None:
    """Hold the mails of a domain that have not left yet."""
    theirs = select(_signature.c.id).where(
        _signature.c.petition_id == petition_id,
        _signature.c.confirmed_at.is_(None),
        _signature.c.mailbox_key.endswith(f"@{domain}", autoescape=True),
    )
    connection.execute(
        update(_letter)
        .where(
            _letter.c.state == LetterState.DUE,
            _letter.c.kind == LetterKind.CONFIRM,
            _letter.c.attempts == 0,
            _letter.c.signature_id.in_(theirs),
        )
        .values(state=LetterState.HELD, burst_id=burst_id)
    )


def _is_plausible(connection: Connection, burst: Row[Any]) -> bool:
    mailed, confirmed = connection.execute(
        select(func.count(), func.count(_signature.c.confirmed_at))
        .select_from(_letter.join(_signature, _signature.c.id == _letter.c.signature_id))
        .where(
            _letter.c.state == LetterState.SENT,
            _letter.c.kind == LetterKind.CONFIRM,
            _letter.c.created_at > burst.began_at - bursts.LASTS,
            _signature.c.petition_id == burst.petition_id,
            _signature.c.mailbox_key.endswith(f"@{burst.source}", autoescape=True),
        )
    ).one()
    return bool(confirmed >= PLAUSIBLE_LEAST and confirmed >= PLAUSIBLE_SHARE * mailed)
