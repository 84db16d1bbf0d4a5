"""The trail of what organisers and the command line did. Rows are added and never changed."""

from datetime import datetime

from sqlalchemy import Connection, insert

from petition.models import AuditEntry


def record(
    connection: Connection,
    action: str,
    at: datetime,
    *,
    organiser_id: int | None = None,
    petition_id: int | None = None,
    detail: str = "",
) -> None:
    """Add an entry inside the caller's transaction, kept with what it tells of or not at all."""
    connection.execute(
        insert(AuditEntry).values(
            at=at,
            organiser_id=organiser_id,
            petition_id=petition_id,
            action=action,
            detail=detail,
        )
    )
