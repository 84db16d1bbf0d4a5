"""Photos of hand-overs, among the pictures of a petition."""

from petition.database.transactions import transaction
from petition.petitions import updates
from petition.petitions.pictures import WebPicture


def add(petition_id: int, picture: WebPicture) -> str:
    """Store a photo and return its digest. Idempotent."""
    with transaction() as connection:
        updates.upsert_picture(connection, petition_id, f"handover-{picture.digest}", picture)
    return picture.digest
