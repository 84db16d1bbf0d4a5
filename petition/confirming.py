"""Counting a signature once: what a mailed link shows, and what its button does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from petition.errors import PetitionNotOpen, SignatureGone
from petition.extensions import db, transaction
from petition.models import Petition, PetitionText, Signature, State, Tally

GRACE = timedelta(hours=24)  # a signature made before closing can still be confirmed for so long

_signature = Signature.table()
_tally = Tally.table()


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What a confirmation link is about. `entry` is the newest one; a link of an earlier entry must
    say so.
    """

    signature_id: int
    entry: int
    name: str
    slug: str
    title: str
    target: str
    language: str
    confirmed: bool


def to_confirm(signature_id: int) -> ToConfirm:
    """Return what is about to be confirmed. Raises SignatureGone when it is no longer kept."""
    row = db.session.execute(
        select(Signature, Petition.slug, PetitionText.title, PetitionText.target)
        .join(Petition, Petition.id == Signature.petition_id)
        .join(
            PetitionText,
            (PetitionText.petition_id == Signature.petition_id)
            & (PetitionText.language == Signature.text_language)
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
    """Count a signature, once however often and by how many this is asked; say whether it is
    counted now.

    Only the entry that was shown is confirmed: False when another one has replaced it since, so
    that the new one can be shown. Raises SignatureGone, and PetitionNotOpen when the petition
    closed over 24 hours ago.
    """
    with transaction() as connection:
        found = _for_confirming(connection, signature_id)
        if found.confirmed_at is not None:
            return True
        if found.entry != entry:
            return False
        if found.state == State.CLOSED and now > found.closed_at + GRACE:
            raise PetitionNotOpen(found.slug, found.state)
        # The tally's row is locked from here to the commit: numbers follow each other with no gap
        # and no twin.
        number = connection.execute(
            _COUNT_ONE, {"petition": found.petition_id, "now": now}
        ).scalar_one()
        connection.execute(_NUMBER, {"signature": signature_id, "number": number, "now": now})
        return True


def _for_confirming(connection: Connection, signature_id: int) -> Row[Any]:
    """Lock the signature (SQLite has locked everything already) and return what decides about
    it.
    """
    row = connection.execute(_FOR_CONFIRMING, {"signature": signature_id}).first()
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


@dataclass(frozen=True, slots=True)
class Thanks:
    """What the thank-you page shows: the petition and the number that the signature got."""

    slug: str
    language: str
    number: int


def thanks(signature_id: int) -> Thanks:
    """Return what the thank-you page shows. Raises SignatureGone, also for one that is not
    confirmed.
    """
    row = db.session.execute(
        select(Petition.slug, Signature.language, Signature.number)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(Signature.id == signature_id, Signature.counted)
    ).first()
    if row is None:
        raise SignatureGone
    return Thanks(row.slug, row.language, row.number or 0)
