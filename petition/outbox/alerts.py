"""Enqueue emails that warn an organiser. Nobody can use up a limit to have them withheld."""

from datetime import datetime

from sqlalchemy import Connection, insert

from petition.models import Email
from petition.models.enums import EmailKind, EmailState

_email = Email.table()


def email_new_browser(
    connection: Connection, organiser_id: int, session_id: int, *, now: datetime
) -> None:
    """Enqueue the email about a sign-in from a new browser, in the caller's transaction."""
    connection.execute(
        insert(_email).values(
            kind=EmailKind.NEW_BROWSER.value,
            state=EmailState.DUE.value,
            organiser_id=organiser_id,
            session_id=session_id,
            created_at=now,
            due_at=now,
        )
    )
