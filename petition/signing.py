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
from petition.limits import Sender
from petition.models import Letter, Petition, Signature
from petition.posting import InBurst, Mark
from petition.signers import Address

_letter = Letter.table()


def sign(
    petition_id: int,
    entry: Entry,
    address: Address,
    setting: Setting,
    *,
    mark: Mark,
    sender: Sender,
    now: datetime,
) -> int:
    """Keep an entry and the letter that asks the owner of the mailbox to confirm, together or not
    at all.

    The same mailbox again replaces nothing. Returns the id of the letter: it grows with every call
    alike, so it tells nothing about the address. Raises PetitionNotOpen; StepWanted and TooMany
    over the limits, which then count nothing.
    """
    mailbox = mark(address.mailbox)
    with transaction() as connection:
        queue_up(connection, mailbox)  # so that no letter is counted by two at once
        limits.spend(connection, sender.spendings, now=now)
        held_by = bursts.holding(connection, petition_id, address, sender, now=now)
        kept = entries.keep(connection, petition_id, entry, address, setting, now=now)
        return posting.post_to_signer(
            connection,
            LetterKind.CONFIRM,
            posting.Reader(kept.signature_id, kept.entry, mailbox),
            now=now,
            burst=bursts.part_of(held_by, kept, sender),
        )


def resend(letter_id: int, *, sender: Sender, now: datetime) -> int:
    """Send the letter of a pending page once more and return the id of the new one.

    Raises TooSoon while this letter is less than two minutes old, TooMany, and SignatureGone. Over
    the limits of the mailbox, which others may have used up, the new letter is not mailed.
    """
    with transaction() as connection:
        reader, created_at, burst = _reader(connection, letter_id)
        if now - created_at < posting.AGAIN_AFTER:
            raise TooSoon(created_at + posting.AGAIN_AFTER)
        queue_up(connection, reader.mailbox)
        limits.spend(connection, sender.spendings, now=now)
        if not entries.hold(connection, reader.signature_id or 0):
            raise SignatureGone
        return posting.post_to_signer(
            connection, LetterKind.CONFIRM, reader, now=now, again=True, burst=burst
        )


def renew(signature_id: int, entry: int, *, mark: Mark, sender: Sender, now: datetime) -> int:
    """Send a new link in place of an expired one and return the id of its letter. Raises
    SignatureGone and TooMany.
    """
    with transaction() as connection:
        mailbox_key = connection.scalar(
            select(Signature.mailbox_key).where(Signature.id == signature_id)
        )
        if mailbox_key is None:
            raise SignatureGone
        reader = posting.Reader(signature_id, entry, mark(mailbox_key))
        queue_up(connection, reader.mailbox)
        limits.spend(connection, sender.spendings, now=now)
        kept = entries.hold(connection, signature_id)
        if not kept or entries.typed(connection, Kept(signature_id, entry)) is None:
            raise SignatureGone
        return posting.post_to_signer(connection, LetterKind.CONFIRM, reader, now=now, again=True)


def correct(letter_id: int, address: Address, *, mark: Mark, sender: Sender, now: datetime) -> int:
    """Sign again with what was typed for a letter and another address; the mistyped entry is
    erased, and what was to be mailed about it is not. Returns the id of the new letter.

    Raises SignatureGone, also for an entry that is counted; TooMany, PetitionNotOpen, and
    AddressRefused for a throw-away address where the petition takes none.
    """
    mailbox = mark(address.mailbox)
    with transaction() as connection:
        reader, _, burst = _reader(connection, letter_id)
        queue_up(connection, reader.mailbox, mailbox)
        limits.spend(connection, sender.spendings, now=now)
        earlier = Kept(reader.signature_id or 0, reader.entry or 0)
        petition_id, written = _to_correct(connection, earlier, address)
        held_by = bursts.holding(connection, petition_id, address, sender, now=now)
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
            posting.Reader(kept.signature_id, kept.entry, mailbox),
            now=now,
            # What was held stays held, whatever the address is now.
            burst=burst or bursts.part_of(held_by, kept, sender),
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


def _reader(
    connection: Connection, letter_id: int
) -> tuple[posting.Reader, datetime, InBurst | None]:
    row = connection.execute(
        select(
            _letter.c.signature_id,
            _letter.c.entry,
            _letter.c.mailbox,
            _letter.c.created_at,
            _letter.c.burst_id,
            _letter.c.state,
        ).where(_letter.c.id == letter_id)
    ).first()
    if row is None or row.signature_id is None:
        raise SignatureGone
    burst = InBurst(row.burst_id, True) if row.state == LetterState.HELD else None
    return posting.Reader(row.signature_id, row.entry, row.mailbox), row.created_at, burst
