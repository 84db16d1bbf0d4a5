"""Photos of hand-overs, among the pictures of a petition."""

from sqlalchemy import Connection

from petition.petitions import updates
from petition.petitions.pictures import WebPicture


def add(connection: Connection, petition_id: int, picture: WebPicture) -> str:
    """Store a photo in the caller's transaction and return its digest. Idempotent."""
    updates.upsert_picture(connection, petition_id, f"handover-{picture.digest}", picture)
    return picture.digest
