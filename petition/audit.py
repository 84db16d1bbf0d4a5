"""The audit trail of organisers and of the command line. Rows are never changed."""

from datetime import datetime

from sqlalchemy import Connection, insert

from petition.models import AuditEntry
from petition.models.enums import AuditAction


def record(
    connection: Connection,
    action: AuditAction,
    at: datetime,
    *,
    organiser_id: int | None = None,
    petition_id: int | None = None,
    detail: str = "",
) -> None:
    """Add an entry in the transaction of the action that it records."""
    connection.execute(
        insert(AuditEntry).values(
            at=at, organiser_id=organiser_id, petition_id=petition_id, action=action, detail=detail
        )
    )
