"""The review of bursts: an organiser sees them and releases or discards what they hold."""

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
    petition_id: int, burst_id: int, state: BurstState, *, organiser_id: int, now: datetime
) -> None:
    """Release the emails of an open burst, or discard its entries, and record who decided.

    A burst that is decided stays as it is. Discarding keeps signatures that an earlier email
    confirmed. Raises: BurstNotFound, also for a burst of another petition.
    """
    with transaction() as connection:
        before = connection.scalar(
            select(_burst.c.state)
            .where(_burst.c.id == burst_id, _burst.c.petition_id == petition_id)
            .with_for_update(key_share=True)  # signing inserts references to this row
        )
        if before is None:
            raise BurstNotFound
        if before != BurstState.OPEN:
            return
        if state == BurstState.DISCARDED:
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
                entries.remove_entry(
                    connection, EntryRef(signature_id, entry), now=now, counted=False
                )
        bursts.close(connection, burst_id, state, now)
        audit.record(
            connection,
            f"burst.{state}",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"burst {burst_id}",
        )


@dataclass(frozen=True, slots=True)
class BurstView:
    """A burst as an organiser sees it; `held` is the number of its emails that wait."""

    state: BurstState
    id: int
    slug: str
    kind: str
    source: str
    seen: int
    usual: int
    began_at: datetime
    held: int


def list_bursts(petition_id: int | None = None) -> list[BurstView]:
    """Return the newest hundred bursts of a petition, or of all, newest first."""
    held = (
        select(func.count())
        .where(_email.c.burst_id == _burst.c.id, _email.c.state == EmailState.HELD)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            _burst.c.state,
            _burst.c.id,
            Petition.slug,
            _burst.c.kind,
            _burst.c.source,
            _burst.c.seen,
            _burst.c.usual,
            _burst.c.began_at,
            held,
        )
        .join(Petition, Petition.id == _burst.c.petition_id)
        .where(true() if petition_id is None else _burst.c.petition_id == petition_id)
        .order_by(_burst.c.id.desc())
        .limit(100)
    )
    return [BurstView(BurstState(state), *values) for state, *values in rows]
