"""Signing: an entry and the letter about it, kept together; each use case safe to repeat."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from petition import bursts, entries, limits, posting
from petition.domains import is_disposable
from petition.entries import Entry, Kept, Setting
from petition.errors import AddressRefused, SignatureGone, TooSoon
from petition.extensions import queue_up, transaction
from petition.kinds import LetterKind, LetterState
from petition.limits import FormSender
from petition.models import Letter, Petition, Signature
from petition.posting import Hold
from petition.signers import Address

_letter = Letter.table()


def sign(
    petition_id: int,
    entry: Entry,
    address: Address,
    setting: Setting,
    *,
    sender: FormSender,
    now: datetime,
) -> int:
    """Keep an entry and the letter that asks the owner of the mailbox to confirm, together or not
    at all.

    The same mailbox again replaces nothing. Returns the id of the letter: it grows with every call
    alike, so it tells nothing about the address. Raises PetitionNotOpen; StepWanted and TooMany
    over the limits, which then count nothing.
    """
    with transaction() as connection:
        queue_up(connection, address.mailbox_hash)  # so that no letter is counted by two at once
        limits.hit(connection, sender.limits, now=now)
        hold = bursts.find_hold(connection, petition_id, address.domain, sender, now=now)
        kept = entries.keep(connection, petition_id, entry, address, setting, now=now)
        return posting.post_to_signer(
            connection,
            LetterKind.CONFIRM,
            posting.Reader(kept.signature_id, kept.entry, address.mailbox_hash),
            now=now,
            hold=hold,
        )


def resend(letter_id: int, *, sender: FormSender, now: datetime) -> int:
    """Send the letter of a pending page once more and return the id of the new one.

    Raises TooSoon while this letter is less than two minutes old, TooMany, and SignatureGone. Over
    the limits of the mailbox, which others may have used up, the new letter is not mailed.
    """
    with transaction() as connection:
        reader, created_at, hold = _reader(connection, letter_id)
        if now - created_at < posting.AGAIN_AFTER:
            raise TooSoon(created_at + posting.AGAIN_AFTER)
        queue_up(connection, reader.mailbox_hash)
        limits.hit(connection, sender.limits, now=now)
        if not entries.hold(connection, reader.signature_id or 0):
            raise SignatureGone
        return posting.post_to_signer(
            connection, LetterKind.CONFIRM, reader, now=now, again=True, hold=hold
        )


def renew(signature_id: int, entry: int, *, sender: FormSender, now: datetime) -> int:
    """Send a new link in place of an expired one and return the id of its letter. Raises
    SignatureGone and TooMany.
    """
    with transaction() as connection:
        mailbox_hash = connection.scalar(
            select(Signature.mailbox_hash).where(Signature.id == signature_id)
        )
        if mailbox_hash is None:
            raise SignatureGone
        reader = posting.Reader(signature_id, entry, mailbox_hash)
        queue_up(connection, reader.mailbox_hash)
        limits.hit(connection, sender.limits, now=now)
        kept = entries.hold(connection, signature_id)
        if not kept or entries.typed(connection, Kept(signature_id, entry)) is None:
            raise SignatureGone
        return posting.post_to_signer(connection, LetterKind.CONFIRM, reader, now=now, again=True)


def correct(letter_id: int, address: Address, *, sender: FormSender, now: datetime) -> int:
    """Sign again with what was typed for a letter and another address; the mistyped entry is
    erased, and what was to be mailed about it is not. Returns the id of the new letter.

    Raises SignatureGone, also for an entry that is counted; TooMany, PetitionNotOpen, and
    AddressRefused for a throw-away address where the petition takes none.
    """
    with transaction() as connection:
        reader, _, hold = _reader(connection, letter_id)
        queue_up(connection, reader.mailbox_hash, address.mailbox_hash)
        limits.hit(connection, sender.limits, now=now)
        earlier = Kept(reader.signature_id or 0, reader.entry or 0)
        petition_id, written = _to_correct(connection, earlier, address)
        hold = hold or bursts.find_hold(connection, petition_id, address.domain, sender, now=now)
        kept = entries.keep(
            connection,
            petition_id,
            Entry(**{name: written[name] for name in entries.TYPED}),
            address,
            Setting(
                written["language"],
                written["channel"],
                written["text_language"],
                written["text_version"],
            ),
            now=now,
            made_at=written["signed_at"],
        )
        posting.take_back(connection, earlier.signature_id, earlier.entry)
        entries.remove(connection, earlier, now=now)
        return posting.post_to_signer(
            connection,
            LetterKind.CONFIRM,
            posting.Reader(kept.signature_id, kept.entry, address.mailbox_hash),
            now=now,
            # What was held stays held, whatever the address is now.
            hold=hold,
        )


def _to_correct(
    connection: Connection, earlier: Kept, address: Address
) -> tuple[int, dict[str, Any]]:
    """Lock an entry that is to be corrected, and the signature of the new address if there is one,
    in the order that others lock them in; return its petition and what was typed. Raises
    SignatureGone and AddressRefused.
    """
    own = Signature.id == earlier.signature_id
    petition_id = select(Signature.petition_id).where(own).scalar_subquery()
    theirs = (Signature.mailbox_key == address.mailbox) & (Signature.petition_id == petition_id)
    both = select(Signature.id).where(own | theirs).order_by(Signature.id).with_for_update()
    connection.execute(both).all()
    row = connection.execute(
        select(
            Signature.petition_id,
            Signature.entry,
            Signature.confirmed_at,
            Petition.refuses_disposable,
        )
        .join(Petition, Petition.id == Signature.petition_id)
        .where(own)
    ).first()
    written = entries.typed(connection, earlier)
    if row is None or written is None:
        raise SignatureGone
    if row.confirmed_at is not None and row.entry == earlier.entry:
        raise SignatureGone  # else each correction would be one more signature
    if row.refuses_disposable and is_disposable(address.domain):
        raise AddressRefused
    return row.petition_id, written


def _reader(connection: Connection, letter_id: int) -> tuple[posting.Reader, datetime, Hold | None]:
    row = connection.execute(
        select(
            _letter.c.signature_id,
            _letter.c.entry,
            _letter.c.mailbox_hash,
            _letter.c.created_at,
            _letter.c.burst_id,
            _letter.c.state,
        ).where(_letter.c.id == letter_id)
    ).first()
    if row is None or row.signature_id is None:
        raise SignatureGone
    hold = Hold(row.burst_id) if row.state == LetterState.HELD else None
    return posting.Reader(row.signature_id, row.entry, row.mailbox_hash), row.created_at, hold
