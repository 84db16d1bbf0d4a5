"""How far the email about an entry is, for the page after signing.

The same for every address: a held or suppressed email looks like one that was sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import false, func, literal_column, or_, select

from petition.abuse.email_domains import suggestion
from petition.core.errors import EntryMoved, SignatureGone
from petition.database.base import db
from petition.models import Burst, Email, EntryFields
from petition.models.enums import EmailState
from petition.outbox import enqueue
from petition.signatures import address_question, entries

USUAL_DELAY = timedelta(seconds=3)  # until an email is sent


@dataclass(frozen=True, slots=True)
class EmailProgress:
    """How far an email is. It says nothing about other entries for the address.

    It waits to be sent, if `waiting`, since `since`. `refused` and `deferred` are the server's
    codes, or "". `again_at` is when the email may be resent. `asked_until` is set while the signer
    is asked whether another address is meant.
    """

    waiting: bool
    since: datetime
    sent_at: datetime | None
    refused: str
    deferred: str
    again_at: datetime
    asked_until: datetime | None


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """What the page after signing shows: the petition, the entry, and how far its email is.

    `suggestion` is the address that may be meant, or "" once that is settled.
    """

    slug: str
    entry: EntryFields
    email: EmailProgress
    suggestion: str


def get_progress(email_id: int, *, now: datetime) -> EmailProgress:
    """Return the progress of an email. Raises: SignatureGone; EntryMoved."""
    return _progress_of(_get_email(email_id), now)


def get_pending_entry(email_id: int, *, now: datetime) -> PendingEntry:
    """Return the entry of an email, and its progress. Raises: SignatureGone; EntryMoved."""
    email = _get_email(email_id)
    try:
        _, petition, _, entry = entries.get_entry(email.signature_id, email.entry or 1)
    except SignatureGone:
        db.session.expire(email)
        _get_email(email_id)  # moved since the first statement
        raise
    progress = _progress_of(email, now)
    doubted = email.state == EmailState.REFUSED or address_question.is_unanswered(
        email.created_at, email.asked_until, progress.sent_at
    )
    meant = suggestion(entry.email) if doubted else None
    return PendingEntry(petition.slug, entry, progress, meant or "")


def _get_email(email_id: int) -> Email:
    email = db.session.get(Email, email_id)
    if email is None:
        raise SignatureGone
    if email.corrected_to is not None:
        raise EntryMoved(email.corrected_to)
    if email.signature_id is None:
        raise SignatureGone
    return email


def _progress_of(email: Email, now: datetime) -> EmailProgress:
    sent_at = _displayed_sent_at(email, now)
    waiting = sent_at is None and email.state != EmailState.REFUSED
    is_asked = waiting and email.asked_until is not None and now < email.asked_until
    return EmailProgress(
        waiting=waiting,
        since=email.asked_until or email.created_at,
        sent_at=sent_at,
        refused=email.reason if email.state == EmailState.REFUSED else "",
        deferred=email.reason if email.state == EmailState.DUE else "",
        again_at=email.created_at + enqueue.RESEND_AFTER,
        asked_until=email.asked_until if is_asked else None,
    )


def _displayed_sent_at(email: Email, now: datetime) -> datetime | None:
    """Return when an email was sent or, in a burst, would have been: a decision changes no page.

    Not before the usual delay: a withheld one is settled at once, and others when the server
    answers. Whoever asks again and again would learn that an address takes no emails from us.
    """
    was_refused = email.state == EmailState.REFUSED
    was_deferred = email.state == EmailState.DUE and email.reason != ""
    if was_refused or was_deferred:
        return email.sent_at
    if email.burst_id is None:
        return _not_before_usual(email, email.sent_at, now)
    times = [time for time in (email.sent_at, _expected_sent_at(email, now)) if time]
    return _not_before_usual(email, min(times, default=None), now)


def _not_before_usual(email: Email, sent_at: datetime | None, now: datetime) -> datetime | None:
    if sent_at is None:
        return None
    due_at = email.created_at
    if email.asked_until is not None and email.asked_until <= sent_at:
        due_at = email.asked_until
    shown_at = max(sent_at, due_at + USUAL_DELAY)
    return shown_at if shown_at <= now else None


def _expected_sent_at(email: Email, now: datetime) -> datetime | None:
    """Return when an email would have been sent without a hold, or None if it would be waiting.

    Earlier emails go first, except deferred ones.
    """
    usual = (email.asked_until or email.created_at) + USUAL_DELAY
    is_earlier = (Email.id < email.id) & (Email.attempts <= 1) & (Email.reason == "")
    is_due = Email.state == literal_column(f"'{EmailState.DUE}'")  # as the partial index has it
    is_asked = func.coalesce(Email.asked_until > now, false())
    queued = select(Email.id).where(is_earlier, is_due, Email.burst_id.is_(None), ~is_asked)
    if now < usual or db.session.scalar(queued.limit(1)) is not None:
        return None
    latest = db.session.scalar(
        select(Email.sent_at)
        .outerjoin(Burst, Burst.id == Email.burst_id)
        .where(is_earlier, Email.state == EmailState.SENT, Email.asked_until.is_(None))
        .where(or_(Email.burst_id.is_(None), Email.sent_at <= Burst.began_at))
        .order_by(Email.id.desc())
        .limit(1)
    )
    return max(usual, latest) if latest is not None else usual
