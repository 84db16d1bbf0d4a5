"""Enqueue emails that warn an organiser. Nobody can use up a limit to have them withheld."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

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


def email_role(connection: Connection, organiser_id: int, *, now: datetime) -> None:
    """Enqueue the email about a changed role, in the transaction that changes it."""
    connection.execute(
        insert(_email).values(
            kind=EmailKind.ROLE.value,
            state=EmailState.DUE.value,
            organiser_id=organiser_id,
            created_at=now,
            due_at=now,
        )
    )


def email_removed(connection: Connection, organiser: Row[Any], *, now: datetime) -> None:
    """Enqueue the email to an organiser who is removed in the same transaction.

    It holds the address until it is sent. `now` is that of the audit entry, which says who did it.
    """
    connection.execute(
        insert(_email).values(
            kind=EmailKind.REMOVED.value,
            state=EmailState.DUE.value,
            petition_id=organiser.petition_id,
            address=organiser.email,
            language=organiser.language,
            created_at=now,
            due_at=now,
        )
    )
