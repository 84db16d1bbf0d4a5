"""Bursts as an organiser reviews them: the list, and the decision to release or discard."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true

from petition import audit, bursts, entries
from petition.entries import Kept
from petition.errors import BurstGone
from petition.extensions import db, transaction
from petition.kinds import LetterState, Verdict
from petition.models import Burst, Letter, Petition

_burst, _letter = Burst.table(), Letter.table()


def decide(
    petition_id: int, burst_id: int, verdict: Verdict, *, organiser_id: int, now: datetime
) -> None:
    """Let the mails of a burst go (released), or erase its entries (discarded), and record who
    decided. One that is decided stays as it is. Raises BurstGone for one of another petition.
    """
    with transaction() as connection:
        known = connection.scalar(
            select(_burst.c.state)
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
        bursts.settle(connection, burst_id, verdict, now)
        audit.record(
            connection,
            f"burst.{verdict}",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"burst {burst_id}",
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
    state: Verdict
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
            Verdict(row.state),
            row.began_at,
        )
        for row in rows
    ]
