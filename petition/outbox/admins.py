"""Enqueue emails to the admins of a petition, in the transaction of what they tell."""

from datetime import datetime

from sqlalchemy import Connection, insert, or_, select

from petition.models import Email, Organiser
from petition.models.enums import EmailKind, EmailState, Role


def email_admins(
    connection: Connection, kind: EmailKind, petition_id: int, *, now: datetime, **about: int
) -> None:
    """Enqueue an email to every admin who reaches a petition, in the caller's transaction.

    None is left out, however many there were before. `about` are columns of the email.
    """
    reaches = or_(Organiser.petition_id.is_(None), Organiser.petition_id == petition_id)
    admins = (
        select(Organiser.id).where(Organiser.role == Role.ADMIN, reaches).order_by(Organiser.id)
    )
    values = {
        "kind": kind.value,
        "state": EmailState.DUE.value,
        "petition_id": petition_id,
        **about,
    }
    emails = [
        {**values, "organiser_id": admin, "created_at": now, "due_at": now}
        for admin in connection.scalars(admins)
    ]
    if emails:
        connection.execute(insert(Email), emails)
