"""What each mail says and to whom, composed as it leaves: in the reader's language, with a fresh
link.

Nothing that somebody typed stands in a mail: until it is confirmed, the address is not proven to be
theirs.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from petition.core import tokens
from petition.core.errors import EmailDeferred, EmailRefused, EmailWithheld
from petition.database.base import db
from petition.mail.context import (
    EmailContent,
    MailContext,
    check_mailbox,
    get_signature_context,
    message_key,
)
from petition.mail.smtp import ComposedEmail, came_later
from petition.models import Email, Organiser, Petition, PetitionText, Signature
from petition.models.enums import EmailKind, EmailState
from petition.outbox import suppression
from petition.petitions import sharing
from petition.signatures import codes

SHARED_BY_MAIL = ("wa", "tg", "fb")  # few links: a mail full of them looks like an advertisement


def compose(email_id: int, stationery: MailContext, *, now: datetime) -> ComposedEmail | None:
    """Compose a letter, or return None when its reader is gone (withdrawn, removed) since it was
    put in.

    Raises Withheld for one that must not be mailed, Undeliverable when it could not arrive.
    """
    letter = db.session.get(Email, email_id, populate_existing=True)
    if letter is None:
        return None
    if letter.suppressed and not (letter.signature_id or letter.organiser_id):
        raise EmailWithheld  # to nobody: it went in so that nobody could tell
    words = _WRITE[EmailKind(letter.kind)](letter, stationery, now)
    if words is None:
        return None
    if words.mailbox_key:
        check_mailbox(letter, words, stationery, now)
    if letter.suppressed:
        _go_as_the_other(letter)
    code = codes.make_code(letter.id, stationery.tokens) if words.has_code else ""
    values = {"site_url": stationery.site_url, "code": code, **words.values}
    subject, text, html = stationery.render(words.template, words.language, values)
    return ComposedEmail(
        key=message_key(letter.id, stationery.tokens),
        to=words.to,
        language=words.language,
        subject=" ".join(subject.split()),
        text=text.strip() + "\n",
        html=html,
    )


def _go_as_the_other(letter: Email) -> None:
    """Let a letter that is not mailed share the fate of the one before it about the same signature,
    or its page would tell that there is one. One that came back by a report had left, as this one
    would. Raises Withheld, Deferred or Undeliverable.
    """
    other = db.session.execute(
        select(Email.state, Email.reason)
        .where(Email.signature_id == letter.signature_id, Email.id < letter.id)
        .where(Email.suppressed.is_(False))
        .order_by(Email.id.desc())
    ).first()
    if other is not None and other.state == EmailState.DUE:
        raise EmailDeferred("another letter to this mailbox goes first")
    if other is not None and other.state == EmailState.REFUSED and not came_later(other.reason):
        raise EmailRefused(other.reason)
    raise EmailWithheld


def confirm(letter: Email, stationery: MailContext, now: datetime) -> EmailContent | None:
    """Ask the owner of the mailbox to confirm; nothing is counted unless they do. When they have,
    tell them, since somebody signed with their address again.
    """
    return _to_confirm("confirm", letter, stationery, now)


def reminder(letter: Email, stationery: MailContext, now: datetime) -> EmailContent | None:
    """Ask once more, a day later."""
    found = get_signature_context(letter)
    if found is None or found.signature.counted:
        return None
    return _to_confirm("reminder", letter, stationery, now)


def _to_confirm(
    template: str, letter: Email, stationery: MailContext, now: datetime
) -> EmailContent | None:
    found = get_signature_context(letter)
    if found is None:
        return None
    if found.signature.counted:
        return found.words(
            "already_signed",
            stationery,
            now,
            signed_on=found.signature.confirmed_at,
            link=f"{stationery.site_url}/p/{found.petition.slug}",
        )
    purpose = tokens.confirm_purpose(stationery.confirm_days)
    ids = found.kept.signature_id, found.kept.entry
    # Asked for late, it can work no longer than the entry is kept.
    purged_at = found.entry.signed_at + timedelta(days=stationery.purge_days)
    words = found.words(
        template,
        stationery,
        now,
        link=stationery.link("confirm", purpose, *ids, now=now),
        days=max(1, min(stationery.confirm_days, (purged_at - now).days)),
        purge=stationery.purge_days,
    )
    return replace(words, has_code=True)


def thanks(letter: Email, stationery: MailContext, now: datetime) -> EmailContent | None:
    """Thank who has confirmed, with the link to pass on and the one to their own page."""
    found = get_signature_context(letter, standing=True)  # it may have been corrected meanwhile
    if found is None or not found.signature.counted:
        return None
    link = f"{stationery.site_url}/p/{found.petition.slug}"
    return found.words(
        "thanks",
        stationery,
        now,
        number=found.signature.number,
        link=link,
        share_links=[
            (sharing.NAMES[way.channel], way.url)
            for way in sharing.links(link, found.text.share)
            if way.channel in SHARED_BY_MAIL
        ],
    )


def my_page(letter: Email, stationery: MailContext, now: datetime) -> EmailContent | None:
    """Give a signer the links to what is kept of their signatures, each with its petition."""
    found = get_signature_context(letter, standing=True)
    if found is None:
        return None
    theirs = db.session.execute(_OF_MAILBOX, {"mailbox": found.signature.mailbox_key})
    pages = [
        (title, stationery.link("my", tokens.SELF_SERVICE, signature_id, now=now))
        for signature_id, title in theirs
    ]
    return found.words("my_page", stationery, now, pages=pages)


def withdrawn(letter: Email, stationery: MailContext, now: datetime) -> EmailContent | None:
    """Say that a signature is erased, and which copy of it cannot be called back."""
    row = db.session.execute(_FAREWELL, {"petition": letter.petition_id}).all()
    texts = {text.language: (petition, text) for petition, text in row}
    if not letter.address or not texts:
        return None
    if suppression.find_reason((), (letter.mailbox_hash,)) is not None:
        raise EmailWithheld
    petition, text = texts.get(letter.language) or texts[row[0].Petition.source_language]
    return EmailContent(
        letter.address,
        letter.language,
        "withdrawn",
        {
            "title": text.title,
            "organiser": text.organiser,
            "contact": petition.contact,
            "copied": letter.list_downloaded,
            "not_me": stationery.link("not-me", tokens.DISOWN, letter.id, now=now),
        },
    )


def sign_in(letter: Email, stationery: MailContext, now: datetime) -> EmailContent | None:
    """Give an organiser the link that signs them in, once."""
    organiser = db.session.get(Organiser, letter.organiser_id, populate_existing=True)
    if organiser is None:
        return None
    ids = organiser.id, organiser.sign_in_serial
    return EmailContent(
        organiser.email,
        organiser.language,
        "sign_in",
        {
            "link": stationery.link("organisers/enter", tokens.SIGN_IN, *ids, now=now),
            "minutes": int(tokens.SIGN_IN.lifetime.total_seconds() // 60),
        },
    )


_WRITE: dict[EmailKind, Callable[[Email, MailContext, datetime], EmailContent | None]] = {
    EmailKind.CONFIRM: confirm,
    EmailKind.REMINDER: reminder,
    EmailKind.THANKS: thanks,
    EmailKind.MY_PAGE: my_page,
    EmailKind.WITHDRAWN: withdrawn,
    EmailKind.SIGN_IN: sign_in,
}


_OF_MAILBOX = (
    select(Signature.id, PetitionText.title)
    .join(PetitionText, Signature.stands_under(PetitionText))
    .where(Signature.mailbox_key == bindparam("mailbox"))
    .order_by(Signature.id.desc())
    .limit(50)
)
_FAREWELL = (
    select(Petition, PetitionText)
    .join(PetitionText, PetitionText.petition_id == Petition.id)
    .where(Petition.id == bindparam("petition"))
    .order_by(PetitionText.version)
)
