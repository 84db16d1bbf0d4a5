"""Confirming a signature by a mailed link or by the code of an email, exactly once."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from petition.core.errors import (
    CodeInvalid,
    CodeTriesUsedUp,
    EntryMoved,
    PetitionNotOpen,
    SignatureGone,
    SignatureNotCounted,
)
from petition.core.text import search_key
from petition.core.tokens import Tokens
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AlternateEntry, EntryFields, Petition, PetitionText, Signature, Tally
from petition.models.enums import EmailKind, PetitionState
from petition.outbox import enqueue
from petition.petitions import sums
from petition.signatures import address_question, codes, entries
from petition.signatures.entries import Entry, EntryRef

MAX_CHOICES = 5

_signature, _tally = Signature.table(), Tally.table()


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """What the page of a confirmation link shows.

    `choices` are distinct entries of the mailbox by number, the link's own first. `text` is what
    that one signed, and `language` its language.
    """

    choices: dict[int, EntryFields]
    signature: Signature
    petition: Petition
    text: PetitionText
    language: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What became of a confirmation.

    `is_current` says whether the entry is the one that counts, `at_risk` whether the signature is
    from the country in which signing may be dangerous.
    """

    signature_id: int
    is_current: bool
    at_risk: bool


def get_pending(entry_ref: EntryRef) -> PendingConfirmation:
    """Return what a link is about to confirm. Raises: SignatureGone."""
    signature, petition, text, linked = entries.get_entry(entry_ref.signature_id, None)
    current: dict[int, EntryFields] = {signature.entry: signature}
    if signature.confirmed:
        return PendingConfirmation(current, signature, petition, text, signature.language)
    if entry_ref.entry != signature.entry:
        _, _, text, linked = entries.get_entry(*entry_ref)
    choices = _choices(signature, entry_ref.entry) if signature.entries > 1 else current
    return PendingConfirmation(choices, signature, petition, text, linked.language)


def _choices(signature: Signature, linked: int) -> dict[int, EntryFields]:
    """Return up to five entries, the linked one first, newest next: anyone can add entries."""
    alternates = db.session.scalars(
        select(AlternateEntry)
        .where(AlternateEntry.signature_id == signature.id)
        .order_by((AlternateEntry.entry == linked).desc(), AlternateEntry.entry.desc())
        .limit(MAX_CHOICES)
    )
    candidates: dict[int, EntryFields] = {signature.entry: signature}
    candidates |= {alternate.entry: alternate for alternate in alternates}
    if linked not in candidates:
        raise SignatureGone
    distinct: dict[tuple[object, ...], int] = {}
    for number in sorted(candidates, key=lambda number: (number != linked, -number)):
        values = {name: getattr(candidates[number], name) for name in entries.FIELDS}
        distinct.setdefault(entries.entry_content(values), number)
    return {number: candidates[number] for number in list(distinct.values())[:MAX_CHOICES]}


def confirm(entry_ref: EntryRef, *, now: datetime) -> Confirmation:
    """Count an entry as its mailbox's signature.

    Idempotent, also for several links at once: a confirmed signature stays, counted or not.
    Raises: SignatureGone; PetitionNotOpen when the petition closed over 24 hours ago.
    """
    with transaction() as connection:
        signature = _lock_signature(connection, entry_ref.signature_id)
        at_risk = _count(connection, entry_ref, signature, now)
    is_current = signature.confirmed_at is None or signature.entry == entry_ref.entry
    return Confirmation(signature.id, is_current, at_risk)


def confirm_own(entry_ref: EntryRef, entry: Entry, *, now: datetime) -> Confirmation:
    """Count what the owner of a mailbox enters behind a link, instead of the link's own entry.

    The link proves the address, so no further email is needed. The entry is current if what counts
    says the same. Otherwise as `confirm`.
    """
    with transaction() as connection:
        signature = _lock_signature(connection, entry_ref.signature_id)
        own = entry_ref
        if signature.confirmed_at is None:
            own = _insert_own(connection, entry_ref, entry, now)
        at_risk = _count(connection, own, signature, now)
    is_current = signature.confirmed_at is None or (
        entries.entry_content(signature._asdict()) == entries.entry_content(asdict(entry))
    )
    return Confirmation(signature.id, is_current, at_risk)


def _insert_own(
    connection: Connection, entry_ref: EntryRef, entry: Entry, now: datetime
) -> EntryRef:
    """Insert an alternate entry with the address and the text of another one."""
    values = entries.get_fields(connection, entry_ref)
    if values is None:
        raise SignatureGone
    number = connection.execute(
        update(_signature)
        .where(_signature.c.id == entry_ref.signature_id)
        .values(entries=_signature.c.entries + 1)
        .returning(_signature.c.entries)
    ).scalar_one()
    values |= asdict(entry) | {"entry": number, "signed_at": now}
    connection.execute(
        insert(AlternateEntry.table()).values(signature_id=entry_ref.signature_id, **values)
    )
    return EntryRef(entry_ref.signature_id, number)


def confirm_by_code(
    email_id: int, code: str, *, tokens: Tokens, lifetime: timedelta, now: datetime
) -> Confirmation:
    """Confirm the entry of a pending page by its email's code.

    Addresses that have signed already are treated alike. Raises: CodeInvalid for a wrong or expired
    code, and for any once the mailbox has had five tries; CodeTriesUsedUp once this entry has had
    them; SignatureGone; PetitionNotOpen.
    """
    confirmed = None
    with transaction() as connection:
        email = address_question.get_email(connection, email_id)
        if email.corrected_to is not None:
            raise EntryMoved(email.corrected_to)
        if email.signature_id is None:
            raise SignatureGone
        page_entry = EntryRef(email.signature_id, email.entry)
        signature = _lock_signature(connection, email.signature_id)
        tries = codes.count_try(connection, signature.petition_id, email, now=now)
        if tries.of_mailbox <= codes.MAX_TRIES:
            emailed = codes.find_entry(connection, signature.id, code, tokens, now - lifetime)
            if emailed is not None and _is_same_entry(connection, page_entry, emailed):
                at_risk = _count(connection, emailed, signature, now)
                confirmed = Confirmation(signature.id, is_current=True, at_risk=at_risk)
    if confirmed is None:  # outside the transaction, so that the try stays counted
        raise CodeTriesUsedUp if tries.of_entry > codes.MAX_TRIES else CodeInvalid
    return confirmed


def _is_same_entry(connection: Connection, one: EntryRef, other: EntryRef) -> bool:
    """Return whether two entries say the same: a double click makes two, and perhaps one email."""
    if one == other:  # which may have been replaced since by a correction
        return True
    values, other_values = (entries.get_fields(connection, ref) for ref in (one, other))
    if values is None or other_values is None:
        return False
    return entries.entry_content(values) == entries.entry_content(other_values)


def _count(connection: Connection, entry_ref: EntryRef, signature: Row[Any], now: datetime) -> bool:
    """Count an entry, unless one of its mailbox counts; return whether that signer is at risk."""
    if signature.confirmed_at is not None:
        return bool(signature.country == signature.regime_country)
    if (
        signature.state in {PetitionState.CLOSED, PetitionState.VICTORY}
        and now > signature.closed_at + entries.GRACE_PERIOD
    ):
        raise PetitionNotOpen(signature.slug, signature.state)
    if signature.entry != entry_ref.entry and not entries.make_current(connection, entry_ref):
        raise SignatureGone
    # This locks the tally's row until the commit, so numbers have no gaps and no duplicates.
    number = connection.execute(
        _INCREMENT_TALLY, {"petition": signature.petition_id, "now": now}
    ).scalar_one()
    name = signature.name
    if signature.entry != entry_ref.entry:
        name = (entries.get_fields(connection, entry_ref) or {})["name"]
    values = {"signature": entry_ref.signature_id, "number": number, "now": now}
    counted = connection.execute(_MARK_CONFIRMED, values | {"name_key": search_key(name)}).one()
    sums.change(connection, added=[counted])
    enqueue.email_signer(connection, EmailKind.THANKS, *entry_ref, signature.mailbox_hash, now=now)
    return bool(counted.country == signature.regime_country)


def _lock_signature(connection: Connection, signature_id: int) -> Row[Any]:
    """Lock a signature and return what confirming depends on. Raises: SignatureGone."""
    row = connection.execute(_SELECT_LOCKED, {"signature": signature_id}).first()
    if row is None:
        raise SignatureGone
    return row


_SELECT_LOCKED = (
    select(_signature, Petition.slug, Petition.state, Petition.closed_at, Petition.regime_country)
    .join(Petition, Petition.id == _signature.c.petition_id)
    .where(_signature.c.id == bindparam("signature"))
    .with_for_update(of=_signature)
)
_INCREMENT_TALLY = (
    update(_tally)
    .where(_tally.c.petition_id == bindparam("petition"))
    .values(
        counted=_tally.c.counted + 1,
        last_number=_tally.c.last_number + 1,
        changed_at=bindparam("now"),
    )
    .returning(_tally.c.last_number)
)
_MARK_CONFIRMED = (
    update(_signature)
    .where(_signature.c.id == bindparam("signature"))
    .values(confirmed_at=bindparam("now"), number=bindparam("number"))
    .values(name_key=bindparam("name_key"))
    .returning(*sums.COLUMNS)
)


def get_thanks(signature_id: int) -> tuple[str, str, int | None]:
    """Return slug, language and number of a signature that counts.

    Raises: SignatureGone; SignatureNotCounted for one that was taken out of the count.
    """
    signature, petition, _, _ = entries.get_entry(signature_id, None)
    if signature.invalidated:
        raise SignatureNotCounted(petition.contact, signature.language)
    if not signature.confirmed:
        raise SignatureGone
    return petition.slug, signature.language, signature.number
