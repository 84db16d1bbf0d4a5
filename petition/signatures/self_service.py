"""The signer's own page, reached by an emailed link: see, download, correct and withdraw."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, case, false, literal_column, select, update

from petition.abuse import rate_limits
from petition.abuse.rate_limits import FormSender
from petition.core.errors import SignatureGone
from petition.core.text import search_key
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import (
    AlternateEntry,
    AuditEntry,
    Email,
    EntryFields,
    OrganisationName,
    Petition,
    PetitionText,
    Signature,
)
from petition.models.enums import AuditAction, CommentState, Display, EmailKind
from petition.models.organisers import IS_DOWNLOAD
from petition.outbox import enqueue
from petition.petitions import sums
from petition.petitions.questions import Question, asked_by, in_words
from petition.signatures import entries, new_text, removal
from petition.signatures.entries import Entry
from petition.signatures.identity import Address, mailboxes_of
from petition.signatures.new_text import NewText

_signature = Signature.table()


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """Everything that is stored about a signature.

    `erased_at` is when it will be purged or anonymised, None while its petition is open;
    `lists_downloaded_at` are the times when organisers downloaded a list with it.
    """

    signature: Signature
    petition: Petition
    text: PetitionText
    shown_organisation: str  # differs from what was written where organisers joined spellings
    erased_at: datetime | None
    new_text: NewText | None  # to which it does not agree yet
    alternates: Sequence[AlternateEntry]
    emails: Sequence[Email]
    lists_downloaded_at: Sequence[datetime]
    looked_at: Sequence[datetime]  # when an organiser looked at it alone


def get_stored(signature_id: int, *, purge_days: int, anonymise_days: int) -> StoredSignature:
    """Return what is stored about a signature. Raises: SignatureGone."""
    signature, petition, text, _ = entries.get_entry(signature_id, None)
    if signature.email == "":  # anonymised
        raise SignatureGone
    erased_at = None
    if not signature.confirmed:
        erased_at = signature.signed_at + timedelta(days=purge_days)
    elif petition.closed_at is not None:
        erased_at = petition.closed_at + timedelta(days=anonymise_days)
    alternates = select(AlternateEntry).where(AlternateEntry.signature_id == signature_id)
    emails = select(Email).where(Email.signature_id == signature_id).order_by(Email.id)
    queries = (alternates, emails, _downloads(signature), _looks(signature_id))
    stored = [db.session.scalars(query).all() for query in queries]
    shown = select(OrganisationName.of_signature()).where(_signature.c.id == signature_id)
    organisation = db.session.scalar(shown) or ""
    newer = new_text.find_new_text(signature)
    return StoredSignature(signature, petition, text, organisation, erased_at, newer, *stored)


def _downloads(signature: Signature | Row[Any]) -> Select[datetime]:
    """Return the query for the times when a list with a signature was downloaded.

    Its name was in no hand-over file if it may not be handed over and was never corrected: when it
    was corrected is not stored.
    """
    actions = [AuditAction.SIGNATURES_DOWNLOAD]
    if signature.handover or signature.entry > 1:
        actions.append(AuditAction.SIGNATURES_HANDOVER)
    since = signature.confirmed_at
    return (
        select(AuditEntry.at)
        .where(
            literal_column(IS_DOWNLOAD),  # bound values would not use the partial index
            AuditEntry.action.in_(actions),
            AuditEntry.petition_id == signature.petition_id,
            AuditEntry.at >= since if since is not None else false(),
        )
        .order_by(AuditEntry.at)
    )


def _looks(signature_id: int) -> Select[datetime]:
    is_look = AuditEntry.action == AuditAction.SIGNATURE_SHOW
    looks = select(AuditEntry.at).where(AuditEntry.signature_id == signature_id, is_look)
    return looks.order_by(AuditEntry.id)


def correct(signature_id: int, entry: Entry, *, now: datetime) -> None:
    """Replace the entry of a confirmed signature.

    Raises: SignatureGone, also for an unconfirmed signature; there, sign again.
    """
    # An organiser reads a changed comment before it is shown.
    is_same = _signature.c.comment == entry.comment
    state = case((is_same, _signature.c.comment_state), else_=CommentState.WAITING.value)
    _change(signature_id, **asdict(entry), comment_state=state, name_key=search_key(entry.name))


def hide(signature_id: int, *, now: datetime) -> None:
    """Hide the name of a confirmed signature from the public and from the target.

    Raises: SignatureGone, also for an unconfirmed signature.
    """
    _change(signature_id, display=Display.HIDDEN.value, handover=False)


def _change(signature_id: int, **values: Any) -> None:
    """Change the entry of a confirmed signature. Raises: SignatureGone.

    The new entry gets a number of its own, so links for the earlier one do not show it.
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
            .values(values | dict.fromkeys(("entry", "entries"), _signature.c.entries + 1))
            .returning(*sums.COLUMNS)
        )
        sums.change(connection, removed=[before], added=after)


def withdraw(signature_id: int, *, now: datetime) -> str:
    """Erase a signature and enqueue the email about it; return the slug. Raises: SignatureGone."""
    with transaction() as connection:
        row = connection.execute(
            select(_signature, Petition.slug)
            .join(Petition, Petition.id == _signature.c.petition_id)
            .where(_signature.c.id == signature_id)
            .with_for_update(of=_signature)
        ).first()
        if row is None:
            raise SignatureGone
        download = connection.scalar(_downloads(row).limit(1))
        removal.erase_signature(connection, signature_id, now=now)
        enqueue.email_withdrawn_signer(
            connection, row, list_downloaded=download is not None, now=now
        )
        return str(row.slug)


def request_link(address: Address, *, sender: FormSender, now: datetime) -> None:
    """Email the links of the signer's page, one for each signature of the mailbox.

    For an address that never signed everything is the same except the email. Raises: RateLimited.
    """
    with transaction() as connection:
        advisory_lock(connection, address.mailbox_hash)
        rate_limits.hit(connection, sender.limits, now=now)
        # A confirmed address first, then the one asked with: anyone can type another spelling.
        row = connection.execute(
            select(_signature.c.id, _signature.c.entry)
            .where(_signature.c.mailbox_key.in_(mailboxes_of(address.key)))
            .order_by(
                _signature.c.confirmed_at.is_(None),
                _signature.c.address_key != address.key,
                _signature.c.id.desc(),
            )
            .limit(1)
            .with_for_update(read=True, key_share=True)
        ).first()
        signature_id, entry_number = row or (None, None)
        enqueue.email_signer(
            connection, EmailKind.MY_PAGE, signature_id, entry_number, address.mailbox_hash, now=now
        )


def export_data(stored: StoredSignature) -> dict[str, Any]:
    """Return everything that is stored, for a JSON file; times are ISO 8601 in UTC."""
    signature = stored.signature
    asked = asked_by(stored.petition, signature.language).questions
    return {
        "petition": {
            "slug": stored.petition.slug,
            "title": stored.text.title,
            "target": stored.text.target,
        },
        "signature": _export_entry(signature, asked)
        | {
            "shown_organisation": stored.shown_organisation,
            "number": signature.number,
            "comment_state": signature.comment_state,
            "invalidated_reason": signature.invalidated_reason,
            "confirmed_at": _format_time(signature.confirmed_at),
            "confirmed_version": signature.confirmed_version,
            "version_confirmed_at": _format_time(signature.version_confirmed_at),
            "asked_version": signature.asked_version,
            "refuses_questions": signature.refuses_questions,
        },
        "other_entries": [_export_entry(alternate, asked) for alternate in stored.alternates],
        "emails": [
            {
                "kind": email.kind,
                "state": email.state,
                "created_at": _format_time(email.created_at),
                "sent_at": _format_time(email.sent_at),
                "reason": email.reason,
            }
            for email in stored.emails
        ],
        "lists_downloaded_at": [_format_time(time) for time in stored.lists_downloaded_at],
        "looked_at": [_format_time(time) for time in stored.looked_at],
        "erased_at": _format_time(stored.erased_at),
    }


def _export_entry(entry: EntryFields, asked: Iterable[Question]) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in EntryFields.__annotations__}
    answers = [
        {"question": question.text, "answer": answer}
        for question, answer in in_words(entry.answers, asked)
    ]
    return values | {"answers": answers, "signed_at": _format_time(entry.signed_at)}


def _format_time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds")
