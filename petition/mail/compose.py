"""Compose each email when it is sent: in the reader's language, with fresh links.

Emails contain nothing that signers typed: until it is confirmed, the address may be a stranger's.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from petition.core import tokens
from petition.core.errors import EmailNotFirst, EmailObsolete, EmailRefused, EmailWithheld
from petition.database.base import db
from petition.mail import download_notice, news, organiser_emails
from petition.mail.bounces import make_key
from petition.mail.context import (
    EmailContent,
    MailContext,
    SignatureContext,
    check_mailbox,
    check_question,
    get_signature_context,
)
from petition.mail.morning import morning
from petition.mail.smtp import OutgoingMessage, rename_mailbox
from petition.mail.status_codes import is_from_report
from petition.models import Email, Petition, PetitionText, Signature
from petition.models.enums import EmailKind, EmailState
from petition.outbox import suppression
from petition.petitions import queries, sharing
from petition.signatures import codes
from petition.signatures.identity import inbox_hashes, mailboxes_of, parse_address

_EMAIL = (
    select(Email).where(Email.id == bindparam("email")).execution_options(populate_existing=True)
)

CHANNELS_IN_EMAIL = ("wa", "tg", "fb")  # an email full of links looks like an advertisement


def compose(email_id: int, context: MailContext, *, now: datetime) -> OutgoingMessage:
    """Compose an email.

    Raises: SignatureGone or EmailObsolete if what it is about was erased or done since it was
    enqueued; EmailWithheld, EmailRefused, EmailDeferred, EmailNotFirst, EmailAwaitsAnswer.
    """
    email = db.session.scalar(_EMAIL, {"email": email_id})
    if email is None:
        raise EmailObsolete
    if email.suppressed and not (email.signature_id or email.organiser_id):
        raise EmailWithheld  # no recipient: enqueued so that response and timing reveal nothing
    content = _CONTENT[EmailKind(email.kind)](email, context, now)
    if content.mailbox_key:
        check_question(email, content, context, now)
        check_mailbox(email, content, context, now)
    if email.suppressed:
        _raise_previous_outcome(email)
    code = codes.make_code(email.id, context.tokens) if content.has_code else ""
    # The no-break space keeps the groups in order from right to left too (UAX #9: a separator).
    shown_code = f"{code[:3]}\N{NO-BREAK SPACE}{code[3:]}"
    values = {"site_url": context.site_url, "code": shown_code, **content.values}
    subject, text, html = context.render(content.template, content.language, values)
    return OutgoingMessage(
        key=make_key(email.id, context.tokens),
        sender=rename_mailbox(context.sender, content.sender_name),
        reply_to=content.reply_to,
        to=content.to,
        language=content.language,
        subject=" ".join(subject.split()),
        text=text.strip() + "\n",
        html=html,
        code_hash=codes.hash_code(email.id, code, context.tokens) if code else "",
        unsubscribe=content.unsubscribe,
        at_most_once=content.at_most_once,
    )


def _raise_previous_outcome(email: Email) -> None:
    """Raise what became of the signature's previous email: no page may show a suppression."""
    previous = db.session.execute(
        select(Email.state, Email.reason)
        .where(Email.signature_id == email.signature_id, Email.id < email.id)
        .where(Email.suppressed.is_(False), Email.mailing_id.is_(None))
        .order_by(Email.id.desc())
    ).first()
    state, reason = previous or (None, "")
    if state == EmailState.DUE:
        raise EmailNotFirst(reason)
    if state == EmailState.REFUSED and not is_from_report(reason):
        raise EmailRefused(reason)
    raise EmailWithheld  # one that bounced by report counts as sent


def confirm(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Ask to confirm a signature or, if it is confirmed, tell that somebody signed again.

    An invalidated one stays so: whoever signs again is told, and whom to ask.
    """
    about = get_signature_context(email, context, now)
    if not about.signature.confirmed:
        return _ask_to_confirm("confirm", about)
    if about.signature.invalidated:
        return about.content("not_counted", contact=about.petition.contact)
    return about.content(
        "already_signed", signed_on=about.signature.confirmed_at, link=about.petition_link
    )


def reminder(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Ask once more, a day later."""
    about = get_signature_context(email, context, now)
    if about.signature.confirmed:
        raise EmailObsolete
    return _ask_to_confirm("reminder", about)


def _ask_to_confirm(template: str, about: SignatureContext) -> EmailContent:
    context, entry = about.context, about.entry
    purpose = tokens.confirm_purpose(context.confirm_days)
    # The link works no longer than the entry is kept.
    purged_at = entry.signed_at + timedelta(days=context.purge_days)
    content = about.content(
        template,
        link=about.link("confirm", purpose, about.signature.id, entry.entry),
        days=max(1, min(context.confirm_days, (purged_at - about.now).days)),
        purge=context.purge_days,
    )
    return replace(content, has_code=True)


def thanks(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Thank for a confirmed signature, with links to share the petition."""
    about = get_signature_context(email, context, now, current=True)  # it may have been corrected
    if not about.signature.counted:
        raise EmailObsolete
    link = about.petition_link
    shares = [
        (sharing.NAMES[share.channel], share.url)
        for share in sharing.links(link, about.text.share)
        if share.channel in CHANNELS_IN_EMAIL
    ]
    return about.content("thanks", number=about.signature.number, link=link, share_links=shares)


def my_page(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Send the links to the own pages of all signatures of a mailbox."""
    about = get_signature_context(email, context, now, current=True)
    # Of two signatures that a changed rule made one mailbox's, the second kept its key.
    mailboxes = mailboxes_of(about.signature.address_key) | {about.signature.mailbox_key}
    rows = db.session.execute(_SIGNATURES, {"mailboxes": mailboxes})
    pages = [(title, about.link("my", tokens.SELF_SERVICE, key)) for key, title in rows]
    return about.content("my_page", pages=pages)


def withdrawn(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Tell that a signature is erased, and whether organisers had downloaded it before."""
    petition = db.session.get(Petition, email.petition_id or 0)
    if not email.address or petition is None:
        raise EmailObsolete
    hashes = inbox_hashes(parse_address(email.address, str).key, context.tokens)
    if suppression.find_reason((), hashes | {email.mailbox_hash}) is not None:
        raise EmailWithheld
    view = queries.get_petition(petition.slug, email.language, drafts=True)
    values = {
        "title": view.text.title,
        "organiser": view.text.organiser,
        "contact": view.contact,
        "list_downloaded": email.list_downloaded,
        "not_me": context.link("not-me", tokens.DISOWN, email.id, now=now),
    }
    # Where the signer was is erased.
    name = "" if view.regime_country else view.text.organiser
    return EmailContent(email.address, email.language, "withdrawn", values, name, view.contact)


_CONTENT: dict[EmailKind, Callable[[Email, MailContext, datetime], EmailContent]] = {
    EmailKind.CONFIRM: confirm,
    EmailKind.REMINDER: reminder,
    EmailKind.THANKS: thanks,
    EmailKind.MY_PAGE: my_page,
    EmailKind.WITHDRAWN: withdrawn,
    EmailKind.SIGN_IN: organiser_emails.sign_in,
    EmailKind.INVITATION: organiser_emails.invitation,
    EmailKind.DOWNLOAD: download_notice.download,
    EmailKind.NEW_BROWSER: organiser_emails.new_browser,
    EmailKind.ROLE: organiser_emails.role,
    EmailKind.REMOVED: organiser_emails.removed,
    EmailKind.MORNING: morning,
    EmailKind.NEWS: news.compose,
    EmailKind.NEWS_TEST: news.compose_test,
    EmailKind.NEW_TEXT: news.compose_question,
    EmailKind.NEW_TEXT_TEST: news.compose_question_test,
}
_SIGNATURES = (
    select(Signature.id, PetitionText.title)
    .join(PetitionText, Signature.signed_text())
    .where(Signature.mailbox_key.in_(bindparam("mailboxes", expanding=True)))
    .order_by(Signature.id.desc())
    .limit(50)
)
