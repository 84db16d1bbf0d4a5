"""Emails of mailings, to signers and, as a test, to an organiser.

News of a petition goes to who asked for it, the question about a new text to earlier signers.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from petition.core import tokens
from petition.core.errors import EmailObsolete, EmailWithheld, ItemNotFound, SignatureGone
from petition.database.base import db
from petition.mail.context import EmailContent, MailContext, get_signature_context
from petition.models import Email, Mailing, Organiser, Petition
from petition.organisers.news import reading, text_questions
from petition.organisers.news.reading import News, NewsState, NewsText
from petition.petitions import queries, updates
from petition.signatures.new_text import find_new_text


def compose(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Send an update, in the signer's language if it has that, with a link to unsubscribe.

    Raises: EmailWithheld if the signer is gone or wants no news, or the update is not public.
    """
    try:
        about = get_signature_context(email, context, now, current=True)
        news = reading.get_news(about.petition.id, email.update_id or 0, now=now)
    except (SignatureGone, ItemNotFound):
        raise EmailWithheld from None
    signature = about.signature
    is_wanted = signature.counted and signature.updates and signature.email
    if not is_wanted or news.state != NewsState.PUBLISHED:
        raise EmailWithheld
    unsubscribe = about.link("unsubscribe", tokens.UNSUBSCRIBE, signature.id)
    values = _values(about.petition, news, about.entry.language, context)
    content = about.content("news", **values, unsubscribe=unsubscribe)
    return replace(content, unsubscribe=unsubscribe, at_most_once=True)


def compose_test(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Send an update to an organiser, in the language of the email, as most readers will get it."""
    organiser, petition = _get_tester(email)
    try:
        news = reading.get_news(petition.id, email.update_id or 0, now=now)
    except ItemNotFound:
        raise EmailObsolete from None
    values = _values(petition, news, email.language, context)
    return _test(email, "news_test", organiser, petition, values)


def compose_question(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Ask an earlier signer whether the new text has their support, too.

    Raises: EmailWithheld if the signer is gone, agrees already or wants no question, or if the
    text has changed again since the mailing was started.
    """
    try:
        about = get_signature_context(email, context, now, current=True)
    except SignatureGone:
        raise EmailWithheld from None
    signature, mailing = about.signature, db.session.get(Mailing, email.mailing_id or 0)
    new = find_new_text(signature)
    if mailing is None or new is None or signature.refuses_questions or not signature.email:
        raise EmailWithheld
    asked = text_questions.split(mailing.versions or "").get(signature.text_language)
    if asked != new.text.version:
        raise EmailWithheld
    unsubscribe = about.link("unsubscribe", tokens.UNSUBSCRIBE, signature.id)
    content = about.content("new_text", text=new.text, unsubscribe=unsubscribe)
    return replace(content, unsubscribe=unsubscribe, at_most_once=True)


def compose_question_test(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Send the question to an organiser, about the text in the language of the email.

    Its link leads to the page of what has changed.
    """
    organiser, petition = _get_tester(email)
    text = queries.get_petition(petition.slug, email.language, drafts=True).text
    values = {"text": text, "my_page": f"{context.site_url}/p/{petition.slug}/versions"}
    return _test(email, "new_text_test", organiser, petition, values)


def _get_tester(email: Email) -> tuple[Organiser, Petition]:
    """Return who gets a test, and about which petition. Raises: EmailObsolete."""
    organiser = db.session.get(Organiser, email.organiser_id, populate_existing=True)
    petition = db.session.get(Petition, email.petition_id or 0)
    if organiser is None or petition is None:
        raise EmailObsolete
    return organiser, petition


def _test(
    email: Email, template: str, organiser: Organiser, petition: Petition, values: dict[str, Any]
) -> EmailContent:
    text = queries.get_petition(petition.slug, email.language, drafts=True).text
    common = {
        "title": text.title,
        "organiser": text.organiser,
        "at_risk": False,
        "unsubscribe": "",
        "my_page": "",
    }
    return EmailContent(
        organiser.email,
        email.language,
        template,
        common | values,
        sender_name=text.organiser,
        contact=petition.contact,
    )


def _values(petition: Petition, news: News, language: str, context: MailContext) -> dict[str, Any]:
    """Return what the templates show of an update, with the addresses of its pictures."""
    text = _pick(news, language)
    page = f"{context.site_url}/p/{petition.slug}"
    pictures = updates.list_pictures(petition.id) if "![" in text.body else {}
    return {
        "news": text,
        "link": f"{page}/updates/{news.id}",
        "pictures": {
            name: f"{page}/pictures/{picture.digest}.webp" for name, picture in pictures.items()
        },
    }


def _pick(news: News, language: str) -> NewsText:
    return next((text for text in news.texts if text.language == language), news.texts[0])
