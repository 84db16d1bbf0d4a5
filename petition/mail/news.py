"""Emails with news of a petition, to signers who asked for it and, as a test, to an organiser."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from petition.core import tokens
from petition.core.errors import EmailObsolete, EmailWithheld, ItemNotFound, SignatureGone
from petition.database.base import db
from petition.mail.context import EmailContent, MailContext, get_signature_context
from petition.models import Email, Organiser, Petition
from petition.organisers.news import reading
from petition.organisers.news.reading import News, NewsState, NewsText
from petition.petitions import queries, updates


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
    organiser = db.session.get(Organiser, email.organiser_id, populate_existing=True)
    petition = db.session.get(Petition, email.petition_id or 0)
    if organiser is None or petition is None:
        raise EmailObsolete
    try:
        news = reading.get_news(petition.id, email.update_id or 0, now=now)
    except ItemNotFound:
        raise EmailObsolete from None
    text = queries.get_petition(petition.slug, email.language, drafts=True).text
    values = _values(petition, news, email.language, context) | {
        "title": text.title,
        "organiser": text.organiser,
        "at_risk": False,
        "unsubscribe": "",
        "my_page": "",
    }
    return EmailContent(
        organiser.email,
        email.language,
        "news_test",
        values,
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
