"""Emails to organisers: `compose` calls these as it does those to signers."""

from datetime import datetime
from urllib.parse import urlsplit

from petition.core import tokens
from petition.core.errors import EmailObsolete
from petition.database.base import db
from petition.mail.context import EmailContent, MailContext
from petition.models import BrowserSession, Email, Organiser, Petition
from petition.petitions import queries


def sign_in(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Send an organiser a sign-in link that works once."""
    organiser = _get_organiser(email)
    values = _link_values(organiser, context, now)
    return EmailContent(organiser.email, organiser.language, "sign_in", values)


def invitation(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Tell somebody which petition they are invited to work on and what they may do, with a link.

    The link is soon too old, so the address of the page that sends another one is there, too.
    """
    organiser = _get_organiser(email)
    petition = db.session.get(Petition, organiser.petition_id) if organiser.petition_id else None
    title = ""
    if petition is not None:
        title = queries.get_petition(petition.slug, organiser.language, drafts=True).text.title
    values = _link_values(organiser, context, now) | {
        "title": title,
        "site": urlsplit(context.site_url).netloc,
        "role": str(organiser.role),
        "sign_in": f"{context.site_url}/organisers/sign-in",
    }
    return EmailContent(organiser.email, organiser.language, "invitation", values)


def new_browser(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Tell an organiser of a sign-in with a browser that they have not used here before.

    A session that was ended meanwhile is told of, too, but no longer by name.
    """
    organiser = _get_organiser(email)
    session = db.session.get(BrowserSession, email.session_id, populate_existing=True)
    values = {
        "at": email.created_at,
        "browser": session.browser if session else "",
        "system": session.system if session else "",
        "sign_in": f"{context.site_url}/organisers/sign-in",
    }
    return EmailContent(organiser.email, organiser.language, "new_browser", values)


def _link_values(organiser: Organiser, context: MailContext, now: datetime) -> dict[str, object]:
    ids = organiser.id, organiser.sign_in_serial
    return {
        "link": context.link("organisers/enter", tokens.SIGN_IN, *ids, now=now),
        "minutes": int(tokens.SIGN_IN.lifetime.total_seconds() // 60),
    }


def _get_organiser(email: Email) -> Organiser:
    organiser = db.session.get(Organiser, email.organiser_id, populate_existing=True)
    if organiser is None:
        raise EmailObsolete
    return organiser
