"""What people answer: whether an address is right, and that a mailbox wants more emails."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    literal,
    literal_column,
    select,
    update,
)

from petition.models import Email
from petition.models.enums import EmailState

_email = Email.table()
IS_UNSENT = _email.c.state.in_((EmailState.DUE, EmailState.HELD))


def end_question(connection: Connection, emails: ColumnElement[bool], *, now: datetime) -> None:
    """Let emails wait no longer for an answer. Idempotent."""
    # One that a worker has claimed is due again when the worker returns it.
    due_at = case(
        (_email.c.attempts == 0, literal(now, _email.c.due_at.type)), else_=_email.c.due_at
    )
    waits = and_(_email.c.asked_until > now, IS_UNSENT)
    connection.execute(update(_email).where(emails, waits).values(asked_until=now, due_at=due_at))


def accept_more(connection: Connection, mailbox_hash: str, *, link_made_at: datetime) -> None:
    """Count a mailbox's earlier emails no longer, because its owner followed a link in one.

    Only if an email that is not newer than the link was sent and not answered before. So a link
    does it once, and five more emails can follow. Idempotent.
    """
    of_mailbox = and_(
        _email.c.mailbox_hash == mailbox_hash,
        _email.c.mailbox_hash != literal_column("''"),  # so that the partial index is used
        _email.c.answered.is_(False),
    )
    arrived = and_(
        _email.c.state == EmailState.SENT,
        _email.c.suppressed.is_(False),
        _email.c.created_at < link_made_at + timedelta(seconds=1),  # it is made to the second
    )
    if connection.scalar(select(_email.c.id).where(of_mailbox, arrived).limit(1)):
        connection.execute(update(_email).where(of_mailbox, ~IS_UNSENT).values(answered=True))


def store_correction(connection: Connection, replaced: Sequence[int], email_id: int) -> None:
    """Store which email replaced others, after their address was corrected."""
    connection.execute(
        update(_email).where(_email.c.id.in_(replaced)).values(corrected_to=email_id)
    )
