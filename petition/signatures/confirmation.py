"""Counting a signature once: what a mailed link shows, what its button does, and the code that does
the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from petition.core.errors import CodeInvalid, PetitionNotOpen, SignatureGone
from petition.core.tokens import Tokens
from petition.database import counters
from petition.database.base import db
from petition.database.counters import Use
from petition.database.transactions import transaction
from petition.models import (
    AlternateEntry,
    Email,
    EntryFields,
    Petition,
    PetitionText,
    Signature,
    Tally,
)
from petition.models.enums import EmailKind, PetitionState
from petition.outbox import enqueue
from petition.petitions import sums
from petition.signatures import codes, entries
from petition.signatures.entries import EntryRef

CHOICES_SHOWN = 5
CODE_TRIES = 5  # of a million codes, for each mailbox under a petition
TRIES_KEPT = enqueue.MAILBOX_PERIOD - counters.KEPT_AFTER_EXPIRY  # as long as any of its letters

_signature, _tally, _email = Signature.table(), Tally.table(), Email.table()


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """What a confirmation link is about. `choices` are what was typed for its mailbox, by entry,
    the link's own first, and each that differs in anything once: a name alone would hide that
    somebody else chose to show it. With more than one the reader is asked which is theirs.
    """

    choices: dict[int, EntryFields]
    slug: str
    title: str
    target: str
    language: str
    text_language: str
    confirmed: bool


def get_pending(kept: EntryRef) -> PendingConfirmation:
    """Return what is about to be confirmed. Raises SignatureGone when it is no longer kept."""
    row = db.session.execute(
        select(Signature, Petition.slug, PetitionText.title, PetitionText.target)
        .join(Petition, Petition.id == Signature.petition_id)
        .join(PetitionText, Signature.stands_under(PetitionText))
        .where(Signature.id == kept.signature_id)
    ).first()
    if row is None:
        raise SignatureGone
    signature, slug, title, target = row
    standing: dict[int, EntryFields] = {signature.entry: signature}
    return PendingConfirmation(
        choices=standing if signature.counted else _choices(signature, kept.entry),
        slug=slug,
        title=title,
        target=target,
        language=signature.language,
        text_language=signature.text_language,
        confirmed=signature.counted,
    )


def _choices(signature: Signature, own: int) -> dict[int, EntryFields]:
    """Return what was typed for the mailbox, the link's own first and some of the newest after it:
    strangers may have typed any number.
    """
    others = db.session.scalars(
        select(AlternateEntry)
        .where(AlternateEntry.signature_id == signature.id)
        .order_by((AlternateEntry.entry == own).desc(), AlternateEntry.entry.desc())
        .limit(CHOICES_SHOWN)
    )
    found: dict[int, EntryFields] = {signature.entry: signature}
    found |= {other.entry: other for other in others}
    if own not in found:
        raise SignatureGone
    different: dict[tuple[object, ...], int] = {}
    for entry in sorted(found, key=lambda entry: (entry != own, -entry)):
        written = {name: getattr(found[entry], name) for name in entries.FIELDS}
        different.setdefault(entries.entry_content(written), entry)
    return {entry: found[entry] for entry in list(different.values())[:CHOICES_SHOWN]}


def confirm(kept: EntryRef, *, now: datetime) -> None:
    """Count an entry as its mailbox's signature, once however often and by how many this is asked.

    Nothing changes when the mailbox's signature is counted already, with whichever entry. Raises
    SignatureGone, and PetitionNotOpen when the petition closed over 24 hours ago.
    """
    with transaction() as connection:
        _count(connection, kept, _for_confirming(connection, kept.signature_id), now)


def confirm_by_code(
    email_id: int,
    typed: str,
    *,
    keys: Tokens,
    lifetime: timedelta,
    now: datetime,
) -> int:
    """Confirm the entry of a pending page by the six digits of its mail; return the signature's id.

    Raises CodeWrong for a wrong one, past its lifetime, and for any after five wrong ones;
    SignatureGone; PetitionNotOpen. For an address that has signed already everything is the same.
    What is no code at all, such as an empty field, is wrong and no try.
    """
    kept = None
    code = codes.parse_code(typed)
    with transaction() as connection:
        letter = connection.execute(
            select(_email.c.signature_id, _email.c.entry, _email.c.mailbox_hash).where(
                _email.c.id == email_id
            )
        ).first()
        if letter is None or letter.signature_id is None:
            raise SignatureGone
        page = EntryRef(letter.signature_id, letter.entry)
        found = _for_confirming(connection, page.signature_id)
        # By the mailbox, so that no way around leads through another entry for it.
        tries = Use(f"code:{found.petition_id}", letter.mailbox_hash, TRIES_KEPT, now + TRIES_KEPT)
        if code and counters.is_within(connection, tries, limit=CODE_TRIES, now=now):
            mailed = codes.find_entry(connection, page.signature_id, code, keys, now - lifetime)
            kept = mailed and _if_the_same(connection, page, mailed)
        if kept is not None:
            _count(connection, kept, found, now)
    if kept is None:
        raise CodeInvalid
    return kept.signature_id


def _if_the_same(connection: Connection, page: EntryRef, mailed: EntryRef) -> EntryRef | None:
    """Return the entry whose mail held a code, if it is the page's own or says the same: who
    presses "Sign" twice has two entries, and perhaps one mail.
    """
    if mailed == page:
        return mailed
    on_page, in_mail = entries.get_fields(connection, page), entries.get_fields(connection, mailed)
    if (
        on_page is None
        or in_mail is None
        or entries.entry_content(on_page) != entries.entry_content(in_mail)
    ):
        return None
    return mailed


def _count(connection: Connection, kept: EntryRef, found: Row[Any], now: datetime) -> None:
    if found.confirmed_at is not None:
        return
    if (
        found.state in {PetitionState.CLOSED, PetitionState.VICTORY}
        and now > found.closed_at + entries.GRACE_PERIOD
    ):
        raise PetitionNotOpen(found.slug, found.state)
    if found.entry != kept.entry and not entries.make_current(connection, kept):
        raise SignatureGone
    # The tally's row is locked from here to the commit: numbers follow each other with no gap
    # and no twin.
    number = connection.execute(
        _COUNT_ONE, {"petition": found.petition_id, "now": now}
    ).scalar_one()
    counted = connection.execute(
        _NUMBER, {"signature": kept.signature_id, "number": number, "now": now}
    )
    sums.change(connection, added=counted)
    reader = enqueue.Recipient(kept.signature_id, kept.entry, found.mailbox_hash)
    enqueue.email_signer(connection, EmailKind.THANKS, reader, now=now)


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
        _signature.c.mailbox_hash,
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
    .returning(*sums.COLUMNS)
)


@dataclass(frozen=True, slots=True)
class Thanks:
    """What the thank-you page shows: the petition and the number that the signature got."""

    slug: str
    language: str
    number: int


def get_thanks(signature_id: int) -> Thanks:
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
