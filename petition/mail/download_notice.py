"""Compose the email that tells an admin of a download."""

from datetime import datetime

from babel.numbers import format_decimal

from petition.core.errors import EmailObsolete
from petition.core.i18n import format_locale
from petition.database.base import db
from petition.mail.context import EmailContent, MailContext
from petition.models import Download, Email, Organiser, Petition
from petition.organisers.handover.queries import Profile
from petition.petitions import queries


def download(email: Email, context: MailContext, _now: datetime) -> EmailContent:
    """Tell an admin who made a file of signatures, of which kind, and why.

    Raises: EmailObsolete if the admin was removed since.
    """
    admin = db.session.get(Organiser, email.organiser_id, populate_existing=True)
    file = db.session.get(Download, email.download_id or 0, populate_existing=True)
    petition = db.session.get(Petition, file.petition_id if file else 0)
    if admin is None or file is None or petition is None:
        raise EmailObsolete
    text = queries.get_petition(petition.slug, admin.language, drafts=True).text
    locale = format_locale(admin.language)
    values = {
        "title": text.title,
        "organiser_number": file.organiser_id,
        "is_handover": file.profile == Profile.HANDOVER,
        "rows": None if file.rows is None else format_decimal(file.rows, locale=locale),
        "reason": file.reason,
        "link": f"{context.site_url}/organisers/p/{petition.slug}/audit",
    }
    return EmailContent(admin.email, admin.language, "download", values)
