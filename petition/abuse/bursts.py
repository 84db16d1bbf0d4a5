"""Bursts: signatures that come faster than a petition's own past explains, and their emails.

A burst is of one mail domain, one network, or many domains in one minute. Its emails are held until
an organiser decides or confirmations prove it plausible. A held entry is stored like any other, and
its sender sees the same page; it cannot be counted without its email.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    bindparam,
    case,
    literal_column,
    or_,
    select,
    update,
)

from petition.abuse.email_domains import is_disposable
from petition.abuse.rate_limits import FormSender
from petition.database.compiled import CompiledStatement
from petition.database.upsert import insert
from petition.models import Burst, Email
from petition.models.enums import BurstKind, BurstState, EmailState
from petition.outbox.enqueue import Hold

OPEN_FOR = timedelta(hours=1)  # after it was seen last
SAMPLE = 5  # one email in so many is sent

_burst, _email = Burst.table(), Email.table()


class Finding(NamedTuple):
    """A burst of the last minutes, with the number of signatures seen and the usual number."""

    kind: BurstKind
    source: str
    seen: int
    usual: int


def find_hold(
    connection: Connection, petition_id: int, domain: str, sender: FormSender, *, now: datetime
) -> Hold | None:
    """Return the hold of an open burst on emails to a mail domain, or None without a burst.

    One email in `SAMPLE` is sent: confirmations tell people from machines. Emails of
    senders who filled the honeypot are all held. Lock order: bursts before signatures.
    """
    if sender.filled_honeypot:
        finding = Finding(BurstKind.HONEYPOT, source="", seen=1, usual=0)
        burst_id = record(connection, petition_id, finding, now=now)
        return None if burst_id is None else Hold(burst_id)
    values = {
        "petition": petition_id,
        "domain": domain,
        "network": sender.network,
        "disposable": is_disposable(domain),
        "now": now,
    }
    burst = _OPEN_BURST.first(connection, values)
    return None if burst is None else Hold(int(burst[0]), SAMPLE)


_OPEN_BURST = CompiledStatement(
    select(_burst.c.id).where(
        _burst.c.petition_id == bindparam("petition"),
        _burst.c.state == BurstState.OPEN.value,
        or_(
            (_burst.c.kind == BurstKind.DOMAIN.value) & (_burst.c.source == bindparam("domain")),
            (_burst.c.kind == BurstKind.NETWORK.value) & (_burst.c.source == bindparam("network")),
            (_burst.c.kind == BurstKind.MINUTE.value) & bindparam("disposable", type_=Boolean()),
        ),
        _burst.c.ends_at > bindparam("now"),
    )
)


def record(
    connection: Connection, petition_id: int, finding: Finding, *, now: datetime
) -> int | None:
    """Upsert an open burst; return its id, or None if the source was released in the last day."""
    kind, source, seen, usual = finding
    until = now + OPEN_FOR
    if kind != BurstKind.HONEYPOT:
        released = connection.scalar(
            update(_burst)
            .where(
                _burst.c.petition_id == petition_id,
                _burst.c.kind == kind,
                _burst.c.source == source,
                _burst.c.state.in_((BurstState.PLAUSIBLE, BurstState.RELEASED)),
                _burst.c.decided_at > now - timedelta(days=1),
            )
            .values(seen=_larger(_burst.c.seen, seen), ends_at=until)
            .returning(_burst.c.id)
        )
        if released is not None:
            return None
    statement = insert(connection, _burst).values(
        petition_id=petition_id,
        kind=kind,
        source=source,
        seen=seen,
        usual=usual,
        began_at=now,
        ends_at=until,
        state=BurstState.OPEN.value,
    )
    seen_now = _burst.c.seen + 1 if kind == BurstKind.HONEYPOT else _larger(_burst.c.seen, seen)
    burst_id = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["petition_id", "kind", "source"],
            index_where=_burst.c.state == literal_column(f"'{BurstState.OPEN}'"),
            set_={"seen": seen_now, "ends_at": until},
        ).returning(_burst.c.id)
    )
    return int(burst_id.scalar_one())


def _larger(one: Any, other: Any) -> ColumnElement[int]:
    return case((one > other, one), else_=other)


def close(connection: Connection, burst_id: int, decision: BurstState, now: datetime) -> None:
    """Close a burst and send or withhold its emails. Idempotent."""
    connection.execute(
        update(_burst)
        .where(_burst.c.id == burst_id, _burst.c.state == BurstState.OPEN)
        .values(state=decision, decided_at=now)
    )
    apply_decision(connection, burst_id, decision, now)


def apply_decision(
    connection: Connection, burst_id: int, decision: BurstState, now: datetime
) -> None:
    """Send or withhold the emails that a decided burst still holds. Idempotent."""
    state, sent_at = EmailState.DUE, None
    if decision == BurstState.DISCARDED:
        state, sent_at = EmailState.WITHHELD, now
    connection.execute(
        update(_email)
        .where(_email.c.burst_id == burst_id, _email.c.state == EmailState.HELD)
        .values(state=state, due_at=now, sent_at=sent_at)
    )
