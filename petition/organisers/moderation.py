"""Moderation: an organiser reads each comment before it shows, and may hide a name.

Every decision is idempotent.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from petition import audit
from petition.core.errors import ItemNotFound
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Signature
from petition.models.enums import CommentState

_signature = Signature.table()

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment for review, of a signer who shows their name or initials."""

    signature_id: int
    number: int
    text: str
    country: str
    language: str
    state: CommentState


def list_waiting(petition_id: int) -> list[Comment]:
    """Return up to `PAGE_SIZE` waiting comments, oldest first."""
    return _comments(petition_id, CommentState.WAITING, _signature.c.number)


def list_shown(petition_id: int, *, before: int | None = None) -> list[Comment]:
    """Return up to `PAGE_SIZE` shown comments, newest first.

    With `before`, those of signatures with a lower number.
    """
    earlier = () if before is None else (_signature.c.number < before,)
    return _comments(petition_id, CommentState.SHOWN, _signature.c.number.desc(), *earlier)


def count_waiting(petition_id: int) -> int:
    """Return the number of waiting comments."""
    waiting = _in_state(petition_id, CommentState.WAITING)
    return db.session.scalar(select(func.count()).select_from(_signature).where(*waiting)) or 0


def _comments(
    petition_id: int,
    state: CommentState,
    order: ColumnElement[Any],
    *conditions: ColumnElement[bool],
) -> list[Comment]:
    rows = db.session.execute(
        select(
            _signature.c.id,
            _signature.c.number,
            _signature.c.comment,
            _signature.c.country,
            _signature.c.language,
        )
        .where(*_in_state(petition_id, state), *conditions)
        .order_by(order)
        .limit(PAGE_SIZE)
    )
    return [Comment(*row, state) for row in rows]


def _in_state(petition_id: int, state: CommentState) -> tuple[ColumnElement[bool], ...]:
    return (
        _signature.c.petition_id == petition_id,
        Signature.remarks(),
        _signature.c.comment_state == state,
    )


def decide_comment(
    petition_id: int,
    signature_id: int,
    text: str,
    state: CommentState,
    *,
    organiser_id: int | None = None,
    now: datetime,
) -> None:
    """Show or refuse the comment `text`. Idempotent.

    Raises: ItemNotFound, also when the signer has changed the comment since it was read.
    """
    with transaction() as connection:
        decided = connection.scalar(
            update(_signature)
            .where(
                _signature.c.id == signature_id,
                _signature.c.petition_id == petition_id,
                # Browsers send CR LF for every line end in a form field.
                func.replace(_signature.c.comment, "\r\n", "\n") == text.replace("\r\n", "\n"),
            )
            .values(comment_state=state)
            .returning(_signature.c.id)
        )
        if decided is None:
            raise ItemNotFound
        audit.record(
            connection,
            f"comment.{state}",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"signature {signature_id}",
        )


def hide_name(
    petition_id: int, number: int, *, organiser_id: int | None = None, now: datetime
) -> None:
    """Hide a signer's name, organisation and comment, whatever the signer chooses. Idempotent.

    The signature still counts. Raises: ItemNotFound.
    """
    with transaction() as connection:
        signature_id = connection.scalar(
            update(_signature)
            .where(_signature.c.petition_id == petition_id, _signature.c.number == number)
            .values(name_hidden=True)
            .returning(_signature.c.id)
        )
        if signature_id is None:
            raise ItemNotFound
        audit.record(
            connection,
            "name.hide",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"signature {signature_id}",
        )
