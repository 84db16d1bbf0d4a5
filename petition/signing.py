"""Signing: a signature and the letter about it, kept together; each use case safe to repeat."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from petition import outbox
from petition.errors import SignatureGone
from petition.extensions import db, transaction
from petition.models import (
    Letter,
    LetterKind,
    Petition,
    Signature,
)
from petition.prepared import Prepared
from petition.signers import Address

RESEND_AFTER = timedelta(minutes=2)

_signature = Signature.table()
_letter = Letter.table()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a signer typed and chose, valid and tidy."""

    name: str
    country: str
    postcode: str
    organisation: str
    role: str
    comment: str
    display: str
    handover: bool
    updates: bool


_TYPED = tuple(field.name for field in fields(Entry))


def sign(
    petition_id: int,
    entry: Entry,
    address: Address,
    *,
    language: str,
    channel: str,
    text_language: str,
    text_version: int,
    now: datetime,
) -> int:
    """Keep a signature and the letter that asks its owner to confirm, together or not at all.

    The same mailbox again replaces what was typed before as long as it is not confirmed, and
    changes nothing afterwards; the letter then says that they have signed already. Returns the id
    of the letter: it grows with every call alike, so it tells nothing about the address.
    """
    values = {
        **{name: getattr(entry, name) for name in _TYPED},
        "petition_id": petition_id,
        "email": address.email,
        "address_key": address.key,
        "mailbox_key": address.mailbox,
        "language": language,
        "channel": channel,
        "text_language": text_language,
        "text_version": text_version,
        "entry": 1,
        "signed_at": now,
    }
    with transaction() as connection:
        kept = _INSERT[connection.dialect.name].first(connection, values)
        kind = LetterKind.CONFIRM
        if kept is None:
            kind = LetterKind.ALREADY_SIGNED
            (kept,) = _FIND_SIGNED.all(connection, values)
        return outbox.post_to_signer(connection, kind, kept[0], now=now)


def _insert_or_replace(dialect: Any) -> Prepared:
    """INSERT … ON CONFLICT: the database decides whether the mailbox is new; a confirmed row
    answers nothing.
    """
    statement = dialect.insert(_signature)
    given = {column.name for column in _signature.columns} - {"id", "confirmed_at", "number"}
    written: dict[str, Any] = {name: bindparam(name) for name in given}
    kept = {"petition_id", "mailbox_key", "entry"}
    replaced = {name: statement.excluded[name] for name in given - kept}
    insert = (
        statement.values(written)
        .on_conflict_do_update(
            index_elements=[_signature.c.mailbox_key, _signature.c.petition_id],
            set_=replaced | {"entry": _signature.c.entry + 1},
            where=_signature.c.confirmed_at.is_(None),
        )
        .returning(_signature.c.id)
    )
    return Prepared(insert)


_INSERT = {"sqlite": _insert_or_replace(sqlite), "postgresql": _insert_or_replace(postgresql)}
_FIND_SIGNED = Prepared(
    select(_signature.c.id).where(
        _signature.c.mailbox_key == bindparam("mailbox_key"),
        _signature.c.petition_id == bindparam("petition_id"),
    )
)


def resend(letter_id: int, *, now: datetime) -> None:
    """Send the letter of a pending page once more, unless the last one is less than two minutes
    old.

    What it says depends on how the signature stands by then. Raises SignatureGone.
    """
    with transaction() as connection:
        signature_id = connection.scalar(
            select(_letter.c.signature_id).where(_letter.c.id == letter_id)
        )
        if signature_id is None:
            raise SignatureGone
        _send_again(connection, signature_id, now)


def renew(signature_id: int, *, now: datetime) -> int:
    """Send a new link in place of an expired one and return the id of its letter. Raises
    SignatureGone.
    """
    with transaction() as connection:
        return _send_again(connection, signature_id, now)


def _send_again(connection: Connection, signature_id: int, now: datetime) -> int:
    signature = connection.execute(
        select(_signature.c.confirmed_at).where(_signature.c.id == signature_id)
    ).first()
    if signature is None:
        raise SignatureGone
    latest = connection.execute(
        select(_letter.c.id, _letter.c.created_at)
        .where(_letter.c.signature_id == signature_id)
        .order_by(_letter.c.id.desc())
        .limit(1)
    ).first()
    if latest is not None and now - latest.created_at < RESEND_AFTER:
        return int(latest.id)
    kind = LetterKind.ALREADY_SIGNED if signature.confirmed_at else LetterKind.CONFIRM
    return outbox.post_to_signer(connection, kind, signature_id, now=now)


@dataclass(frozen=True, slots=True)
class Pending:
    """What the page after signing may know: the petition, and nothing about the address."""

    slug: str
    language: str


def pending(letter_id: int) -> Pending:
    """Return what the page after signing shows. Raises SignatureGone."""
    row = db.session.execute(
        select(Petition.slug, Signature.language)
        .join(Signature, Signature.petition_id == Petition.id)
        .join(Letter, Letter.signature_id == Signature.id)
        .where(Letter.id == letter_id)
    ).first()
    if row is None:
        raise SignatureGone
    return Pending(*row)
