"""The signer's own page: see everything that is kept, correct it, take the signature back. A link
in the mails is the key; there is no account.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, false, select, update

from petition import entries, limits, posting
from petition.entries import Entry
from petition.errors import SignatureGone
from petition.extensions import db, queue_up, transaction
from petition.kinds import LetterKind, Remark
from petition.limits import FormSender
from petition.models import (
    Attempt,
    AuditEntry,
    Letter,
    Petition,
    PetitionText,
    Signature,
    Typed,
)
from petition.signers import Address

_signature = Signature.table()


@dataclass(frozen=True, slots=True)
class Mine:
    """All that is kept of a signature. `copied_at` are the moments when organisers downloaded a
    list that it was on; `erased_at` is when it will be anonymised, once that is known.
    """

    signature: Signature
    attempts: list[Attempt]
    letters: list[Letter]
    slug: str
    title: str
    organiser: str
    target: str
    copied_at: list[datetime]
    erased_at: datetime | None


def mine(signature_id: int, *, purge_days: int, anonymise_days: int) -> Mine:
    """Return what is kept of a signature. Raises SignatureGone."""
    row = db.session.execute(
        select(Signature, Petition, PetitionText)
        .join(Petition, Petition.id == Signature.petition_id)
        .join(PetitionText, Signature.stands_under(PetitionText))
        .where(Signature.id == signature_id)
    ).first()
    if row is None or row.Signature.email == "":
        raise SignatureGone
    signature, petition, text = row
    if not signature.counted:
        erased_at = signature.signed_at + timedelta(days=purge_days)
    elif petition.closed_at is not None:
        erased_at = petition.closed_at + timedelta(days=anonymise_days)
    else:
        erased_at = None
    return Mine(
        signature=signature,
        attempts=list(
            db.session.scalars(select(Attempt).where(Attempt.signature_id == signature_id))
        ),
        letters=list(
            db.session.scalars(
                select(Letter).where(Letter.signature_id == signature_id).order_by(Letter.id)
            )
        ),
        slug=petition.slug,
        title=text.title,
        organiser=text.organiser,
        target=text.target,
        copied_at=list(db.session.scalars(_copies(signature.petition_id, signature.confirmed_at))),
        erased_at=erased_at,
    )


def _copies(petition_id: int, confirmed_at: datetime | None) -> Select[datetime]:
    """Return the query for the downloads of lists that a signature was on."""
    return (
        select(AuditEntry.at)
        .where(
            AuditEntry.action == "signatures.download",
            AuditEntry.petition_id == petition_id,
            AuditEntry.at >= confirmed_at if confirmed_at is not None else false(),
        )
        .order_by(AuditEntry.id)
    )


def correct(signature_id: int, entry: Entry, *, now: datetime) -> None:
    """Keep what its signer has corrected. Raises SignatureGone, also for one that is not confirmed:
    there, signing again does it.

    The corrected entry gets a number of its own: whoever typed the earlier one cannot read it
    through the links they hold.
    """
    with transaction() as connection:
        corrected = connection.execute(
            update(_signature)
            .where(_signature.c.id == signature_id, _signature.c.confirmed_at.is_not(None))
            .values(
                **asdict(entry),
                # Another comment is read by an organiser before it shows; the same one was.
                comment_state=case(
                    (_signature.c.comment == entry.comment, _signature.c.comment_state),
                    else_=Remark.WAITING.value,
                ),
                entry=_signature.c.entries + 1,
                entries=_signature.c.entries + 1,
            )
            .returning(_signature.c.id)
        ).first()
        if corrected is None:
            raise SignatureGone


def withdraw(signature_id: int, *, now: datetime) -> str:
    """Erase a signature, take it from the count, and let a mail say so; return the petition's slug.

    Raises SignatureGone, also the second time.
    """
    with transaction() as connection:
        row = connection.execute(
            select(
                _signature.c.email,
                _signature.c.mailbox_hash,
                _signature.c.language,
                _signature.c.petition_id,
                _signature.c.confirmed_at,
                Petition.slug,
            )
            .join(Petition, Petition.id == _signature.c.petition_id)
            .where(_signature.c.id == signature_id)
            .with_for_update(of=_signature)
        ).first()
        if row is None:
            raise SignatureGone
        copied = connection.scalar(_copies(row.petition_id, row.confirmed_at).limit(1)) is not None
        entries.erase(connection, signature_id, now=now)
        posting.post_farewell(
            connection,
            row.email,
            row.language,
            row.petition_id,
            mailbox_hash=row.mailbox_hash,
            copied=copied,
            now=now,
        )
        return str(row.slug)


def ask_link(address: Address, *, sender: FormSender, now: datetime) -> None:
    """Mail the links of this page, one for each of its signatures, to an address that has signed;
    do the same for any other, but for the mail. Raises TooMany.
    """
    with transaction() as connection:
        queue_up(connection, address.mailbox_hash)
        limits.hit(connection, sender.limits, now=now)
        # To the address that was confirmed or is asked with: anybody may have typed another.
        foremost = connection.execute(
            select(_signature.c.id, _signature.c.entry)
            .where(_signature.c.mailbox_key == address.mailbox)
            .order_by(
                _signature.c.confirmed_at.is_(None),
                _signature.c.address_key != address.key,
                _signature.c.id.desc(),
            )
            .limit(1)
            .with_for_update(read=True, key_share=True)
        ).first()
        signature_id, entry = foremost or (None, None)
        reader = posting.Reader(signature_id, entry, address.mailbox_hash)
        posting.post_to_signer(connection, LetterKind.MY_PAGE, reader, now=now)


def as_data(mine: Mine) -> dict[str, Any]:
    """Return everything that is kept, for a JSON file: moments in ISO 8601, UTC."""
    return {
        "petition": {"slug": mine.slug, "title": mine.title, "target": mine.target},
        "signature": _written(mine.signature)
        | {
            "number": mine.signature.number,
            "comment_state": mine.signature.comment_state,
            "confirmed_at": _moment(mine.signature.confirmed_at),
        },
        "other_entries": [_written(attempt) for attempt in mine.attempts],
        "letters": [
            {
                "kind": letter.kind,
                "state": letter.state,
                "created_at": _moment(letter.created_at),
                "sent_at": _moment(letter.sent_at),
                "reason": letter.reason,
            }
            for letter in mine.letters
        ],
        "lists_downloaded_at": [_moment(at) for at in mine.copied_at],
        "erased_at": _moment(mine.erased_at),
    }


def _written(entry: Typed) -> dict[str, Any]:
    written = {name: getattr(entry, name) for name in Typed.__annotations__}
    return written | {"signed_at": _moment(entry.signed_at)}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
