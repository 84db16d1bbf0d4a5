"""The audit trail of organisers and of the command line. Rows are never changed.

Each entry is hashed with the one before, in one chain for the whole site (docs/security.md).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from petition.database import upsert
from petition.database.transactions import advisory_lock
from petition.models import AuditEntry, AuditHead
from petition.models.enums import AuditAction

NO_HASH = "0" * 64  # what the first entry has in place of the hash of one before

_HASHED = sorted({column.name for column in AuditEntry.table().columns} - {"hash"})
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def record(
    connection: Connection,
    action: AuditAction,
    at: datetime,
    *,
    organiser_id: int | None = None,
    petition_id: int | None = None,
    signature_id: int | None = None,
    detail: str = "",
) -> None:
    """Add an entry in the transaction of the action that it records.

    `detail` must hold no personal data. Lock rows before, not after: until the transaction ends,
    no other writes an entry.
    """
    advisory_lock(connection, "audit trail")
    head = connection.execute(select(AuditHead.entry_id, AuditHead.hash)).first()
    last, previous_hash = head or (0, NO_HASH)
    values = {
        "id": last + 1,  # a sequence would leave gaps
        "at": at,
        "organiser_id": organiser_id,
        "petition_id": petition_id,
        "signature_id": signature_id,
        "action": str(action),
        "detail": detail,
        "previous_hash": previous_hash,
    }
    values["hash"] = hash_entry(values)
    connection.execute(insert(AuditEntry).values(values))
    new_head = {"entry_id": values["id"], "hash": values["hash"]}
    connection.execute(
        upsert.insert(connection, AuditHead)
        .values(id=1, **new_head)
        .on_conflict_do_update(index_elements=["id"], set_=new_head)
    )


def hash_entry(entry: Mapping[str, object]) -> str:
    """Return the SHA-256 of an entry's columns but `hash`, in hexadecimal digits.

    They are encoded as a JSON object by RFC 8785: names sorted, no blanks, UTF-8, times in UTC with
    microseconds. What is null is left out, so a new column changes no earlier hash.
    """
    values = {name: value for name in _HASHED if (value := entry[name]) is not None}
    at = values["at"]
    assert isinstance(at, datetime)  # noqa: S101 (its column is not nullable)
    values["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(_encode(values).encode()).hexdigest()
