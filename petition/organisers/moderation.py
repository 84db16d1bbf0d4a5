"""Moderation: an organiser reads each comment before it shows, and may hide a name.

Every decision is idempotent.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, update

from petition import audit
from petition.core.errors import ItemNotFound
from petition.core.text import initials
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Signature
from petition.models.enums import AuditAction, CommentState, Display

_signature = Signature.table()

PAGE_SIZE = 50
MAX_DETAIL = 300  # characters of an audit entry


def list_waiting(petition_id: int) -> list[Signature]:
    """Return up to `PAGE_SIZE` signatures whose comments wait, oldest first."""
    waiting = _commented(petition_id, CommentState.WAITING)
    return list(db.session.scalars(waiting.order_by(Signature.number).limit(PAGE_SIZE)))


def list_shown(petition_id: int, *, before: int | None = None) -> list[Signature]:
    """Return up to `PAGE_SIZE` signatures whose comments show, newest first.

    With `before`, those with a lower number.
    """
    shown = _commented(petition_id, CommentState.SHOWN)
    if before is not None:
        shown = shown.where(Signature.number < before)
    return list(db.session.scalars(shown.order_by(Signature.number.desc()).limit(PAGE_SIZE)))


def list_refused(petition_id: int, *, before: int | None = None) -> list[Signature]:
    """Return up to `PAGE_SIZE` signatures whose comments were refused, newest first."""
    refused = _commented(petition_id, CommentState.REFUSED)
    if before is not None:
        refused = refused.where(Signature.number < before)
    return list(db.session.scalars(refused.order_by(Signature.number.desc()).limit(PAGE_SIZE)))


def shown_name(signature: Signature) -> str:
    """Return the name that would show beside a comment."""
    return signature.name if signature.display == Display.FULL else initials(signature.name)


def hash_comment(signature: Signature | Row[Any, Any, Any]) -> str:
    """Return what tells whether a comment has changed since it was read."""
    return hashlib.sha256(signature.comment.encode()).hexdigest()[:16]


def count_waiting(petition_id: int) -> int:
    """Return the number of waiting comments."""
    waiting = _commented(petition_id, CommentState.WAITING)
    return db.session.scalar(waiting.with_only_columns(func.count(Signature.id))) or 0


def count_waiting_of(petition_ids: Collection[int]) -> dict[int, int]:
    """Return the numbers of waiting comments by petition; those without any are left out."""
    waiting = (
        select(Signature.petition_id, func.count(Signature.id))
        .where(
            Signature.petition_id.in_(petition_ids),
            Signature.has_shown_comment(),
            Signature.comment_state == CommentState.WAITING,
        )
        .group_by(Signature.petition_id)
    )
    return dict(db.session.execute(waiting).all())


def _commented(petition_id: int, state: CommentState) -> Select[Signature]:
    """Return the query for signatures with a comment and a name or initials that show."""
    return select(Signature).where(
        Signature.petition_id == petition_id,
        Signature.has_shown_comment(),
        Signature.comment_state == state,
    )


def decide_comments(
    petition_id: int,
    read: Mapping[int, str],
    state: CommentState,
    *,
    organiser_id: int | None = None,
    now: datetime,
) -> int:
    """Show, refuse or put back several comments; return how many were as they were read.

    `read` has the hash of each comment by the id of its signature. Others have changed since, or
    are gone: they are left alone. A comment that is put back waits again. Idempotent.
    """
    with transaction() as connection:
        chosen = (_signature.c.petition_id == petition_id, _signature.c.id.in_(read))
        rows = connection.execute(
            select(_signature.c.id, _signature.c.comment, _signature.c.comment_state)
            .where(*chosen)
            .order_by(_signature.c.id)
            .with_for_update()
        ).all()
        unchanged = [row for row in rows if row.comment and hash_comment(row) == read[row.id]]
        decided = [row.id for row in unchanged if row.comment_state != state]
        if decided:
            connection.execute(
                update(_signature).where(_signature.c.id.in_(decided)).values(comment_state=state)
            )
            audit.record(
                connection,
                AuditAction(f"comment.{state}"),
                now,
                organiser_id=organiser_id,
                petition_id=petition_id,
                detail=_ids_in_words(decided),
            )
        return len(unchanged)


def _ids_in_words(ids: Sequence[int]) -> str:
    if len(ids) == 1:
        return f"signature {ids[0]}"
    words = f"{len(ids)} signatures: {', '.join(map(str, ids))}"
    return words if len(words) <= MAX_DETAIL else f"{len(ids)} signatures, {ids[0]} to {ids[-1]}"


def hide_name(
    petition_id: int, number: int, *, organiser_id: int | None = None, now: datetime
) -> None:
    """Hide a signer's name, organisation and comment, whatever the signer chooses. Idempotent.

    The signature still counts. Raises: ItemNotFound.
    """
    chosen, values = _signature.c.number == number, {"name_hidden": True}
    _update_signature(petition_id, chosen, values, AuditAction.NAME_HIDE, organiser_id, now)


def _update_signature(
    petition_id: int,
    chosen: ColumnElement[bool],
    values: Mapping[str, object],
    action: AuditAction,
    organiser_id: int | None,
    now: datetime,
) -> None:
    """Update the chosen signature and record the action. Raises: ItemNotFound."""
    with transaction() as connection:
        signature_id = connection.scalar(
            update(_signature)
            .where(_signature.c.petition_id == petition_id, chosen)
            .values(values)
            .returning(_signature.c.id)
        )
        if signature_id is None:
            raise ItemNotFound
        audit.record(
            connection,
            action,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"signature {signature_id}",
        )
