"""Bursts as an organiser reviews them: the list, and the decision to release or discard."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true

from petition import audit
from petition.abuse import bursts
from petition.core.errors import BurstNotFound
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Burst, Email, Petition
from petition.models.enums import BurstState, EmailState
from petition.signatures import entries
from petition.signatures.entries import EntryRef

_burst, _email = Burst.table(), Email.table()


def decide_burst(
    petition_id: int, burst_id: int, verdict: BurstState, *, organiser_id: int, now: datetime
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
            raise BurstNotFound
        if known != BurstState.OPEN:
            return
        if verdict == BurstState.DISCARDED:
            held = connection.execute(
                select(_email.c.signature_id, _email.c.entry)
                .where(
                    _email.c.burst_id == burst_id,
                    _email.c.state == EmailState.HELD,
                    _email.c.signature_id.is_not(None),
                )
                .order_by(_email.c.signature_id)
            )
            for signature_id, entry in held.all():
                # Not who has confirmed by an earlier mail meanwhile.
                entries.remove_entry(
                    connection, EntryRef(signature_id, entry), now=now, counted=False
                )
        bursts.close(connection, burst_id, verdict, now)
        audit.record(
            connection,
            f"burst.{verdict}",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"burst {burst_id}",
        )


@dataclass(frozen=True, slots=True)
class BurstView:
    """A burst as an organiser sees it; `held` is how many of its mails wait."""

    id: int
    slug: str
    kind: str
    source: str
    seen: int
    usual: int
    held: int
    state: BurstState
    began_at: datetime


def list_bursts(petition_id: int | None = None) -> list[BurstView]:
    """Return the bursts of a petition, or of all, newest first."""
    held = (
        select(func.count())
        .where(_email.c.burst_id == _burst.c.id, _email.c.state == EmailState.HELD)
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
        BurstView(
            row.id,
            row.slug,
            row.kind,
            row.source,
            row.seen,
            row.usual,
            row.held,
            BurstState(row.state),
            row.began_at,
        )
        for row in rows
    ]
