"""What signers show: an organiser reads each comment before it does, and may hide a name that is
none. Deciding again is no fault.
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
    """A comment to be read. Those of signers whose names stay hidden are not shown and so not
    asked about.
    """

    signature_id: int
    number: int
    text: str
    country: str
    language: str
    state: CommentState


def list_waiting(petition_id: int) -> list[Comment]:
    """Return up to fifty comments that wait, oldest first."""
    return _comments(petition_id, CommentState.WAITING, _signature.c.number)


def list_shown(petition_id: int, *, before: int | None = None) -> list[Comment]:
    """Return up to fifty comments that show, so that one can be taken back: newest first, those of
    signers numbered below `before`.
    """
    wanted = () if before is None else (_signature.c.number < before,)
    return _comments(petition_id, CommentState.SHOWN, _signature.c.number.desc(), *wanted)


def count_waiting(petition_id: int) -> int:
    """Return how many comments wait."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(_signature)
            .where(*_remarks(petition_id, CommentState.WAITING))
        )
        or 0
    )


def _comments(
    petition_id: int, state: CommentState, order: ColumnElement[Any], *wanted: ColumnElement[bool]
) -> list[Comment]:
    rows = db.session.execute(
        select(
            _signature.c.id,
            _signature.c.number,
            _signature.c.comment,
            _signature.c.country,
            _signature.c.language,
            _signature.c.comment_state,
        )
        .where(*_remarks(petition_id, state), *wanted)
        .order_by(order)
        .limit(PAGE_SIZE)
    )
    return [Comment(*row[:5], CommentState(row[5])) for row in rows]


def _remarks(petition_id: int, state: CommentState) -> tuple[ColumnElement[bool], ...]:
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
    """Show a comment or do not. What is decided is about `text`: a signer who changes the comment
    meanwhile has it read again. Raises NotThere.
    """
    with transaction() as connection:
        decided = connection.scalar(
            update(_signature)
            .where(
                _signature.c.id == signature_id,
                _signature.c.petition_id == petition_id,
                # A browser sends every end of a line as CR LF, whatever it was given.
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
    """Hide a signer's name, and with it organisation and comment, whatever the signer chooses. The
    signature counts as before. Raises NotThere.
    """
    with transaction() as connection:
        hidden = connection.scalar(
            update(_signature)
            .where(_signature.c.petition_id == petition_id, _signature.c.number == number)
            .values(name_hidden=True)
            .returning(_signature.c.id)
        )
        if hidden is None:
            raise ItemNotFound
        audit.record(
            connection,
            "name.hide",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"signature {hidden}",
        )
