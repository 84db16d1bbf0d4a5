"""What signers show: an organiser reads each comment before it does, and may hide a name that is
none. Deciding again is no fault.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from petition import audit
from petition.errors import NotThere
from petition.extensions import db, transaction
from petition.kinds import Remark
from petition.models import Signature

_signature = Signature.table()

PAGE = 50


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
    state: Remark


def waiting(petition_id: int) -> list[Comment]:
    """Return up to fifty comments that wait, oldest first."""
    return _comments(petition_id, Remark.WAITING, _signature.c.number)


def shown(petition_id: int, *, before: int | None = None) -> list[Comment]:
    """Return up to fifty comments that show, so that one can be taken back: newest first, those of
    signers numbered below `before`.
    """
    wanted = () if before is None else (_signature.c.number < before,)
    return _comments(petition_id, Remark.SHOWN, _signature.c.number.desc(), *wanted)


def waiting_count(petition_id: int) -> int:
    """Return how many comments wait."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(_signature)
            .where(*_remarks(petition_id, Remark.WAITING))
        )
        or 0
    )


def _comments(
    petition_id: int, state: Remark, order: ColumnElement[Any], *wanted: ColumnElement[bool]
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
        .limit(PAGE)
    )
    return [Comment(*row[:5], Remark(row[5])) for row in rows]


def _remarks(petition_id: int, state: Remark) -> tuple[ColumnElement[bool], ...]:
    return (
        _signature.c.petition_id == petition_id,
        Signature.remarks(),
        _signature.c.comment_state == state,
    )


def decide(
    petition_id: int,
    signature_id: int,
    text: str,
    state: Remark,
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
            raise NotThere
        audit.record(
            connection,
            f"comment.{state}",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"signature {signature_id}",
        )


def hide(petition_id: int, number: int, *, organiser_id: int | None = None, now: datetime) -> None:
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
            raise NotThere
        audit.record(
            connection,
            "name.hide",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"signature {hidden}",
        )
