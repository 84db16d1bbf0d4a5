"""Sign and confirm by the rules alone, without a page; read what is stored."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from flask import Flask
from sqlalchemy import func, select

from petition.abuse.rate_limits import FormSender
from petition.database.base import db
from petition.models import Email, Signature, SignatureSum, Tally
from petition.models.enums import CommentState
from petition.organisers import moderation
from petition.petitions import signing_terms
from petition.signatures import confirmation, signing
from petition.signatures.entries import Entry, EntryContext, EntryRef
from tests.factories import TODAY, parse_address

ENTRY = Entry(
    name="Anna Berg",
    country="SE",
    postcode="",
    organisation="",
    role="",
    comment="",
    display="hidden",
    handover=False,
    updates=False,
)


def sign(
    email: str = "anna@example.org",
    slug: str = "free-them",
    *,
    language: str = "en",
    entry: Entry = ENTRY,
    at: datetime = TODAY,
    sender: FormSender = FormSender(),  # noqa: B008 (frozen)
) -> int:
    """Sign and return the id of the email."""
    signable = signing_terms.get_signing_terms(slug, language)
    return signing.sign(
        signable.id,
        entry,
        parse_address(email),
        EntryContext(language, "", signable.text_language, signable.text_version),
        sender=sender,
        now=at,
    )


def confirm(signature_id: int, entry: int = 1, *, at: datetime = TODAY) -> None:
    """Confirm an entry of a signature."""
    confirmation.confirm(EntryRef(signature_id, entry), now=at)


def signature_of(email_id: int) -> Signature:
    """Return the signature that an email is about, as it is stored now."""
    db.session.rollback()
    signature = db.session.scalar(
        select(Signature)
        .join(Email, Email.signature_id == Signature.id)
        .where(Email.id == email_id)
        .execution_options(populate_existing=True)
    )
    assert signature is not None
    return signature


def counted() -> int:
    """Return the stored count, after checking that it matches the rows."""
    db.session.rollback()
    count = db.session.scalar(select(Tally.counted))
    assert count == db.session.scalar(select(func.count()).where(Signature.counted))
    return int(count or 0)


def stored_sums() -> Counter[tuple[int, str, str]]:
    """Return the sums of signatures as they are stored."""
    db.session.rollback()
    table = SignatureSum.table()
    rows = db.session.execute(select(table)).all()
    return Counter({(row.petition_id, row.kind, row.key): row.confirmed for row in rows})


def recounted_sums() -> Counter[tuple[int, str, str]]:
    """Return what the sums should be, from the signatures."""
    sums: Counter[tuple[int, str, str]] = Counter()
    for one in db.session.scalars(select(Signature).where(Signature.counted)):
        assert one.confirmed_at is not None
        sums[one.petition_id, "country", one.country] += 1
        sums[one.petition_id, "day", f"{one.confirmed_at:%Y-%m-%d}"] += 1
        sums[one.petition_id, "hour", f"{one.confirmed_at:%Y-%m-%d %H}"] += 1
        sums[one.petition_id, "language", one.language] += 1
        version = one.confirmed_version or one.text_version
        sums[one.petition_id, "text", f"{one.text_language}-{version}"] += 1
        if one.channel:
            sums[one.petition_id, "channel", one.channel] += 1
        if one.organisation:
            sums[one.petition_id, "organisation", one.organisation.casefold()] += 1
        if one.disposable:
            sums[one.petition_id, "disposable", "yes"] += 1
    for one in db.session.scalars(select(Signature).where(Signature.invalidation_id.is_not(None))):
        sums[one.petition_id, "invalidated", str(one.invalidated_reason)] += 1
    return sums


def in_threads(app: Flask, jobs: int, do: Callable[[int], object]) -> list[object]:
    """Run `do(number)` for each number below `jobs`, each in its own thread and session."""

    def one(number: int) -> object:
        with app.app_context():
            try:
                return do(number)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        return list(pool.map(one, range(jobs)))


def show_comment(petition_id: int, signature_id: int, comment: str, *, at: datetime = TODAY) -> int:
    """Show a comment as it was read; return 0 if it has changed since."""
    read = {signature_id: moderation.hash_comment(Signature(comment=comment))}
    return moderation.decide_comments(petition_id, read, CommentState.SHOWN, now=at)
