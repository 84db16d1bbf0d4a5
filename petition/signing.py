"""A signature's way: sign, confirm, be counted once. Each use case is one transaction and safe to repeat."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from petition import outbox
from petition.errors import PetitionNotOpen, SignatureGone
from petition.extensions import db, transaction
from petition.models import (
    Letter,
    LetterKind,
    Petition,
    PetitionText,
    Signature,
    State,
    Tally,
)
from petition.signers import Address

GRACE = timedelta(hours=24)  # a signature made before closing can still be confirmed for so long
RESEND_AFTER = timedelta(minutes=2)

_signature = Signature.__table__
_tally = Tally.__table__
_letter = Letter.__table__


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


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What a confirmation link is about. `entry` is the newest one; a link of an earlier entry must say so."""

    signature_id: int
    entry: int
    name: str
    slug: str
    title: str
    target: str
    language: str
    confirmed: bool


def sign(
    petition_id: int,
    entry: Entry,
    address: Address,
    *,
    language: str,
    channel: str,
    text_version: int,
    now: datetime,
) -> int:
    """Keep a signature and the letter that asks its owner to confirm, together or not at all.

    The same mailbox again replaces what was typed before as long as it is not confirmed, and changes nothing
    afterwards; the letter then says that they have signed already. Returns the id of the letter: it grows with
    every call alike, so it tells nothing about the address.
    """
    values = asdict(entry) | {
        "petition_id": petition_id,
        "email": address.email,
        "address_key": address.key,
        "mailbox_key": address.mailbox,
        "language": language,
        "channel": channel,
        "text_version": text_version,
        "entry": 1,
        "signed_at": now,
    }
    with transaction() as session:
        connection = session.connection()
        insert = _INSERT[connection.dialect.name]
        kept = connection.execute(insert, values).scalar()
        kind = LetterKind.CONFIRM
        if kept is None:
            kind = LetterKind.ALREADY_SIGNED
            kept = connection.execute(_FIND_SIGNED, values).scalar_one()
        return outbox.post(session, kind, signature_id=kept, mailbox_key=address.mailbox, now=now)


def _insert_or_replace(dialect):  # type: ignore[no-untyped-def]
    """INSERT … ON CONFLICT: the database decides whether the mailbox is new; a confirmed row answers nothing."""
    statement = dialect.insert(_signature)
    replaced = {
        column.name: statement.excluded[column.name]
        for column in _signature.columns
        if column.name
        not in {"id", "petition_id", "mailbox_key", "entry", "confirmed_at", "number"}
    }
    return statement.on_conflict_do_update(
        index_elements=[_signature.c.mailbox_key, _signature.c.petition_id],
        set_=replaced | {"entry": _signature.c.entry + 1},
        where=_signature.c.confirmed_at.is_(None),
    ).returning(_signature.c.id)


_INSERT = {"sqlite": _insert_or_replace(sqlite), "postgresql": _insert_or_replace(postgresql)}
_FIND_SIGNED = select(_signature.c.id).where(
    _signature.c.mailbox_key == bindparam("mailbox_key"),
    _signature.c.petition_id == bindparam("petition_id"),
)


def to_confirm(signature_id: int) -> ToConfirm:
    """Return what is about to be confirmed. Raises SignatureGone when it is no longer kept."""
    row = db.session.execute(
        select(Signature, Petition.slug, PetitionText.title, PetitionText.target)
        .join(Petition, Petition.id == Signature.petition_id)
        .join(
            PetitionText,
            (PetitionText.petition_id == Signature.petition_id)
            & (PetitionText.language == Signature.language)
            & (PetitionText.version == Signature.text_version),
        )
        .where(Signature.id == signature_id)
    ).first()
    if row is None:
        raise SignatureGone
    signature, slug, title, target = row
    return ToConfirm(
        signature_id=signature.id,
        entry=signature.entry,
        name=signature.name,
        slug=slug,
        title=title,
        target=target,
        language=signature.language,
        confirmed=signature.counted,
    )


def confirm(signature_id: int, entry: int, *, now: datetime) -> bool:
    """Count a signature, once however often and by how many this is asked; say whether it is counted now.

    Only the entry that was shown is confirmed: False when another one has replaced it since, so that the new
    one can be shown. Raises SignatureGone, and PetitionNotOpen when the petition closed over 24 hours ago.
    """
    with transaction() as session:
        found = _for_confirming(session, signature_id)
        if found.confirmed_at is not None:
            return True
        if found.entry != entry:
            return False
        if found.state == State.CLOSED and now > found.closed_at + GRACE:
            raise PetitionNotOpen(found.slug, found.state)
        # The tally's row is locked from here to the commit: numbers follow each other with no gap and no twin.
        number = session.execute(
            _COUNT_ONE, {"petition": found.petition_id, "now": now}
        ).scalar_one()
        session.execute(_NUMBER, {"signature": signature_id, "number": number, "now": now})
        return True


def _for_confirming(session: Session, signature_id: int) -> Row[Any]:
    """Lock the signature (SQLite has locked everything already) and return what decides about it."""
    row = session.execute(_FOR_CONFIRMING, {"signature": signature_id}).first()
    if row is None:
        raise SignatureGone
    return row


_FOR_CONFIRMING = (
    select(
        _signature.c.petition_id,
        _signature.c.entry,
        _signature.c.confirmed_at,
        Petition.slug,
        Petition.state,
        Petition.closed_at,
    )
    .join(Petition, Petition.id == _signature.c.petition_id)
    .where(_signature.c.id == bindparam("signature"))
    .with_for_update(of=_signature)
)
_COUNT_ONE = (
    update(_tally)
    .where(_tally.c.petition_id == bindparam("petition"))
    .values(
        counted=_tally.c.counted + 1,
        last_number=_tally.c.last_number + 1,
        changed_at=bindparam("now"),
    )
    .returning(_tally.c.last_number)
)
_NUMBER = (
    update(_signature)
    .where(_signature.c.id == bindparam("signature"))
    .values(confirmed_at=bindparam("now"), number=bindparam("number"))
)


def resend(letter_id: int, *, now: datetime) -> None:
    """Send the letter of a pending page once more, unless the last one is less than two minutes old.

    What it says depends on how the signature stands by then. Raises SignatureGone.
    """
    with transaction() as session:
        signature_id = session.scalar(
            select(_letter.c.signature_id).where(_letter.c.id == letter_id)
        )
        if signature_id is None:
            raise SignatureGone
        _send_again(session, signature_id, now)


def renew(signature_id: int, *, now: datetime) -> int:
    """Send a new link in place of an expired one and return the id of its letter. Raises SignatureGone."""
    with transaction() as session:
        return _send_again(session, signature_id, now)


def _send_again(session: Session, signature_id: int, now: datetime) -> int:
    signature = session.get(Signature, signature_id)
    if signature is None:
        raise SignatureGone
    latest = session.execute(
        select(_letter.c.id, _letter.c.created_at)
        .where(_letter.c.signature_id == signature_id)
        .order_by(_letter.c.id.desc())
        .limit(1)
    ).first()
    if latest is not None and now - latest.created_at < RESEND_AFTER:
        return int(latest.id)
    kind = LetterKind.ALREADY_SIGNED if signature.counted else LetterKind.CONFIRM
    return outbox.post(
        session, kind, signature_id=signature_id, mailbox_key=signature.mailbox_key, now=now
    )


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


@dataclass(frozen=True, slots=True)
class Thanks:
    """What the thank-you page shows: the petition and the number that the signature got."""

    slug: str
    language: str
    number: int


def thanks(signature_id: int) -> Thanks:
    """Return what the thank-you page shows. Raises SignatureGone, also for one that is not confirmed."""
    row = db.session.execute(
        select(Petition.slug, Signature.language, Signature.number)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(Signature.id == signature_id, Signature.counted)
    ).first()
    if row is None:
        raise SignatureGone
    return Thanks(*row)
