"""Emails to organisers: `compose` calls these as it does those to signers."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, select

from petition.core import tokens
from petition.core.errors import EmailObsolete
from petition.database.base import db
from petition.mail.context import EmailContent, MailContext
from petition.models import AuditEntry, BrowserSession, Email, Organiser, Petition
from petition.models.enums import AuditAction
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
    values = _link_values(organiser, context, now) | {
        **_reach(organiser.petition_id, organiser.language, context),
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


def role(email: Email, context: MailContext, _now: datetime) -> EmailContent:
    """Tell an organiser who changed their role, and what they may do now."""
    organiser = _get_organiser(email)
    changes = (AuditAction.ORGANISER_ROLE, AuditAction.ORGANISER_HAND_ON)
    about = AuditEntry.detail.like(f"organiser {organiser.id} %")
    values = {
        **_reach(organiser.petition_id, organiser.language, context),
        **_who_did(AuditEntry.action.in_(changes), about),
        "role": str(organiser.role),
        "sign_in": f"{context.site_url}/organisers/sign-in",
    }
    return EmailContent(organiser.email, organiser.language, "role", values)


def removed(email: Email, context: MailContext, _now: datetime) -> EmailContent:
    """Tell somebody who removed them from the organisers of a petition, or of the site.

    Who did it is in the audit entry of the same transaction, and so of the same time.
    """
    if not email.address:
        raise EmailObsolete
    is_removal = AuditEntry.action == AuditAction.ORGANISER_REMOVE
    values = {
        **_reach(email.petition_id, email.language, context),
        **_who_did(is_removal, AuditEntry.at == email.created_at),
    }
    return EmailContent(email.address, email.language, "removed", values)


def _reach(petition_id: int | None, language: str, context: MailContext) -> dict[str, object]:
    """Return the title of the petition that an organiser works on, or "" for all at the site."""
    petition = db.session.get(Petition, petition_id) if petition_id else None
    title = ""
    if petition is not None:
        title = queries.get_petition(petition.slug, language, drafts=True).text.title
    return {"title": title, "site": urlsplit(context.site_url).netloc}


def _who_did(*conditions: ColumnElement[bool]) -> dict[str, object]:
    """Return who did what the newest audit entry tells: an address or, of who has left, a number.

    Neither stands for the command line.
    """
    who = (
        select(AuditEntry.organiser_id, Organiser.email)
        .join(Organiser, Organiser.id == AuditEntry.organiser_id, isouter=True)
        .where(*conditions)
    )
    row = db.session.execute(who.order_by(AuditEntry.id.desc()).limit(1)).first()
    number, address = row or (None, None)
    return {"organiser_number": number, "organiser_address": address or ""}


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
