"""One signature whole: what is stored of it, its emails, and an email to its signer again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from petition import audit
from petition.core.errors import ItemNotFound, TooSoon
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import AlternateEntry, Email, Invalidation, Signature
from petition.models.enums import AuditAction, EmailKind, EmailState
from petition.organisers.review import duplicates
from petition.organisers.review.duplicates import Duplicate
from petition.organisers.review.invalidation import UNDO_WITHIN
from petition.outbox import enqueue
from petition.outbox.enqueue import Hold

_signature, _email = Signature.table(), Email.table()


@dataclass(frozen=True, slots=True)
class SignatureState:
    """What tells nothing personal of a signature: its number, and whether it counts."""

    id: int
    number: int | None
    counted: bool
    name_hidden: bool
    invalidation: Invalidation | None
    undo_until: datetime | None


@dataclass(frozen=True, slots=True)
class SignatureFile:
    """A signature whole, with its emails, and others that may be the same person's."""

    signature: Signature
    emails: Sequence[Email]
    alternates: int
    duplicates: list[Duplicate]


def get_state(petition_id: int, signature_id: int) -> SignatureState:
    """Return the state of a signature. Raises: ItemNotFound, also for one of another petition."""
    row = db.session.execute(
        select(Signature, Invalidation)
        .outerjoin(Invalidation, Invalidation.id == Signature.invalidation_id)
        .where(Signature.id == signature_id, Signature.petition_id == petition_id)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise ItemNotFound
    signature, invalidation = row
    return SignatureState(
        signature_id,
        signature.number,
        signature.counted,
        signature.name_hidden,
        invalidation,
        invalidation.at + UNDO_WITHIN if invalidation else None,
    )


def show(
    petition_id: int, signature_id: int, *, organiser_id: int | None = None, now: datetime
) -> SignatureFile:
    """Return a signature whole, and record that somebody looked: its signer can see that.

    Raises: ItemNotFound.
    """
    with transaction() as connection:
        chosen = (_signature.c.id == signature_id, _signature.c.petition_id == petition_id)
        if connection.scalar(select(_signature.c.id).where(*chosen)) is None:
            raise ItemNotFound
        audit.record(
            connection,
            AuditAction.SIGNATURE_SHOW,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            signature_id=signature_id,
            detail=f"signature {signature_id}",
        )
    signature = db.session.get(Signature, signature_id, populate_existing=True)
    if signature is None:  # erased meanwhile
        raise ItemNotFound
    emails = select(Email).where(Email.signature_id == signature_id).order_by(Email.id.desc())
    alternates = select(func.count()).where(AlternateEntry.signature_id == signature_id)
    return SignatureFile(
        signature,
        db.session.scalars(emails.limit(50)).all(),
        db.session.scalar(alternates) or 0,
        duplicates.find(signature),
    )


def resend(
    petition_id: int, signature_id: int, *, organiser_id: int | None = None, now: datetime
) -> bool:
    """Enqueue the email to a signer again; return whether it may be sent.

    That is the email to confirm or, of a confirmed signature, the one with the link to its page.
    The limits are those of the signer's own button: an email that exceeds them is not sent.
    Raises: ItemNotFound; TooSoon in the two minutes after another one.
    """
    with transaction() as connection:
        row = connection.execute(
            select(_signature).where(
                _signature.c.id == signature_id, _signature.c.petition_id == petition_id
            )
        ).first()
        if row is None or not row.email:
            raise ItemNotFound
        advisory_lock(connection, row.mailbox_hash)
        kind = EmailKind.CONFIRM if row.confirmed_at is None else EmailKind.MY_PAGE
        hold = _check_last(connection, signature_id, kind, now)
        entry = (signature_id, row.entry, row.mailbox_hash)
        email_id = enqueue.email_signer(connection, kind, *entry, now=now, again=True, hold=hold)
        suppressed = connection.scalar(select(_email.c.suppressed).where(_email.c.id == email_id))
        audit.record(
            connection,
            AuditAction.SIGNATURE_RESEND,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            signature_id=signature_id,
            detail=f"signature {signature_id}, {kind}",
        )
        return not suppressed


def _check_last(
    connection: Connection, signature_id: int, kind: EmailKind, now: datetime
) -> Hold | None:
    """Return the hold of the last such email, which holds the next one, too. Raises: TooSoon."""
    last = connection.execute(
        select(_email.c.created_at, _email.c.state, _email.c.burst_id)
        .where(_email.c.signature_id == signature_id, _email.c.kind == kind)
        .order_by(_email.c.id.desc())
    ).first()
    if last is None:
        return None
    if now < last.created_at + enqueue.RESEND_AFTER:
        raise TooSoon(last.created_at + enqueue.RESEND_AFTER)
    return Hold(last.burst_id) if last.state == EmailState.HELD else None
