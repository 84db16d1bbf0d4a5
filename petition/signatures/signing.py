"""Signing: an entry and the letter about it, kept together; each use case safe to repeat."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from petition.abuse import bursts, rate_limits
from petition.abuse.email_domains import is_disposable
from petition.abuse.rate_limits import FormSender
from petition.core.errors import DisposableAddressRefused, SignatureGone, TooSoon
from petition.database.transactions import advisory_lock, transaction
from petition.models import Email, Petition, Signature
from petition.models.enums import EmailKind, EmailState
from petition.outbox import enqueue
from petition.outbox.enqueue import Hold
from petition.signatures import entries
from petition.signatures.entries import Entry, EntryContext, EntryRef
from petition.signatures.identity import Address

_email = Email.table()


def sign(
    petition_id: int,
    entry: Entry,
    address: Address,
    setting: EntryContext,
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
        advisory_lock(
            connection, address.mailbox_hash
        )  # so that no letter is counted by two at once
        rate_limits.hit(connection, sender.limits, now=now)
        hold = bursts.find_hold(connection, petition_id, address.domain, sender, now=now)
        kept = entries.insert_entry(connection, petition_id, entry, address, setting, now=now)
        return enqueue.email_signer(
            connection,
            EmailKind.CONFIRM,
            enqueue.Recipient(kept.signature_id, kept.entry, address.mailbox_hash),
            now=now,
            hold=hold,
        )


def resend(email_id: int, *, sender: FormSender, now: datetime) -> int:
    """Send the letter of a pending page once more and return the id of the new one.

    Raises TooSoon while this letter is less than two minutes old, TooMany, and SignatureGone. Over
    the limits of the mailbox, which others may have used up, the new letter is not mailed.
    """
    with transaction() as connection:
        reader, created_at, hold = _reader(connection, email_id)
        if now - created_at < enqueue.RESEND_AFTER:
            raise TooSoon(created_at + enqueue.RESEND_AFTER)
        advisory_lock(connection, reader.mailbox_hash)
        rate_limits.hit(connection, sender.limits, now=now)
        if not entries.lock_signature(connection, reader.signature_id or 0):
            raise SignatureGone
        return enqueue.email_signer(
            connection, EmailKind.CONFIRM, reader, now=now, again=True, hold=hold
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
        reader = enqueue.Recipient(signature_id, entry, mailbox_hash)
        advisory_lock(connection, reader.mailbox_hash)
        rate_limits.hit(connection, sender.limits, now=now)
        kept = entries.lock_signature(connection, signature_id)
        if not kept or entries.get_fields(connection, EntryRef(signature_id, entry)) is None:
            raise SignatureGone
        return enqueue.email_signer(connection, EmailKind.CONFIRM, reader, now=now, again=True)


def correct(email_id: int, address: Address, *, sender: FormSender, now: datetime) -> int:
    """Sign again with what was typed for a letter and another address; the mistyped entry is
    erased, and what was to be mailed about it is not. Returns the id of the new letter.

    Raises SignatureGone, also for an entry that is counted; TooMany, PetitionNotOpen, and
    AddressRefused for a throw-away address where the petition takes none.
    """
    with transaction() as connection:
        reader, _, hold = _reader(connection, email_id)
        advisory_lock(connection, reader.mailbox_hash, address.mailbox_hash)
        rate_limits.hit(connection, sender.limits, now=now)
        earlier = EntryRef(reader.signature_id or 0, reader.entry or 0)
        petition_id, written = _to_correct(connection, earlier, address)
        hold = hold or bursts.find_hold(connection, petition_id, address.domain, sender, now=now)
        kept = entries.insert_entry(
            connection,
            petition_id,
            Entry(**{name: written[name] for name in entries.FIELDS}),
            address,
            EntryContext(
                written["language"],
                written["channel"],
                written["text_language"],
                written["text_version"],
            ),
            now=now,
            made_at=written["signed_at"],
        )
        enqueue.withhold_unsent(connection, earlier.signature_id, earlier.entry)
        entries.remove_entry(connection, earlier, now=now)
        return enqueue.email_signer(
            connection,
            EmailKind.CONFIRM,
            enqueue.Recipient(kept.signature_id, kept.entry, address.mailbox_hash),
            now=now,
            # What was held stays held, whatever the address is now.
            hold=hold,
        )


def _to_correct(
    connection: Connection, earlier: EntryRef, address: Address
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
    written = entries.get_fields(connection, earlier)
    if row is None or written is None:
        raise SignatureGone
    if row.confirmed_at is not None and row.entry == earlier.entry:
        raise SignatureGone  # else each correction would be one more signature
    if row.refuses_disposable and is_disposable(address.domain):
        raise DisposableAddressRefused
    return row.petition_id, written


def _reader(
    connection: Connection, email_id: int
) -> tuple[enqueue.Recipient, datetime, Hold | None]:
    row = connection.execute(
        select(
            _email.c.signature_id,
            _email.c.entry,
            _email.c.mailbox_hash,
            _email.c.created_at,
            _email.c.burst_id,
            _email.c.state,
        ).where(_email.c.id == email_id)
    ).first()
    if row is None or row.signature_id is None:
        raise SignatureGone
    hold = Hold(row.burst_id) if row.state == EmailState.HELD else None
    return enqueue.Recipient(row.signature_id, row.entry, row.mailbox_hash), row.created_at, hold
