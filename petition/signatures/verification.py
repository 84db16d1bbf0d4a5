"""Verifying an address after signing: a new email, another address."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from petition.abuse import bursts, rate_limits
from petition.abuse.email_domains import is_disposable
from petition.abuse.rate_limits import FormSender
from petition.core.errors import DisposableAddressRefused, EntryMoved, SignatureGone, TooSoon
from petition.database.transactions import advisory_lock, transaction
from petition.models import Petition, Signature
from petition.models.enums import EmailKind, EmailState
from petition.outbox import answers, enqueue
from petition.outbox.enqueue import Hold
from petition.signatures import address_question, entries
from petition.signatures.entries import Entry, EntryContext, EntryRef
from petition.signatures.identity import Address

_signature = Signature.table()


def resend(email_id: int, *, sender: FormSender, now: datetime) -> int:
    """Enqueue an email once more; return the id of the new one.

    Over the mailbox's limits, which others may have used up, the new one is suppressed.
    Raises: TooSoon in the first two minutes, RateLimited, SignatureGone.
    """
    with transaction() as connection:
        email, hold = _get_email(connection, email_id)
        again_at = email.created_at + enqueue.RESEND_AFTER
        if now < again_at:
            raise TooSoon(again_at)
        entry_ref = EntryRef(email.signature_id, email.entry)
        return _enqueue_again(connection, entry_ref, email.mailbox_hash, sender, now, hold)


def renew(entry_ref: EntryRef, *, link_made_at: datetime, sender: FormSender, now: datetime) -> int:
    """Enqueue an email with a new link; return its id. Raises: SignatureGone, RateLimited.

    Whoever has the old link reads the mailbox: others may have used up its emails.
    """
    with transaction() as connection:
        mailbox_hash = connection.scalar(
            select(Signature.mailbox_hash).where(Signature.id == entry_ref.signature_id)
        )
        advisory_lock(connection, mailbox_hash or "")
        answers.accept_more(connection, mailbox_hash or "", link_made_at=link_made_at)
        return _enqueue_again(connection, entry_ref, mailbox_hash or "", sender, now)


def _enqueue_again(
    connection: Connection,
    entry_ref: EntryRef,
    mailbox_hash: str,
    sender: FormSender,
    now: datetime,
    hold: Hold | None = None,
) -> int:
    advisory_lock(connection, mailbox_hash)
    rate_limits.hit(connection, sender.limits, now=now)
    row = select(_signature.c.id).where(_signature.c.id == entry_ref.signature_id)
    connection.execute(row.with_for_update(read=True, key_share=True))  # against erasure
    if entries.get_fields(connection, entry_ref) is None:
        raise SignatureGone
    return enqueue.email_signer(
        connection, EmailKind.CONFIRM, *entry_ref, mailbox_hash, now=now, again=True, hold=hold
    )


def correct_address(email_id: int, address: Address, *, sender: FormSender, now: datetime) -> int:
    """Move the entry of an email to another address; return the id of the new email.

    The mistyped entry is erased, and its unsent emails are withheld. Idempotent.
    Raises: SignatureGone, also for a counted entry; RateLimited; PetitionNotOpen;
    DisposableAddressRefused where the petition accepts none.
    """
    with transaction() as connection:
        email = address_question.get_email(connection, email_id)
        advisory_lock(connection, email.mailbox_hash, address.mailbox_hash)
        corrected_to = address_question.find_correction(connection, email_id, address)
        if corrected_to is not None:
            return corrected_to
        email, hold = _get_email(connection, email_id)
        rate_limits.hit(connection, sender.limits, now=now)
        mistyped = EntryRef(email.signature_id, email.entry or 0)
        petition_id, values = _lock_mistyped(connection, mistyped, address)
        # A held email stays held, whatever the new address is.
        hold = hold or bursts.find_hold(connection, petition_id, address.domain, sender, now=now)
        corrected = entries.insert_entry(
            connection,
            petition_id,
            Entry(**{name: values[name] for name in entries.FIELDS}),
            address,
            EntryContext(**{name: values[name] for name in EntryContext.__annotations__}),
            now=now,
            made_at=values["signed_at"],
        )
        replaced = address_question.erase_mistyped(connection, email, now=now)
        # Who types the same address again says that it is right.
        is_right = address.key == values["address_key"]
        asked_until = None if is_right else address_question.asked_until(address, now)
        new_id = enqueue.email_signer(
            connection,
            EmailKind.CONFIRM,
            *corrected,
            address.mailbox_hash,
            now=now,
            hold=hold,
            asked_until=asked_until,
        )
        answers.store_correction(connection, replaced, new_id)
        return new_id


def use_suggestion(
    email_id: int, hash_mailbox: Callable[[str], str], *, sender: FormSender, now: datetime
) -> int:
    """Answer that the suggested address is meant; return the id of the email to it.

    Idempotent. Raises as `correct_address` does.
    """
    email_id, address = address_question.find_suggestion(email_id, hash_mailbox)
    if address is None:
        return email_id
    return correct_address(email_id, address, sender=sender, now=now)


def _lock_mistyped(
    connection: Connection, mistyped: EntryRef, address: Address
) -> tuple[int, dict[str, Any]]:
    """Lock the signatures of both addresses by ascending id; return the petition and the values."""
    old = Signature.id == mistyped.signature_id
    petition_id = select(Signature.petition_id).where(old).scalar_subquery()
    new = (Signature.mailbox_key == address.mailbox) & (Signature.petition_id == petition_id)
    rows = connection.execute(
        select(_signature, Petition.refuses_disposable)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(old | new)
        .order_by(Signature.id)
        .with_for_update(of=_signature)
    ).all()
    row = next((row for row in rows if row.id == mistyped.signature_id), None)
    values = entries.get_fields(connection, mistyped)
    if row is None or values is None:
        raise SignatureGone
    if row.confirmed_at is not None and row.entry == mistyped.entry:
        raise SignatureGone  # otherwise each correction would add a signature
    if row.refuses_disposable and is_disposable(address.domain):
        raise DisposableAddressRefused
    return row.petition_id, values


def _get_email(connection: Connection, email_id: int) -> tuple[Any, Hold | None]:
    """Return an email's row, and its hold in a burst. Raises: SignatureGone; EntryMoved."""
    email = address_question.get_email(connection, email_id)
    if email.corrected_to is not None:
        raise EntryMoved(email.corrected_to)
    if email.signature_id is None:
        raise SignatureGone
    return email, Hold(email.burst_id) if email.state == EmailState.HELD else None
