"""Counting a signature once: what a mailed link shows, what its button does, and the code that does
the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from petition import codes, counters, entries, posting
from petition.counters import Use
from petition.entries import Kept
from petition.errors import CodeWrong, PetitionNotOpen, SignatureGone
from petition.extensions import db, transaction
from petition.kinds import LetterKind, State
from petition.models import Attempt, Letter, Petition, PetitionText, Signature, Tally, Typed
from petition.tokens import Tokens

CHOICES_SHOWN = 5
CODE_TRIES = 5  # of a million codes, for each mailbox under a petition
TRIES_KEPT = posting.MAILBOX_MEMORY - counters.KEPT_AFTER_EXPIRY  # as long as any of its letters

_signature, _tally, _letter = Signature.table(), Tally.table(), Letter.table()


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What a confirmation link is about. `choices` are what was typed for its mailbox, by entry,
    the link's own first, and each that differs in anything once: a name alone would hide that
    somebody else chose to show it. With more than one the reader is asked which is theirs.
    """

    choices: dict[int, Typed]
    slug: str
    title: str
    target: str
    language: str
    text_language: str
    confirmed: bool


def to_confirm(kept: Kept) -> ToConfirm:
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
    standing: dict[int, Typed] = {signature.entry: signature}
    return ToConfirm(
        choices=standing if signature.counted else _choices(signature, kept.entry),
        slug=slug,
        title=title,
        target=target,
        language=signature.language,
        text_language=signature.text_language,
        confirmed=signature.counted,
    )


def _choices(signature: Signature, own: int) -> dict[int, Typed]:
    """Return what was typed for the mailbox, the link's own first and some of the newest after it:
    strangers may have typed any number.
    """
    others = db.session.scalars(
        select(Attempt)
        .where(Attempt.signature_id == signature.id)
        .order_by((Attempt.entry == own).desc(), Attempt.entry.desc())
        .limit(CHOICES_SHOWN)
    )
    found: dict[int, Typed] = {signature.entry: signature}
    found |= {other.entry: other for other in others}
    if own not in found:
        raise SignatureGone
    different: dict[tuple[object, ...], int] = {}
    for entry in sorted(found, key=lambda entry: (entry != own, -entry)):
        written = {name: getattr(found[entry], name) for name in entries.TYPED}
        different.setdefault(entries.said(written), entry)
    return {entry: found[entry] for entry in list(different.values())[:CHOICES_SHOWN]}


def confirm(kept: Kept, *, now: datetime) -> None:
    """Count an entry as its mailbox's signature, once however often and by how many this is asked.

    Nothing changes when the mailbox's signature is counted already, with whichever entry. Raises
    SignatureGone, and PetitionNotOpen when the petition closed over 24 hours ago.
    """
    with transaction() as connection:
        _count(connection, kept, _for_confirming(connection, kept.signature_id), now)


def by_code(
    letter_id: int,
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
    code = codes.tidy(typed)
    with transaction() as connection:
        letter = connection.execute(
            select(_letter.c.signature_id, _letter.c.entry, _letter.c.mailbox_hash).where(
                _letter.c.id == letter_id
            )
        ).first()
        if letter is None or letter.signature_id is None:
            raise SignatureGone
        page = Kept(letter.signature_id, letter.entry)
        found = _for_confirming(connection, page.signature_id)
        # By the mailbox, so that no way around leads through another entry for it.
        tries = Use(f"code:{found.petition_id}", letter.mailbox_hash, TRIES_KEPT, now + TRIES_KEPT)
        if code and counters.is_within(connection, tries, limit=CODE_TRIES, now=now):
            mailed = codes.entry_of(connection, page.signature_id, code, keys, now - lifetime)
            kept = mailed and _if_the_same(connection, page, mailed)
        if kept is not None:
            _count(connection, kept, found, now)
    if kept is None:
        raise CodeWrong
    return kept.signature_id


def _if_the_same(connection: Connection, page: Kept, mailed: Kept) -> Kept | None:
    """Return the entry whose mail held a code, if it is the page's own or says the same: who
    presses "Sign" twice has two entries, and perhaps one mail.
    """
    if mailed == page:
        return mailed
    on_page, in_mail = entries.typed(connection, page), entries.typed(connection, mailed)
    if on_page is None or in_mail is None or entries.said(on_page) != entries.said(in_mail):
        return None
    return mailed


def _count(connection: Connection, kept: Kept, found: Row[Any], now: datetime) -> None:
    if found.confirmed_at is not None:
        return
    if found.state in {State.CLOSED, State.VICTORY} and now > found.closed_at + entries.GRACE:
        raise PetitionNotOpen(found.slug, found.state)
    if found.entry != kept.entry and not entries.let_stand(connection, kept):
        raise SignatureGone
    # The tally's row is locked from here to the commit: numbers follow each other with no gap
    # and no twin.
    number = connection.execute(
        _COUNT_ONE, {"petition": found.petition_id, "now": now}
    ).scalar_one()
    connection.execute(_NUMBER, {"signature": kept.signature_id, "number": number, "now": now})
    reader = posting.Reader(kept.signature_id, kept.entry, found.mailbox_hash)
    posting.post_to_signer(connection, LetterKind.THANKS, reader, now=now)


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
