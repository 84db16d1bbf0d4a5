"""Comments: an organiser reads each before it shows. Reading one again is no fault."""

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


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment to be read. Those of signers whose names stay hidden are not shown and so not
    asked about.
    """

    signature_id: int
    text: str
    country: str
    language: str
    state: Remark


def waiting(petition_id: int, *, most: int = 50) -> list[Comment]:
    """Return the comments that wait, oldest first."""
    return _comments(petition_id, Remark.WAITING, most, _signature.c.number)


def shown(petition_id: int, *, most: int = 50) -> list[Comment]:
    """Return the comments that show, newest first, so that one can be taken back."""
    return _comments(petition_id, Remark.SHOWN, most, _signature.c.number.desc())


def _comments(
    petition_id: int, state: Remark, most: int, order: ColumnElement[Any]
) -> list[Comment]:
    rows = db.session.execute(
        select(
            _signature.c.id,
            _signature.c.comment,
            _signature.c.country,
            _signature.c.language,
            _signature.c.comment_state,
        )
        .where(
            _signature.c.petition_id == petition_id,
            Signature.remarks(),
            _signature.c.comment_state == state,
        )
        .order_by(order)
        .limit(most)
    )
    return [Comment(*row[:4], Remark(row[4])) for row in rows]


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
