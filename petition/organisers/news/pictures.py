"""Pictures that organisers add to the texts of updates."""

import re
from datetime import datetime

from petition import audit
from petition.database.transactions import transaction
from petition.models.enums import AuditAction
from petition.petitions import updates
from petition.petitions.pictures import WebPicture

_FOREIGN = re.compile(r"[^A-Za-z0-9]+")


def add(
    petition_id: int,
    file_name: str,
    picture: WebPicture,
    *,
    organiser_id: int | None = None,
    now: datetime,
) -> str:
    """Store a picture and return the name by which texts refer to it. Idempotent.

    The name ends with a part of the content's hash: a picture of another text is never replaced.
    """
    stem = _FOREIGN.sub("-", file_name.rpartition(".")[0])[:40].strip("-").lower() or "picture"
    name = f"{stem}-{picture.digest[:8]}.webp"
    with transaction() as connection:
        updates.upsert_picture(connection, petition_id, name, picture)
        audit.record(
            connection,
            AuditAction.PICTURE_ADD,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"picture {picture.digest}",
        )
    return name
