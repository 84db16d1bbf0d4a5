"""The signer's own page: see everything that is kept, correct it, take the signature back. A link
in the mails is the key; there is no account.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, false, select, update

from petition.abuse import rate_limits
from petition.abuse.rate_limits import FormSender
from petition.core.errors import SignatureGone
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import (
    AlternateEntry,
    AuditEntry,
    Email,
    EntryFields,
    Petition,
    PetitionText,
    Signature,
)
from petition.models.enums import CommentState, EmailKind
from petition.outbox import enqueue
from petition.petitions import sums
from petition.signatures import entries
from petition.signatures.entries import Entry
from petition.signatures.identity import Address

_signature = Signature.table()


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """All that is kept of a signature. `copied_at` are the moments when organisers downloaded a
    list that it was on; `erased_at` is when it will be anonymised, once that is known.
    """

    signature: Signature
    attempts: list[AlternateEntry]
    letters: list[Email]
    slug: str
    title: str
    organiser: str
    target: str
    copied_at: list[datetime]
    erased_at: datetime | None


def get_stored(signature_id: int, *, purge_days: int, anonymise_days: int) -> StoredSignature:
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
    return StoredSignature(
        signature=signature,
        attempts=list(
            db.session.scalars(
                select(AlternateEntry).where(AlternateEntry.signature_id == signature_id)
            )
        ),
        letters=list(
            db.session.scalars(
                select(Email).where(Email.signature_id == signature_id).order_by(Email.id)
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
        before = connection.execute(
            select(*sums.COLUMNS)
            .where(_signature.c.id == signature_id, _signature.c.confirmed_at.is_not(None))
            .with_for_update()
        ).first()
        if before is None:
            raise SignatureGone
        after = connection.execute(
            update(_signature)
            .where(_signature.c.id == signature_id)
            .values(
                **asdict(entry),
                # Another comment is read by an organiser before it shows; the same one was.
                comment_state=case(
                    (_signature.c.comment == entry.comment, _signature.c.comment_state),
                    else_=CommentState.WAITING.value,
                ),
                entry=_signature.c.entries + 1,
                entries=_signature.c.entries + 1,
            )
            .returning(*sums.COLUMNS)
        )
        sums.change(connection, removed=[before], added=after)


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
        entries.erase_signature(connection, signature_id, now=now)
        enqueue.email_withdrawn_signer(
            connection,
            row.email,
            row.language,
            row.petition_id,
            mailbox_hash=row.mailbox_hash,
            list_downloaded=copied,
            now=now,
        )
        return str(row.slug)


def request_link(address: Address, *, sender: FormSender, now: datetime) -> None:
    """Mail the links of this page, one for each of its signatures, to an address that has signed;
    do the same for any other, but for the mail. Raises TooMany.
    """
    with transaction() as connection:
        advisory_lock(connection, address.mailbox_hash)
        rate_limits.hit(connection, sender.limits, now=now)
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
        reader = enqueue.Recipient(signature_id, entry, address.mailbox_hash)
        enqueue.email_signer(connection, EmailKind.MY_PAGE, reader, now=now)


def export_data(mine: StoredSignature) -> dict[str, Any]:
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


def _written(entry: EntryFields) -> dict[str, Any]:
    written = {name: getattr(entry, name) for name in EntryFields.__annotations__}
    return written | {"signed_at": _moment(entry.signed_at)}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
