"""A pause of the outbox: the mail server refuses whatever we send, so emails wait, not give up.

While it lasts one email at a time is sent as a probe: after 5 s, then twice as long each time up
to 30 min. The first email that the server accepts ends it.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.database.transactions import advisory_lock
from petition.database.upsert import insert
from petition.models import OutboxPause

PROBE_AFTER = timedelta(seconds=5)
MAX_PROBE_AFTER = timedelta(minutes=30)
_ID = 1  # there is one outbox

_pause = OutboxPause.table()
_WAITING = CompiledStatement(select(_pause.c.id).where(_pause.c.probe_at > bindparam("now")))


def get_pause() -> OutboxPause | None:
    """Return the pause, or None."""
    return db.session.scalar(select(OutboxPause))


def lock(connection: Connection) -> None:
    """Let others change the pause when this transaction ends; take it before any row lock."""
    advisory_lock(connection, "outbox pause")


def is_waiting(connection: Connection, now: datetime) -> bool:
    """Return whether the outbox is paused and no probe is due."""
    return _WAITING.first(connection, {"now": now}) is not None


def claim_probe(connection: Connection, wanted: int, *, lease: timedelta, now: datetime) -> int:
    """Return how many of `wanted` emails may be sent now: all, or in a pause one as a probe.

    In a pause one worker gets the probe. A probe without a result is due again after `lease`.
    """
    if _get(connection) is None:
        return wanted
    due = update(_pause).where(_pause.c.probe_at <= now)
    return connection.execute(due.values(probe_at=now + lease)).rowcount


def pause(connection: Connection, reason: str, *, now: datetime) -> bool:
    """Pause the outbox, or wait longer until the next probe; return whether it was not paused.

    Call `lock` before.
    """
    earlier = _get(connection)
    probes = 0 if earlier is None else earlier.probes + 1
    values = {
        "reason": reason[:300],
        "probes": probes,
        "probe_at": now + min(PROBE_AFTER * 2 ** min(probes, 20), MAX_PROBE_AFTER),
    }
    first = insert(connection, _pause).values(id=_ID, since=now, **values)
    connection.execute(first.on_conflict_do_update(index_elements=["id"], set_=values))
    return earlier is None


def is_paused(connection: Connection) -> bool:
    """Return whether the outbox is paused."""
    return _get(connection) is not None


def probe_now(connection: Connection, *, now: datetime) -> None:
    """Make a probe due now, in a pause."""
    connection.execute(update(_pause).where(_pause.c.probe_at > now).values(probe_at=now))


def end(connection: Connection) -> bool:
    """End the pause; return whether there was one."""
    return connection.execute(delete(_pause)).rowcount > 0


def _get(connection: Connection) -> Row[tuple[int]] | None:
    return connection.execute(select(_pause.c.probes)).first()
