"""How far the mail is that the page after signing is about. The page is the same for every address:
a letter that is held or not mailed, for whatever reason, looks like one that is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import literal_column, or_, select

from petition.core.errors import SignatureGone
from petition.database.base import db
from petition.models import Burst, Email, Petition, Signature
from petition.models.enums import EmailState
from petition.outbox import enqueue
from petition.signatures import entries
from petition.signatures.entries import EntryRef

USUAL_WAIT = timedelta(seconds=3)  # after which a mail has left


@dataclass(frozen=True, slots=True)
class EmailProgress:
    """What the page after signing may know: the petition, what was typed with this entry, and how
    far its own letter is. Nothing about other entries for the address.
    """

    slug: str
    language: str
    name: str
    email: str
    waiting: bool
    sent_at: datetime | None
    refused: str
    again_at: datetime


def get_progress(email_id: int, *, now: datetime) -> EmailProgress:
    """Return what the page of a letter shows. Raises SignatureGone."""
    row = db.session.execute(
        select(Email, Petition.slug)
        .join(Signature, Signature.id == Email.signature_id)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(Email.id == email_id)
    ).first()
    if row is None:
        raise SignatureGone
    letter, slug = row
    kept = EntryRef(letter.signature_id or 0, letter.entry or 1)
    written = entries.get_fields(db.session.connection(), kept)
    if written is None:
        raise SignatureGone
    sent_at = _sent_at(letter, now)
    return EmailProgress(
        name=written["name"],
        slug=slug,
        language=written["language"],
        email=written["email"],
        waiting=sent_at is None and letter.state in {EmailState.DUE, EmailState.HELD},
        sent_at=sent_at,
        refused=letter.reason if letter.state == EmailState.REFUSED else "",
        again_at=letter.created_at + enqueue.RESEND_AFTER,
    )


def _sent_at(letter: Email, now: datetime) -> datetime | None:
    """Return when a letter left or, of one in a burst, would have: what becomes of the burst later
    moves nothing that was shown.
    """
    refused = letter.state == EmailState.REFUSED
    tried_in_vain = letter.state == EmailState.DUE and letter.reason != ""
    if letter.burst_id is None or refused or tried_in_vain:
        return letter.sent_at
    moments = [moment for moment in (letter.sent_at, _as_if_sent(letter, now)) if moment]
    return min(moments, default=None)


def _as_if_sent(letter: Email, now: datetime) -> datetime | None:
    """Return when a letter would have left if nobody had held it: as the ones before it in the box
    did, and not while one of them is at its first try. What is tried again has its own reasons.
    """
    usual = letter.created_at + USUAL_WAIT
    before = (Email.id < letter.id) & (Email.attempts <= 1) & (Email.reason == "")
    is_due = Email.state == literal_column(f"'{EmailState.DUE}'")  # the index's own words
    first = select(Email.id).where(before, is_due, Email.burst_id.is_(None))
    if now < usual or db.session.scalar(first.limit(1)) is not None:
        return None
    left = (
        select(Email.sent_at)
        .outerjoin(Burst, Burst.id == Email.burst_id)
        .where(before, Email.state == EmailState.SENT)
        .where(or_(Email.burst_id.is_(None), Email.sent_at <= Burst.began_at))
        .order_by(Email.id.desc())
        .limit(1)
    )
    latest = db.session.scalar(left)
    return max(usual, latest) if latest is not None else usual
