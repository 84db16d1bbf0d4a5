"""Record that personal data was erased, by ids alone, in the transaction that erases it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert

from petition.models import Erasure
from petition.models.enums import ErasureKind


def record(
    connection: Connection,
    kind: ErasureKind,
    subject_id: int,
    entry: int | None = None,
    *,
    now: datetime,
) -> None:
    """Record one erasure. A record of what was not there harms nothing."""
    record_all(connection, kind, [(subject_id, entry)], now=now)


def record_all(
    connection: Connection,
    kind: ErasureKind,
    subjects: Iterable[tuple[int, int | None]],
    *,
    now: datetime,
) -> None:
    """Record erasures of one kind, each an id and for ENTRY the number of the entry."""
    rows = [
        {"kind": str(kind), "subject_id": subject_id, "entry": entry, "at": now}
        for subject_id, entry in subjects
    ]
    if rows:
        connection.execute(insert(Erasure), rows)
