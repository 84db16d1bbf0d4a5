"""Asking first: an address that looks mistyped is confirmed or corrected before it is mailed.

The email waits for the answer, two minutes at most.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from petition.abuse.email_domains import suggestion
from petition.core.errors import SignatureGone
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email
from petition.outbox import answers, enqueue
from petition.signatures import entries, removal
from petition.signatures.entries import EntryRef
from petition.signatures.identity import Address, parse_address

ASKED_FOR = timedelta(minutes=2)

_email = Email.table()


def asked_until(address: Address, now: datetime) -> datetime | None:
    """Return until when an email to an address waits for an answer, or None if it does not."""
    return now + ASKED_FOR if suggestion(address.email) else None


def is_unanswered(
    created_at: datetime, asked_until: datetime | None, sent_at: datetime | None
) -> bool:
    """Return whether the question was asked and neither the signer nor the DNS has answered it."""
    return asked_until == created_at + ASKED_FOR and not (sent_at and sent_at < asked_until)


def keep_address(email_id: int, *, now: datetime) -> int:
    """Answer that the address typed is right; return the id of the email about the entry.

    Idempotent; after a correction nothing is changed. Raises: SignatureGone.
    """
    with transaction() as connection:
        email = get_email(connection, email_id)
        if email.corrected_to is not None:
            return _follow(connection, email)
        if email.signature_id is None:
            raise SignatureGone
        answers.end_question(connection, _alike(email), now=now)
        return email_id


def find_suggestion(
    email_id: int, hash_mailbox: Callable[[str], str]
) -> tuple[int, Address | None]:
    """Return the last email of a page and the address suggested for it, None once corrected.

    Raises: SignatureGone.
    """
    with db.engine.connect() as connection:
        email = get_email(connection, email_id)
        if email.corrected_to is not None:
            return _follow(connection, email), None
        entry_ref = EntryRef(email.signature_id or 0, email.entry or 0)
        values = entries.get_fields(connection, entry_ref)
        if values is None:  # moved or erased since the first statement
            moved = get_email(connection, email_id)
            if moved.corrected_to is None:
                raise SignatureGone
            return _follow(connection, moved), None
    meant = suggestion(values["email"])
    return email_id, parse_address(meant, hash_mailbox) if meant else None


def find_correction(connection: Connection, email_id: int, address: Address) -> int | None:
    """Return the id of the last email, if an email's entry was moved to this address already.

    Raises: SignatureGone if it was moved to another one.
    """
    email = get_email(connection, email_id)
    if email.corrected_to is None:
        return None
    corrected = get_email(connection, email.corrected_to)
    if corrected.mailbox_hash != address.mailbox_hash:
        raise SignatureGone
    return _follow(connection, corrected)


def erase_mistyped(connection: Connection, email: Row[Any], *, now: datetime) -> Sequence[int]:
    """Erase the entry of an email, with those a double click made; return the ids of their emails.

    What was not sent of them is withheld.
    """
    of_signature = _email.c.signature_id == email.signature_id
    waiting = connection.scalars(
        select(_email.c.entry).where(of_signature, _email.c.asked_until > now, answers.IS_UNSENT)
    ).all()
    mistyped = entries.get_fields(connection, EntryRef(email.signature_id, email.entry))
    numbers = {email.entry}
    for number in waiting:
        values = entries.get_fields(connection, EntryRef(email.signature_id, number))
        if mistyped and values and entries.entry_content(values) == entries.entry_content(mistyped):
            numbers.add(number)
    ids = connection.scalars(select(_email.c.id).where(of_signature, _email.c.entry.in_(numbers)))
    replaced = ids.all()
    for number in sorted(numbers):
        enqueue.withhold_unsent(connection, email.signature_id, number)
        entry_ref = EntryRef(email.signature_id, number)
        removal.remove_entry(connection, entry_ref, now=now, counted=number == email.entry)
    return replaced


def get_email(connection: Connection, email_id: int) -> Row[Any]:
    """Return an email's row. Raises: SignatureGone when it is erased."""
    email = connection.execute(select(_email).where(_email.c.id == email_id)).first()
    if email is None:
        raise SignatureGone
    return email


def _follow(connection: Connection, email: Row[Any]) -> int:
    while email.corrected_to is not None:
        email = get_email(connection, email.corrected_to)
    return int(email.id)


def _alike(email: Row[Any]) -> ColumnElement[bool]:
    """Return the condition for an email and those a double click made: only one of them is sent."""
    start, end = email.created_at - enqueue.DOUBLE_CLICK, email.created_at + enqueue.DOUBLE_CLICK
    of_signature = _email.c.signature_id == email.signature_id
    return or_(_email.c.id == email.id, of_signature & _email.c.created_at.between(start, end))
