"""Bursts: signatures faster than a petition's own past explains, from one mail domain, one network
or many domains in one minute. Their mails are held until an organiser decides or confirmations
prove them plausible.

A held entry is kept like any other and its sender sees the same page; without its mail it is never
counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Connection, bindparam, func, or_, select, true, update

from petition import audit, entries
from petition.domains import is_disposable
from petition.entries import Kept
from petition.errors import BurstGone
from petition.extensions import db, transaction
from petition.kinds import LetterState, Verdict
from petition.limits import Sender
from petition.models import Burst, Letter, Petition
from petition.posting import InBurst
from petition.prepared import Prepared
from petition.signers import Address

LASTS = timedelta(hours=1)  # after it was seen last
SAMPLE = 5

_burst, _letter = Burst.table(), Letter.table()


def holding(
    connection: Connection, petition_id: int, address: Address, sender: Sender, *, now: datetime
) -> int | None:
    """Return the open burst that an entry belongs to, or None."""
    if sender.trapped:
        return note(connection, petition_id, "trap", "", 1, 0, now)
    found = _HOLDING.first(
        connection,
        {
            "petition": petition_id,
            "domain": address.domain,
            "network": sender.network,
            "disposable": is_disposable(address.domain),
            "now": now,
        },
    )
    return None if found is None else int(found[0])


def part_of(burst_id: int | None, kept: Kept, sender: Sender) -> InBurst | None:
    """Say what becomes of the letter about an entry of a burst: held, but for every fifth. What
    those who get one do tells a crowd from a machine. No machine's own trap lets any go.
    """
    if burst_id is None:
        return None
    return InBurst(burst_id, sender.trapped or kept.signature_id % SAMPLE != 0)


_HOLDING = Prepared(
    select(_burst.c.id).where(
        _burst.c.petition_id == bindparam("petition"),
        _burst.c.verdict == Verdict.OPEN.value,
        or_(
            (_burst.c.kind == "domain") & (_burst.c.source == bindparam("domain")),
            (_burst.c.kind == "network") & (_burst.c.source == bindparam("network")),
            (_burst.c.kind == "minute") & bindparam("disposable", type_=Boolean()),
        ),
        _burst.c.ends_at > bindparam("now"),
    )
)


def note(
    connection: Connection,
    petition_id: int,
    kind: str,
    source: str,
    seen: int,
    usual: int,
    now: datetime,
) -> int | None:
    """Note a burst, or that one goes on, and return its id; None when an organiser or the figures
    have let the source go within the last day, which stands.
    """
    known = connection.execute(
        select(_burst.c.id, _burst.c.verdict)
        .where(
            _burst.c.petition_id == petition_id,
            _burst.c.kind == kind,
            _burst.c.source == source,
            or_(
                _burst.c.verdict == Verdict.OPEN,
                (_burst.c.decided_at > now - timedelta(days=1))
                & (_burst.c.verdict.in_((Verdict.PLAUSIBLE, Verdict.RELEASED)))
                & (_burst.c.kind != "trap"),
            ),
        )
        .order_by(_burst.c.id.desc())
    ).first()
    if known is not None:
        times = _burst.c.seen + 1 if kind == "trap" else func.greatest(_burst.c.seen, seen)
        if connection.dialect.name == "sqlite" and kind != "trap":
            times = func.max(_burst.c.seen, seen)
        connection.execute(
            update(_burst).where(_burst.c.id == known.id).values(seen=times, ends_at=now + LASTS)
        )
        return int(known.id) if known.verdict == Verdict.OPEN else None
    values = {
        "petition_id": petition_id,
        "kind": kind,
        "source": source,
        "seen": seen,
        "usual": usual,
        "began_at": now,
        "ends_at": now + LASTS,
        "verdict": Verdict.OPEN.value,
    }
    kept = connection.execute(_burst.insert().values(values).returning(_burst.c.id))
    return int(kept.scalar_one())


def decide(
    petition_id: int, burst_id: int, verdict: Verdict, *, organiser_id: int, now: datetime
) -> None:
    """Let the mails of a burst go (released), or erase its entries (discarded), and record who
    decided. One that is decided stays as it is. Raises BurstGone for one of another petition.
    """
    with transaction() as connection:
        known = connection.scalar(
            select(_burst.c.verdict)
            .where(_burst.c.id == burst_id, _burst.c.petition_id == petition_id)
            .with_for_update(key_share=True)  # who signs meanwhile writes its number, no more
        )
        if known is None:
            raise BurstGone
        if known != Verdict.OPEN:
            return
        if verdict == Verdict.DISCARDED:
            held = connection.execute(
                select(_letter.c.signature_id, _letter.c.entry)
                .where(
                    _letter.c.burst_id == burst_id,
                    _letter.c.state == LetterState.HELD,
                    _letter.c.signature_id.is_not(None),
                )
                .order_by(_letter.c.signature_id)
            )
            for signature_id, entry in held.all():
                # Not who has confirmed by an earlier mail meanwhile.
                entries.remove(connection, Kept(signature_id, entry), now=now, counted=False)
        settle(connection, burst_id, verdict, now)
        audit.record(
            connection,
            f"burst.{verdict}",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"burst {burst_id}",
        )


def settle(connection: Connection, burst_id: int, verdict: Verdict, now: datetime) -> None:
    """Close a burst: its mails leave, or never do."""
    connection.execute(
        update(_burst)
        .where(_burst.c.id == burst_id, _burst.c.verdict == Verdict.OPEN)
        .values(verdict=verdict, decided_at=now)
    )
    let_go(connection, burst_id, verdict, now)


def let_go(connection: Connection, burst_id: int, verdict: Verdict, now: datetime) -> None:
    """Do with the letters that a decided burst holds as it was decided."""
    state, sent_at = LetterState.DUE, None
    if verdict == Verdict.DISCARDED:
        state, sent_at = LetterState.WITHHELD, now
    connection.execute(
        update(_letter)
        .where(_letter.c.burst_id == burst_id, _letter.c.state == LetterState.HELD)
        .values(state=state, due_at=now, sent_at=sent_at)
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """A burst as an organiser sees it; `held` is how many of its mails wait."""

    id: int
    slug: str
    kind: str
    source: str
    seen: int
    usual: int
    held: int
    verdict: Verdict
    began_at: datetime


def seen(petition_id: int | None = None) -> list[Seen]:
    """Return the bursts of a petition, or of all, newest first."""
    held = (
        select(func.count())
        .where(_letter.c.burst_id == _burst.c.id, _letter.c.state == LetterState.HELD)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(_burst, Petition.slug, held.label("held"))
        .join(Petition, Petition.id == _burst.c.petition_id)
        .where(true() if petition_id is None else _burst.c.petition_id == petition_id)
        .order_by(_burst.c.id.desc())
        .limit(100)
    )
    return [
        Seen(
            row.id,
            row.slug,
            row.kind,
            row.source,
            row.seen,
            row.usual,
            row.held,
            Verdict(row.verdict),
            row.began_at,
        )
        for row in rows
    ]
